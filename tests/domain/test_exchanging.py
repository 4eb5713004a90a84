"""What is exchanged, put together again; vectors that no model gives."""

from __future__ import annotations

import numpy as np
import pytest

from exchanged import RAW, UNIT, everything
from gallery.domain.exchanging import (
    Conflict,
    ConflictKind,
    Fate,
    Imported,
    Planned,
    Resolution,
    vectors_fault,
    whole,
)


def test_the_streams_come_together_again():
    contents = everything()

    for (person, found), (expected, wanted) in zip(whole(contents), contents.everybody, strict=True):
        assert person == expected
        assert [one.crop for one in found] == [one.crop for one in wanted]
        for one, other in zip(found, wanted, strict=True):
            assert [space for space, _ in one.templates] == [space for space, _ in other.templates]
            assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(one.templates, other.templates, strict=True))


@pytest.mark.parametrize(
    ("rows", "space", "fault"),
    [
        ([[1, 2, 3, 4]], RAW, ""),
        ([[0, 0, 0, 0]], RAW, ""),
        ([[1, 0, 0], [0.6, 0.8, 0]], UNIT, ""),
        ([[0, 0, 0]], UNIT, ""),
        ([[1.0005, 0, 0]], UNIT, ""),
        ([[1.01, 0, 0]], UNIT, "holds a vector that is not of length one"),
        ([[1, 0, 0], [0.5, 0, 0]], UNIT, "holds a vector that is not of length one"),
        ([[1e30, 1e30, 0]], UNIT, "holds a vector that is not of length one"),
        ([[1, 2, np.nan, 4]], RAW, "holds a value that is not a finite number"),
        ([[1, -np.inf, 0]], UNIT, "holds a value that is not a finite number"),
    ],
)
def test_vectors_that_no_model_gives(rows, space, fault):
    assert vectors_fault(np.array(rows, np.float32), space) == fault


def planned(fate=Fate.ADDED, taken=(True,), present=(False,), *conflicts):
    return Planned("Ada", fate, taken, present, conflicts)


NAME = Conflict(ConflictKind.NAME, "Ada", 1)
MODEL = Conflict(ConflictKind.MODEL, "raw", 1)


@pytest.mark.parametrize(
    ("person", "resolution", "said"),
    [
        (planned(), Resolution.REFUSE, (False, True, True, ())),
        (planned(Fate.ADDED, (True,), (False,), MODEL), Resolution.REFUSE, (False, True, True, ("Ada",))),
        (planned(Fate.LEFT_OUT, (False,), (False,), NAME), Resolution.REFUSE, (True, False, False, ())),
        (planned(Fate.LEFT_OUT, (False,), (False,), NAME), Resolution.SKIP, (False, False, False, ())),
        (planned(Fate.UNCHANGED, (False,), (True,), NAME), Resolution.MERGE, (False, False, True, ())),
        (planned(Fate.MERGED, (True, False), (False, True), NAME), Resolution.MERGE, (False, True, True, ())),
        (planned(Fate.MERGED, (True, False), (False, False), NAME), Resolution.MERGE, (False, True, False, ())),
    ],
)
def test_what_an_import_comes_to(person, resolution, said):
    result = Imported((person,), resolution, RAW)

    assert (result.refused, result.changes, result.complete, result.lacking) == said
