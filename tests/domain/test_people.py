"""Names, and when two of them are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gallery.domain.errors import BadArgument
from gallery.domain.people import LONGEST_NAME, clean_name, name_key, new_name


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("Zoe\u0308", "Zoë"),
        ("李小龍", "李小龍"),
        ("O'Neill-Smith, Jr.", "O'Neill-Smith, Jr."),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_stored_tidily(given_name, stored):
    assert clean_name(given_name) == stored


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "empty"),
        (" \t\n\u3000", "empty"),
        ("x" * (LONGEST_NAME + 1), "101 characters long"),
        ("x" * 300, "300 characters long"),
        ("a\x00b", "cannot be shown"),
        ("a\x1bb", "cannot be shown"),
        ("a\x7fb", "cannot be shown"),
        ("a\udce9", "cannot be shown"),
        ("a\ue000", "cannot be shown"),
        ("a\U000e0fff", "cannot be shown"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_remedy(name, message):
    with pytest.raises(BadArgument, match=message) as caught:
        clean_name(name)
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["forgotten person 1", "Forgotten  Person 12", "FORGOTTEN PERSON 3"])
def test_nobody_new_is_named_like_somebody_forgotten(name):
    with pytest.raises(BadArgument, match="somebody who was forgotten"):
        new_name(name)
    assert clean_name(name), "it can still be looked for"


@pytest.mark.parametrize("name", ["forgotten person", "forgotten person 1b", "a forgotten person 1", " Ada  Lovelace "])
def test_any_other_name_can_be_new(name):
    assert new_name(name) == clean_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ADA"),
        ("Ada  Lovelace", " ada lovelace"),
        ("Zoë", "ZOE\u0308"),
        ("Strauß", "STRAUSS"),
        ("Ａｄａ", "ada"),  # full-width letters
        ("ﬁona", "Fiona"),  # a ligature
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),  # the last letter has its own lower case
    ],
)
def test_spellings_of_one_name_have_the_same_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Ada", "Adam"), ("Zoë", "Zoe"), ("Ada B", "AdaB")])
def test_different_names_have_different_keys(one, other):
    assert name_key(one) != name_key(other)


names = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn"]), min_size=1, max_size=40)


@given(names)
def test_a_stored_name_is_stored_as_it_is_and_keeps_its_key(name):
    assume(unicodedata.normalize("NFC", name).strip())
    stored = clean_name(name)
    assert clean_name(stored) == stored
    assert name_key(stored) == name_key(name)


@given(names)
def test_case_and_unicode_form_do_not_change_the_key(name):
    assume(unicodedata.normalize("NFC", name).strip())
    key = name_key(name)
    for form in ("NFC", "NFD"):
        assert name_key(unicodedata.normalize(form, name)) == key
    assert name_key(name.casefold()) == key
