"""Nobody is named in a run whose people have pseudonyms."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.forgetting import Renaming
from gallery.domain.geometry import Box
from gallery.domain.pseudonyms import Pseudonyms, deciders, mentioned
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunStatus, RunSummary
from gallery.testing import LONG_AGO
from reported import LIMIT, by_hand, kept, settings, too_far, waiting

OWN = {"Carl": {"cosine": 0.3, "euclidean": 0.7, "origin": "set for Carl by dora"}}
IMAGES = (
    ImageRecord(
        "photos/grace_hopper/anna.jpg",
        ImageStatus.OK,
        output="out/Grace-Hopper/anna.jpg",
        output_sha256="0" * 64,
        faces=(kept("Grace Hopper"), waiting("Anna"), too_far("Bob"), by_hand("dora")),
        remarks=("Anna was left out.",),
    ),
    ImageRecord("photos/grace.jpg", ImageStatus.FAILED, error="photos/grace.jpg is damaged."),
)
SUMMARY = RunSummary(1, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", LIMIT, 2, 1, 2, 2, 1, by="dora")
RUN = Run(SUMMARY, settings("out of Anna", personal=OWN, by_hand={"all_of": ["Eve"], "nobody": False}), IMAGES)
NAMES = ("Grace Hopper", "grace", "hopper", "Anna", "Bob", "Carl", "dora", "Eve", "Zoë")


def told() -> Run:
    return Pseudonyms.of([*mentioned(RUN), "Fay"], [RUN.summary.by, *deciders(RUN)]).run(RUN)


def test_nobody_is_named_anywhere():
    text = json.dumps(asdict(told()), default=str, ensure_ascii=False).casefold()
    assert not [name for name in NAMES if name.casefold() in text]


def test_all_else_stays_as_it_was():
    run = told()
    assert [image.faces[0].decision.candidate.cosine for image in run.images[:1]] == [0.2]
    assert run.images[0].source == "photos/Person 1/Person 3.jpg"
    assert run.images[0].output == "out/Person 1/Person 3.jpg"
    assert run.images[0].faces[0].decision.reason == "matches Person 1 within both thresholds"
    assert run.images[0].faces[3].decision.reason == "kept by hand by Operator 1 on 2026-01-01"
    assert run.images[0].output_sha256 == "0" * 64
    assert run.images[1].error == "photos/Person 1.jpg is damaged."
    assert run.settings.personal["Person 5"].cosine == 0.3
    assert run.settings.policy["by_hand"] == {"all_of": ["Person 6"], "nobody": False}
    assert run.settings.output == "out of Person 3"
    assert run.summary.by == "Operator 1"


def test_without_people_nothing_is_changed():
    assert Pseudonyms.of((), ("",)).run(RUN) == RUN


def test_numbers_go_by_who_is_mentioned_first():
    assert mentioned(RUN) == ["Grace Hopper", "Zoë Other", "Anna", "Bob", "Carl", "Eve"]
    assert deciders(RUN) == ["dora"]


@pytest.mark.parametrize("verdict", Verdict)
def test_who_decided_is_found_in_the_reason(verdict):
    word = Override(1, "0" * 64, Box(0, 0, 1, 1), verdict, "x", "dora on\n2 by 3", datetime(2026, 1, 2, tzinfo=UTC))
    face = by_hand("x")
    face = replace(face, decision=replace(face.decision, reason=word.reason))
    assert deciders(replace(RUN, images=(replace(IMAGES[0], faces=(face,)),))) == ["dora on\n2 by 3"]


@pytest.mark.parametrize(
    "note", ["asked her mother", "dora saw this on 2026-01-01: fine", "kept by hand by eve on 2026-01-01"]
)
@pytest.mark.parametrize("by", ["dora", ""])
def test_nobody_is_named_by_a_note(note, by):
    word = Override(1, "0" * 64, Box(0, 0, 1, 1), Verdict.KEEP, "x", by, datetime(2026, 1, 2, tzinfo=UTC), note)
    face = by_hand("x")
    face = replace(face, decision=replace(face.decision, reason=word.reason))
    run = replace(RUN, images=(replace(IMAGES[0], faces=(face,)),))
    assert deciders(run) == ([by] if by else [])

    (told,) = Pseudonyms.of((), deciders(run)).run(run).images[0].faces

    who = " by Operator 1" if by else ""
    assert told.decision.reason == f"kept by hand{who} on 2026-01-02 (with a note)"


def test_an_operator_who_is_in_the_gallery_keeps_one_pseudonym():
    names = Pseudonyms.of(["Anna"], ["Anna", "bob"])
    assert [names.name("Anna"), names.name("bob")] == ["Person 1", "Operator 1"]


def test_who_was_forgotten_stays_so():
    names = Pseudonyms.of(["forgotten person 3", "Anna"], [])
    assert names.name("forgotten person 3") == "forgotten person 3"
    assert names.name("Anna") == "Person 1"
    assert names.text("forgotten person 3 and anna") == "forgotten person 3 and Person 1"


def test_of_two_names_that_fit_the_longer_one_is_meant():
    names = Pseudonyms.of(["Anna", "Anna Schmidt", "Person 1"], [])
    assert names.text("anna_schmidt, Anna, Person 1") == "Person 2, Person 1, Person 3"


def test_a_first_name_that_two_people_share_is_nobodys():
    names = Pseudonyms.of(["Anna Schmidt", "Anna Meier"], [])
    assert names.path("anna.jpg meier.jpg") == "Person.jpg Person 2.jpg"
    assert names.text("anna.jpg") == "anna.jpg", "sentences hold whole names"


@given(st.text("aBéß★ _-.李ı1", max_size=12), st.lists(st.text("aBéß★ 李1", min_size=1, max_size=3), max_size=4))
def test_the_quick_look_for_letters_passes_no_name_over(text, names):
    renaming = Renaming.of_several({name: f"<{number}>" for number, name in enumerate(names)})
    assert renaming(text) == renaming._pattern.sub(renaming._instead_of, text)


def test_the_folder_in_which_a_run_was_made_is_nobodys_business():
    at_home = replace(RUN, settings=replace(RUN.settings, base="/home/anna"))
    assert Pseudonyms.of(["Anna"], []).run(at_home).settings.base == ""
