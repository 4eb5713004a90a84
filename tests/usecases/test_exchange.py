"""Importing: what stands in the way, and what is done about it."""

from __future__ import annotations

import pytest

from exchange_fakes import TRUSTING, FakeExchange
from exchanged import BOX, OTHER, RAW, RAW_INT8, UNIT, contents, person, reference
from gallery.domain.errors import StoreUnusable
from gallery.domain.exchanging import Conflict, ConflictKind, Fate, Resolution
from gallery.domain.geometry import Box
from gallery.domain.people import Details
from gallery.usecases.exchange import Import, foresee

AWAY = Box(500, 500, 30, 40)
NEAR = BOX.shift(5, 5)


def there(*people, own=RAW) -> FakeExchange:
    """A gallery with those people."""
    return FakeExchange({who.name: (who, large) for who, large in people}, own)


def imported(store, given, resolution=Resolution.REFUSE):
    return Import(store, TRUSTING, resolution)(given, "import x")


def sources(store, name) -> list[str]:
    return [one.reference.source for one in store.everybody[name][0].references]


def name(other: str, references: int = 1) -> Conflict:
    return Conflict(ConflictKind.NAME, other, references)


def face(other: str, references: int = 1) -> Conflict:
    return Conflict(ConflictKind.FACE, other, references)


ADA = person("Ada", [reference(1), reference(2)])
BEA = person("Bea", [reference(3)])


def test_an_empty_gallery_takes_everybody_and_the_model():
    store = FakeExchange()

    result = imported(store, contents(ADA, BEA, models=(UNIT, RAW), own=UNIT))

    assert result.done
    assert result.complete
    assert store.own == UNIT
    assert sorted(store.everybody) == ["Ada", "Bea"]
    assert store.changed == ["import x", "add Ada", "add Bea"]


def test_what_can_be_foreseen_without_a_gallery():
    foreseen = foresee(contents(ADA, BEA), "merge", TRUSTING)

    assert not foreseen.done
    assert foreseen.changes
    assert foreseen.people == imported(FakeExchange(), contents(ADA, BEA)).people
    assert foreseen.space == RAW


def test_planning_changes_nothing():
    store = there(ADA)

    result = Import(store, TRUSTING, Resolution.REPLACE).plan(contents(ADA, BEA))

    assert [who.fate for who in result.people] == [Fate.REPLACED, Fate.ADDED]
    assert store.changed == []
    assert sorted(store.everybody) == ["Ada"]


@pytest.mark.parametrize("mine", ["Ada", "ADA", "ａｄａ", "a\u200bda"])
def test_a_name_that_is_there_is_a_conflict(mine):
    store = there(person(mine, [reference(9)]))

    result = imported(store, contents(ADA, BEA))

    assert result.refused
    assert not result.done
    assert store.changed == []
    assert [(who.fate, who.conflicts) for who in result.people] == [
        (Fate.LEFT_OUT, (name(mine, 2),)),
        (Fate.ADDED, ()),
    ]


@pytest.mark.parametrize(("box", "conflict"), [(BOX, True), (NEAR, True), (AWAY, False)])
def test_a_face_that_somebody_else_has_is_a_conflict(box, conflict):
    store = there(person("Eve", [reference(1, box=box)]))

    result = imported(store, contents(ADA))

    assert result.refused is conflict
    assert result.people[0].conflicts == ((face("Eve"),) if conflict else ())


def test_a_face_that_two_have_in_the_archive_is_none_here():
    given = contents(ADA, person("Eve", [reference(1)]))

    assert imported(FakeExchange(), given).complete


class TestSkip:
    def test_leaves_out_whoever_is_in_conflict(self):
        store = there(person("Ada", [reference(9)]), person("Eve", [reference(3)]))
        given = contents(ADA, BEA, person("Cleo", [reference(4)]))

        result = imported(store, given, Resolution.SKIP)

        assert [who.fate for who in result.people] == [Fate.LEFT_OUT, Fate.LEFT_OUT, Fate.ADDED]
        assert result.done
        assert not result.complete
        assert sources(store, "Ada") == ["photos/9.jpg"]
        assert sorted(store.everybody) == ["Ada", "Cleo", "Eve"]


