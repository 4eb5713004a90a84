"""Names are found as whole words, however they are written, and nobody else's name is touched."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gallery.domain.forgetting import Renaming, pseudonym

WORD = pseudonym(7)


def renamed(text: str, *names: str, others: tuple[str, ...] = ()) -> str:
    return Renaming.of(names, WORD, others)(text)


def test_a_pseudonym_is_made_of_nothing_but_the_number():
    assert pseudonym(7) == "forgotten person 7"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Anna", "matches Anna within both thresholds", "matches * within both thresholds"),
        ("Anna", "photos/anna/ANNA2.jpg", "photos/*/*2.jpg"),
        ("Anna", "anna_1.jpg, 2anna.jpg, _anna_", "*_1.jpg, 2*.jpg, _*_"),
        ("Anna", "Joanna and Annabel", "Joanna and Annabel"),
        ("Al", "Alan, final, photos/al/1.jpg, al.jpg", "Alan, final, photos/*/1.jpg, *.jpg"),
        ("Anna Schmidt", "anna_schmidt-2.jpg or Anna  Schmidt", "*-2.jpg or *"),
        ("Anna Schmidt", "Anna Schmidtke, Anna, Schmidt", "Anna Schmidtke, Anna, Schmidt"),
        ("Anna Schmidt", "anna.schmidt, Anna - Schmidt; anna__schmidt", "*, *; *"),
        ("Anna Schmidt-Meier", "anna_schmidt_meier/anna schmidtmeier", "*/*"),
        ("O'Brien", "o'brien/obrien/o_brien/O Brien", "*/*/*/*"),
        ("Anna (5b)", "anna_5b.jpg, Anna (5b), anna5b", "*.jpg, *, anna5b"),
        ("Anna 2", "Anna 2, Anna 23, anna_2.jpg", "*, Anna 23, *.jpg"),
        ("José", "Jose\u0301.jpg JOSÉ jose Jose\u0301e", "*.jpg * * Jose\u0301e"),
        ("Jose", "José, Jose\u0301, Jose", "José, Jose\u0301, *"),
        ("José Maria", "Jose\u0301_Maria.jpg, Jose Maria", "*.jpg, *"),
        ("Jose Maria", "Jose\u0301_Maria.jpg, jose_maria.jpg", "Jose\u0301_Maria.jpg, *.jpg"),
        ("Weiß", "WEISS, weiss, weiß", "*, *, *"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ σίσυφος", "* *"),
        ("Дмитрий", "дмитрий_1.jpg ДМИТРИЙ Дмитриевич", "*_1.jpg * Дмитриевич"),
        ("محمد", "p/محمد_1.jpg, محمدي", "p/*_1.jpg, محمدي"),
        ("राम", "राम, रामा, p/राम.jpg", "*, रामा, p/*.jpg"),
        ("李雷", "李雷的照片.jpg 我和李雷", "*的照片.jpg 我和*"),
        ("タロウ", "タロウの写真", "*の写真"),
        ("李", "李 and 李雷", "* and 李雷"),
        ("Ⅳ. Heinrich", "iv_heinrich, IV. Heinrich", "*, *"),
        (":0", "100.jpg, a0, 0.jpg, :0, 1:0", "100.jpg, a0, *.jpg, *, 1*"),
        ("0:", "001, 0: 0", "001, * *"),
        ("(Al)", "final, (al), al, albert, x(Al)", "final, *, *, albert, x(*"),
        ("-李-", "我和李", "我和李"),
        ("★", "a ★ b", "a * b"),
        ("😀", "😀.jpg", "*.jpg"),
        ("C++ (x)", "c++ (X)", "*"),
        ("a.*b", "a.*b axxb", "* axxb"),
        ("Ann", "caf\udce9/ann.jpg", "caf\udce9/*.jpg"),
        ("Ann", "", ""),
        ("Anna Schmidt", "Schmidt, Anna; schmidt_anna.jpg, AnnaSchmidt2.jpg schmidtanna", "*; *.jpg, *2.jpg *"),
        (
            "Anna Schmidt",
            "Anna, Schmidt, Joannaschmidt Annaschmidtlein",
            "Anna, Schmidt, Joannaschmidt Annaschmidtlein",
        ),
        ("Jan van der Berg", "berg_jan_van_der.jpg Van der Berg, Jan", "*.jpg *"),
        ("Zoë Müller", "Zoe_Muller.jpg zoe-mueller.jpg MULLER, ZOE", "*.jpg *.jpg *"),
        ("Zoë 😀", "set for Zoë 😀", "set for *"),
        ("O'Brien; --", "set for O'Brien; --, Brien", "set for *, Brien"),
        ("Łukasz Ørsted", "lukasz_orsted.jpg", "*.jpg"),
        ("Zoë Müller", "Zo%C3%AB%20M%c3%bcller.jpg Zoe%CC%88_Mu%CC%88ller 100%25 %", "*.jpg * 100%25 %"),
        ("Zoë Müller", "Zo%25C3%25AB%2520M%25C3%25BCller.jpg Zo%EB+M%FCller", "*.jpg *"),
        ("Anna Schmidt", "%41nna%5FSchmidt%2Ejpg %Anna", "*%2Ejpg %Anna"),
    ],
)
def test_names_are_found_however_they_are_written(name, text, expected):
    assert renamed(text, name) == expected.replace("*", WORD)


@pytest.mark.parametrize(
    ("name", "others", "text", "expected"),
    [
        ("Anna", ("Anna Schmidt-Meier",), "Anna Schmidt-Meier, Anna, anna_schmidt_meier.jpg", "{0}, *, {1}.jpg"),
        ("Schmidt", ("Anna Schmidt",), "anna-schmidt/schmidt.jpg", "anna-schmidt/*.jpg"),
        ("Anna Schmidt", ("Anna",), "Anna Schmidt, Anna", "*, Anna"),
        ("李雷", ("李雷雷",), "李雷雷, 李雷", "李雷雷, *"),
        ("Anna", ("ANNA",), "Anna, anna", "*, *"),
        ("Anna", (), "Anna Schmidt-Meier", "* Schmidt-Meier"),
        ("José", ("Jose",), "José, Jose", "*, Jose"),
        ("Anna Schmidt", ("Schmidt Anna",), "anna_schmidt, schmidt_anna", "*, schmidt_anna"),
    ],
)
def test_names_that_contain_it_are_left_alone(name, others, text, expected):
    expected = expected.format("Anna Schmidt-Meier", "anna_schmidt_meier")
    assert renamed(text, name, others=others) == expected.replace("*", WORD)


@pytest.mark.parametrize("name", ["Person", "person 3", "Forgotten", "forgotten person", "3"])
def test_what_stands_for_others_who_were_forgotten_stays(name):
    assert renamed(f"{pseudonym(3)}, {name}", name) == f"{pseudonym(3)}, {WORD}"


def test_the_longest_of_somebodys_names_is_replaced_as_one():
    assert renamed("Ann, Ann Smith, smith", "Ann", "Ann Smith", "Smith") == f"{WORD}, {WORD}, {WORD}"


def test_without_a_name_nothing_is_replaced():
    assert renamed("Ann") == "Ann"


def test_many_others_do_not_make_it_slow():
    renaming = Renaming.of(["Anna"], WORD, [f"Anna Schmidt {n}" for n in range(2000)])

    assert renaming("anna_schmidt_1999/anna.jpg") == f"anna_schmidt_1999/{WORD}.jpg"


letters = st.characters(categories=["Lu", "Ll", "Lo", "Mn"], exclude_characters="ıİſ")
words = st.text(letters, min_size=1, max_size=8).filter(lambda word: unicodedata.category(word[0]) != "Mn")
names = st.lists(words, min_size=1, max_size=3).map(lambda some: unicodedata.normalize("NFC", " ".join(some)))


@given(names, st.sampled_from(["NFC", "NFD", "NFKC"]), st.sampled_from([str, str.upper, str.casefold]))
def test_any_name_is_found_in_any_form_in_a_path(name, form, case):
    assume(name.casefold() not in ("photos", "jpg"))  # which would be found in the rest of the path, too
    written = unicodedata.normalize(form, case(name)).replace(" ", "_")

    assert renamed(f"photos/{written}/1.jpg", name) == f"photos/{WORD}/1.jpg"


@given(st.text(max_size=60), names)
def test_text_without_the_name_stays_as_it_is(text, name):
    def bare(text: str) -> str:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        return "".join(c for c in folded if c.isalnum() or unicodedata.category(c).startswith("M"))

    if bare(name) not in bare(text):
        assert renamed(text, name) == text


@given(st.text(max_size=60), names, names)
def test_what_is_replaced_once_is_not_replaced_again(text, name, other):
    renaming = Renaming.of([name], WORD, [other])
    once = renaming(f"{text} {name} {other}")

    assert renaming(once) == once
