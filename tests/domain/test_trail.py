"""Digests of records and hashes of entries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.trail import FIRST, digest, entry_hash

VALUES = st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
ROWS = st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=3)


def known(rows):
    return [{name: (type(value), value) for name, value in row.items() if value is not None} for row in rows]


@given(ROWS, ROWS)
def test_records_have_the_same_digest_only_if_they_are_the_same(one, other):
    assert (digest("5" * 32, one) == digest("5" * 32, other)) == (repr(known(one)) == repr(known(other)))


def test_a_digest_depends_on_the_salt_and_not_on_the_order_of_columns_or_on_empty_ones():
    row = {"a": 1, "b": "ü", "c": b"\xff", "d": None}
    assert digest("0" * 32, [row]) != digest("1" * 32, [row])
    assert digest("0" * 32, [row]) == digest("0" * 32, [{"c": b"\xff", "b": "ü", "a": 1}])


def test_a_digest_never_changes_from_one_version_to_the_next():
    row = {"cosine": 0.1, "source": "a.jpg", "height": 480, "odd": b"\xed\xb2\x80", "error": None}
    assert digest("ab" * 16, [row, {}]) == "0f11498526a202599a889adf13307aa81670827ffb5e56b0132df38d4ac31741"
    entry = entry_hash(1, "2026-01-31 12:00:00.000000", "run begun", 1, None, "a" * 64, FIRST)
    assert entry == "97dc0f7895fdcc05f2b981eb5dc8b13eeeb0e02b331a8ef711c46495808a3923"


@given(st.data())
def test_every_part_of_an_entry_counts(data):
    parts = [7, "2026-01-31 12:00:00.000000", "photo recorded", 3, 12, "a" * 64, "b" * 64]
    place = data.draw(st.integers(0, len(parts) - 1))
    changed = [*parts]
    changed[place] = parts[place] + (1 if isinstance(parts[place], int) else "x")
    assert entry_hash(*parts) != entry_hash(*changed)