class TestMerge:
    def test_adds_what_is_missing(self):
        store = there(person("ADA", [reference(1, box=NEAR), reference(9)], Details(notes="mine")))

        result = imported(store, contents(ADA, BEA), Resolution.MERGE)

        assert sources(store, "ADA") == ["photos/1.jpg", "photos/9.jpg", "photos/2.jpg"]
        assert store.everybody["ADA"][0].details.notes == "mine"
        assert [(who.fate, who.taken, who.present) for who in result.people] == [
            (Fate.MERGED, (False, True), (True, False)),
            (Fate.ADDED, (True,), (False,)),
        ]
        assert result.complete

    def test_does_nothing_where_nothing_is_missing(self):
        store = there(ADA, BEA)

        result = imported(store, contents(ADA, BEA), Resolution.MERGE)

        assert [who.fate for who in result.people] == [Fate.UNCHANGED, Fate.UNCHANGED]
        assert result.complete
        assert not result.done
        assert store.changed == []

    def test_gives_nobody_the_face_of_another(self):
        store = there(person("Eve", [reference(1)]), person("Bea", [reference(9)]))
        given = contents(ADA, person("Bea", [reference(1), reference(3)]), person("Cleo", [reference(1)]))

        result = imported(store, given, Resolution.MERGE)

        assert [(who.fate, who.references, who.left_out) for who in result.people] == [
            (Fate.ADDED, 1, 1),
            (Fate.MERGED, 1, 1),
            (Fate.LEFT_OUT, 0, 1),
        ]
        assert sources(store, "Ada") == ["photos/2.jpg"]
        assert not result.complete

    def test_is_no_conflict_for_a_face_that_is_the_persons_own_too(self):
        store = there(person("Ada", [reference(1)]), person("Eve", [reference(1)]))

        result = imported(store, contents(ADA), Resolution.MERGE)

        assert result.people[0].conflicts == (name("Ada", 2),)
        assert sources(store, "Ada") == ["photos/1.jpg", "photos/2.jpg"]


class TestReplace:
    def test_puts_the_archives_person_in_the_place(self):
        store = there(person("ADA", [reference(1), reference(9)], Details(notes="mine")), person("Eve", [reference(8)]))

        result = imported(store, contents(ADA, BEA), Resolution.REPLACE)

        assert [who.fate for who in result.people] == [Fate.REPLACED, Fate.ADDED]
        assert store.changed == ["import x", "remove ADA", "add Ada", "add Bea"]
        assert store.everybody["Ada"][0] == ADA[0]
        assert sorted(store.everybody) == ["Ada", "Bea", "Eve"]

    def test_follows_a_face_that_moved_between_two_who_come(self):
        store = there(person("Ada", [reference(1), reference(3)]), person("Bea", [reference(4)]))

        result = imported(store, contents(ADA, BEA), Resolution.REPLACE)

        assert result.complete
        assert sources(store, "Bea") == ["photos/3.jpg"]

    def test_takes_no_face_of_somebody_who_stays(self):
        store = there(person("Bea", [reference(9)]), person("Eve", [reference(3)]), ADA)

        result = imported(store, contents(ADA, BEA), Resolution.REPLACE)

        assert [who.fate for who in result.people] == [Fate.REPLACED, Fate.LEFT_OUT]
        assert sources(store, "Bea") == ["photos/9.jpg"], "nobody is replaced by nothing"

    def test_of_a_person_without_references(self):
        store = there(ADA)

        assert imported(store, contents(person("Ada", [])), Resolution.REPLACE).complete
        assert sources(store, "Ada") == []


