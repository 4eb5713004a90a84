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
        ("a\uffff", "cannot be shown"),
        ("a\u202eb", "cannot be shown"),
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


REAL = [
    "\U000323b0太郎",  # an ideograph of Unicode 15.1
    "\U0003347a",  # one that no table knows yet
    "\ue000 of a font of one's own",
    "辻\U000e0100",  # a variant of an ideograph
    "می\u200cخواهم",  # Persian
    "شُ\u200cب",  # with a vowel between
    "क्\u200dष",  # Devanagari
    "ക്\u200d",  # Malayalam
    "র\u200d্য",  # Bengali
    "ᠠ\u180bᠨ",  # Mongolian
    "👩\u200d🚀",
    "👩🏽\u200d🚀",
    "❤\ufe0f",
    "אֳנָה",
    "María José",
]


@pytest.mark.parametrize("name", REAL)
def test_real_names_are_taken_as_they_are(name):
    assert new_name(name) == unicodedata.normalize("NFC", name)


UNSEEN = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2064\u2065",
    *"\u206a\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\ufff9\U0001d173\U000e0001\U000e0061\U000e0100\U000e0fff",
]


@pytest.mark.parametrize("code", UNSEEN, ids=lambda code: f"U+{ord(code):04X}")
@pytest.mark.parametrize("name", ["A{}da", "{}Ada", "Ada{}", "Ada {}Lovelace"])
def test_what_cannot_be_seen_is_refused_where_it_has_no_meaning(name, code):
    with pytest.raises(BadArgument, match=f"U\\+{ord(code):04X}, which cannot be seen") as caught:
        new_name(name.format(code))
    assert caught.value.hint.replace("'", "") == f"Leave it out: {name.format('')}"
    assert name_key(name.format(code)), "a person who has such a name already is still found"


@pytest.mark.parametrize("name", ["مي\u200c\u200cخ", "می\u200c", "👩\u200d", "क\u200dष"])
def test_a_joiner_that_joins_nothing_is_refused(name):
    with pytest.raises(BadArgument, match="cannot be seen"):
        new_name(name)


@given(st.text(min_size=1, max_size=8))
def test_no_two_names_differ_only_in_what_a_joiner_does_not_show(name):
    try:
        new = new_name(name)
    except BadArgument:
        return
    assert new_name(new) == new
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in new)
    assert not set(new) & set("\u00ad\u200b\u200e\u200f\u2060\ufeff")