class TestModels:
    def test_that_differ_are_remarked_where_there_is_a_picture(self):
        store = there(person("Eve", [reference(9, (UNIT,))]), own=UNIT)

        result = imported(store, contents(ADA, person("Bea", [reference(3, (RAW, UNIT)), reference(4, (RAW,))])))

        assert result.done
        assert result.complete
        assert result.space == UNIT
        assert result.lacking == ("Ada", "Bea")
        assert [who.conflicts for who in result.people] == [
            (Conflict(ConflictKind.MODEL, "unit", 2),),
            (Conflict(ConflictKind.MODEL, "unit", 1),),
        ]
        assert store.own == UNIT

    @pytest.mark.parametrize("resolution", list(Resolution))
    def test_that_differ_leave_out_whoever_has_no_picture(self, resolution):
        store = there(person("Eve", [reference(9, (UNIT,))]), own=UNIT)
        given = contents(person("Ada", [reference(1, (RAW,), crop=False)]), person("Bea", [reference(3, (UNIT,))]))

        result = imported(store, given, resolution)

        assert [who.fate for who in result.people] == [Fate.LEFT_OUT, Fate.ADDED]
        assert result.people[0].conflicts == (Conflict(ConflictKind.USELESS, "unit", 1),)
        assert not result.refused
        assert not result.complete
        assert result.lacking == ()

    @pytest.mark.parametrize(("ours", "theirs"), [(RAW, RAW_INT8), (RAW_INT8, RAW)])
    def test_that_differ_in_numbers_only_are_told_apart(self, ours, theirs):
        store = there(person("Eve", [reference(9, (ours,))]), own=ours)
        ada = person("Ada", [reference(1, (theirs, UNIT)), reference(2, (ours,)), reference(3, (UNIT,))])
        bea = person("Bea", [reference(4, (UNIT,))])
        cleo = person("Cleo", [reference(5, (theirs,), crop=False)])

        result = imported(store, contents(ada, bea, cleo, models=(theirs, ours, UNIT), own=theirs))

        assert [who.conflicts for who in result.people] == [
            (Conflict(ConflictKind.MODEL, "raw", 2, (theirs.numbers,)),),
            (Conflict(ConflictKind.MODEL, "raw", 1),),
            (Conflict(ConflictKind.USELESS, "raw", 1, (theirs.numbers,)),),
        ]
        assert [who.fate for who in result.people] == [Fate.ADDED, Fate.ADDED, Fate.LEFT_OUT]
        assert result.lacking == ("Ada", "Bea")
        assert result.other_numbers == (theirs.numbers,)
        assert result.space == ours

    def test_in_the_numbers_of_an_archive_an_empty_gallery_is_begun(self):
        given = contents(person("Ada", [reference(1, (RAW_INT8,))]), models=(RAW_INT8,), own=RAW_INT8)

        result = imported(FakeExchange(), given)

        assert (result.space, result.lacking, result.other_numbers) == (RAW_INT8, (), ())

    def test_numbers_of_whoever_stays_out_are_not_told(self):
        store = there(person("Eve", [reference(9, (RAW,))]), own=RAW)
        given = contents(person("Cleo", [reference(5, (RAW_INT8,), crop=False)]), models=(RAW_INT8,), own=RAW_INT8)

        assert imported(store, given).other_numbers == ()

    def test_that_the_gallery_holds_besides_its_own_will_do(self):
        store = there(person("Eve", [reference(9, (UNIT, RAW))]), own=UNIT)

        result = imported(store, contents(person("Ada", [reference(1, (RAW,), crop=False)])))

        assert result.people[0].fate is Fate.ADDED
        assert result.lacking == ("Ada",)

    def test_an_empty_gallery_takes_whoever_lacks_them(self):
        given = contents(person("Ada", [reference(1, (OTHER,), crop=False)]), models=(RAW, OTHER))

        result = imported(FakeExchange(), given)

        assert result.people[0].fate is Fate.ADDED
        assert result.lacking == ("Ada",)

    def test_nobody_is_replaced_by_what_is_of_no_use(self):
        store = there(person("Ada", [reference(9, (UNIT,))]), own=UNIT)

        result = imported(store, contents(person("Ada", [reference(1, crop=False)])), Resolution.REPLACE)

        assert result.people[0].fate is Fate.LEFT_OUT
        assert sources(store, "Ada") == ["photos/9.jpg"]


def test_all_or_nothing():
    store = there(person("Ada", [reference(9)]))
    store.refuses = True

    with pytest.raises(StoreUnusable):
        imported(store, contents(ADA, BEA), Resolution.REPLACE)

    assert sources(store, "Ada") == ["photos/9.jpg"]
    assert sorted(store.everybody) == ["Ada"]


def test_it_says_how_far_it_has_come():
    steps = []

    Import(FakeExchange(), TRUSTING)(contents(ADA, BEA), "import x", lambda *step: steps.append(step))

    assert steps == [(1, 2), (2, 2)]
