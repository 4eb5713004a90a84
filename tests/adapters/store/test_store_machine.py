"""Whatever is done to a gallery, the file holds what a plain model of it holds, and refuses what the model refuses."""

from __future__ import annotations

import copy
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.tables import Base
from gallery.domain.by_hand import Override
from gallery.domain.calibrated import Calibration
from gallery.domain.deciding import Verdict
from gallery.domain.errors import GalleryError
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import FaceCrop, NewReference, Reference
from gallery.testing import EMBEDDER, FakeStore

TODAY = datetime(2026, 6, 15, 12, tzinfo=UTC)
SPACES = (
    EmbeddingSpace("tiny", "a" * 64, "l2", 4),
    EmbeddingSpace("tiny-copy", "a" * 64, "l2", 4),
    EmbeddingSpace("tiny", "a" * 64, "box", 4),
    EmbeddingSpace("other", "b" * 64, "l2", 3),
)
"""The second is the first under another name; the third is the same model prepared otherwise."""
NAMES = ("Ann", "ANN", "Joanna", "Zoë", "Zoe\u0308", "李雷", "o'Brien; --", "Anna 😀", " ", "\x00", "caf\udce9")

names = st.sampled_from(NAMES[:4]) | st.sampled_from(NAMES[:4]) | st.sampled_from(NAMES)
spaces = st.sampled_from([*SPACES, SPACES[0], SPACES[0], SPACES[0]])
numbers = st.floats(0, 1.5, exclude_min=True)
thresholds = st.none() | st.builds(Thresholds, numbers, numbers, st.sampled_from(["by hand", "o'hand; ü"]))
which = st.integers(0, 20)
"""Which of the references there are."""

Operation = tuple[str, tuple[Any, ...]]


def operation(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Operation]:
    return st.tuples(st.just(name), st.tuples(*arguments))


@st.composite
def references(draw: st.DrawFn) -> tuple[Reference, FaceCrop | None]:
    n = draw(st.integers(0, 5))
    reference = Reference(
        draw(st.sampled_from([f"photo{n}.jpg", f"d'or/{n}.jpg", "caf\udce9.jpg"])),
        f"{n:064x}",
        Detection(Box(10, 20, 30, draw(st.sampled_from([40, 41, 400]))), draw(st.floats(0, 1))),
        Quality(30, 12.5, True),
        "yunet",
        draw(st.sampled_from([(), ("too small",), ("d'accord", "too dark")])),
    )
    return reference, draw(
        st.none()
        | st.builds(FaceCrop, st.binary(min_size=1, max_size=3), which, which, numbers.filter(lambda x: x <= 1))
    )


single = st.one_of(
    operation("add", names, references(), spaces, st.integers(-9, 9)),
    operation("add", names, references(), st.just(SPACES[0]), st.integers(-9, 9)),
    operation("rename", names, names),
    operation("merge", names, names),
    operation("move", which, names),
    operation("remove", names),
    operation("remove_reference", which),
    operation("edit", names, st.just("enabled"), st.booleans()),
    operation("edit", names, st.just("keep_crops"), st.booleans()),
    operation("edit", names, st.just("expires"), st.none() | st.integers(-2, 2).map(lambda n: date(2026, 6, 15 + n))),
    operation("edit", names, st.just("notes"), st.sampled_from(["", "two\nlines", "it's; --", "a\x00b", "x" * 10_001])),
    operation("edit", names, st.just("tags"), st.lists(st.sampled_from(["5b", "5B", "Chor", "o'x", " "])).map(tuple)),
    operation("edit", names, st.just("thresholds"), thresholds),
    operation("set_calibration", spaces, st.lists(st.sampled_from(NAMES[:8])), numbers, which),
    operation("clear_calibration"),
    operation("add_template", which, spaces, st.integers(-9, 9)),
    operation("use", spaces),
    operation("choose"),
    operation("add_override", which, st.sampled_from(Verdict)),
    operation("remove_override", which),
    operation("undo"),
    operation("undo"),
)
operations = st.lists(
    single | operation("change", st.text("ab '", max_size=2), st.lists(single, max_size=4)), max_size=14
)


TABLES = (*Base.metadata.tables, "sqlite_sequence")


def _new(n: int, crop: FaceCrop | None = None) -> tuple[Reference, FaceCrop | None]:
    return Reference(f"{n}.jpg", f"{n:064x}", Detection(Box(1, 2, 3, 4), 0.5), Quality(3, 1.0, True), "yunet"), crop


FILLING: list[Operation] = [
    ("add", ("Ann", _new(1, FaceCrop(b"1", 0, 0, 1.0)), SPACES[0], 1)),
    ("add", ("Ann", _new(2), SPACES[0], 2)),
    ("add", ("Joanna", _new(1), SPACES[0], 1)),
    ("add", ("Joanna", _new(3, FaceCrop(b"2", 0, 0, 0.5)), SPACES[0], 3)),
    ("add", ("Zoë", _new(4, FaceCrop(b"3", 1, 2, 0.25)), SPACES[0], 4)),
    ("add_template", (1, SPACES[3], 5)),
    ("edit", ("Joanna", "tags", ("5b", "Chor"))),
    ("edit", ("Zoë", "thresholds", Thresholds(0.1, 0.2, "by hand"))),
    ("set_calibration", (SPACES[0], ["Ann", "Zoë"], 0.5, 3)),
]


@dataclass
class Pair:
    """The same gallery twice."""

    real: SqliteStore
    fake: FakeStore
    calibrations: int = 0

    def do(self, operation: Operation) -> None:
        """Does it to both, and compares what they answer."""
        name, arguments = operation
        if name == "change":
            what, parts = arguments
            with self.real.change(what), self.fake.change(what):
                for part in parts:
                    self.do(part)
            return
        call = getattr(self, f"_{name}")(*arguments)
        assert _answer(call, self.real) == _answer(call, self.fake)

    def compare(self) -> None:
        """Asks both everything."""
        assert _everything(self.real) == _everything(self.fake)

    def _add(self, name: str, new: tuple[Reference, FaceCrop | None], space: EmbeddingSpace, value: int) -> Callable:
        return lambda store: store.add(name, NewReference(new[0], _vector(space, value), new[1]), space)

    def _rename(self, name: str, new: str) -> Callable:
        return lambda store: store.rename(name, new)

    def _merge(self, name: str, into: str) -> Callable:
        return lambda store: store.merge(name, into)

    def _move(self, which: int, to: str) -> Callable:
        reference = self._reference(which)
        return lambda store: store.move(reference, to)

    def _remove(self, name: str) -> Callable:
        return lambda store: store.remove(name)

    def _remove_reference(self, which: int) -> Callable:
        reference = self._reference(which)
        return lambda store: store.remove_reference(reference)

    def _edit(self, name: str, what: str, value: Any) -> Callable:
        return lambda store: store.edit(name, lambda details: replace(details, **{what: value}))

    def _set_calibration(self, space: EmbeddingSpace, people: list[str], cosine: float, last: int) -> Callable:
        self.calibrations += 1
        personal = {name: Thresholds(cosine / 2, cosine, f"{name!r}") for name in people}
        made = TODAY + timedelta(seconds=self.calibrations)
        calibration = Calibration(
            space, Thresholds(cosine, 1.0, "made up"), personal, 1e-3, "best", "", "yunet", 1, 2, 3, 4, last + 1, made
        )
        return lambda store: store.set_calibration(calibration)

    def _clear_calibration(self) -> Callable:
        return lambda store: store.clear_calibration()

    def _add_template(self, which: int, space: EmbeddingSpace, value: int) -> Callable:
        reference = self._reference(which)
        return lambda store: store.add_template(reference, _vector(space, value), space)

    def _use(self, space: EmbeddingSpace) -> Callable:
        return lambda store: store.use(space)

    def _choose(self) -> Callable:
        return lambda store: store.choose(EMBEDDER)

    def _add_override(self, which: int, verdict: Verdict) -> Callable:
        """On one of a few faces of two photos, some of which are the same face."""
        box, photo = Box(4 * (which // 2), 0, 10, 10), which % 2
        word = Override(0, f"{photo:064x}", box, verdict, "caf\udce9.jpg", "o'x", TODAY, "it's; --")
        return lambda store: store.add_override(word)

    def _remove_override(self, which: int) -> Callable:
        return lambda store: store.remove_override(which)

    def _undo(self) -> Callable:
        return lambda store: store.undo().what

    def _reference(self, which: int) -> int:
        """One of those there are, or none of them."""
        there = [number for number, _, _ in self.fake._references()]
        return there[which % len(there)] if there and which else 10**6


def _vector(space: EmbeddingSpace, value: int) -> np.ndarray:
    return np.full(space.dimension, np.nan if value == 9 else value / 3, np.float32)


def _answer(call: Callable, store: Any) -> Any:
    try:
        return call(store)
    except (GalleryError, ValueError) as error:
        return type(error)


def _everything(store: Any) -> dict[str, Any]:
    people = store.identities()
    whitelist = store.whitelist()
    calibration = store.calibration()
    return {
        "space": store.space(),
        "people": [replace(one, added=TODAY, last_added=None) for one in people],
        "persons": [_person(store, one.name) for one in people],
        "whitelist": (
            whitelist.names,
            whitelist.owners.tolist(),
            whitelist.references.tolist(),
            whitelist.templates.tolist(),
            whitelist.templates.shape[1],
            whitelist.withheld,
        ),
        "by hand": store.by_hand(),
        "crops": [store.crops(one.name) for one in people],
        "spaces": store.spaces(),
        "lacking": [[(one.id, one.name, one.reference, one.crop) for one in store.lacking(space)] for space in SPACES],
        "calibration": calibration,
        "enrolled": [store.enrolled(f"{n:064x}") for n in range(6)],
        "shared": store.shared_photos(),
        "overrides": store.overrides(),
        "last change": (change := store.last_change()) and change.what,
    }


def _person(store: Any, name: str) -> Any:
    person = store.identity(name)
    references = [(one.id, sorted(one.models), one.reference, one.has_crop) for one in person.references]
    return person.name, person.details, references, [store.crop(one.id) for one in person.references]


@pytest.fixture(scope="module")
def file() -> Iterator[SqliteStore]:
    """One gallery for all examples, in memory where there is such a folder."""
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder,
        SqliteStore.open(Path(folder) / "gallery.db", create=True, clock=lambda: TODAY) as store,
    ):
        yield store


@pytest.fixture(scope="module", params=["empty", "filled"])
def start(request: pytest.FixtureRequest, file: SqliteStore) -> Callable[[], Pair]:
    """Brings the file to how it was at first: that is far quicker than making another."""
    pair = Pair(file, FakeStore(today=TODAY.date()))
    with closing(sqlite3.connect(file.path)) as connection, connection:
        _empty(connection)
    for operation in FILLING if request.param == "filled" else ():
        pair.do(operation)
    first = copy.deepcopy(pair.fake)
    with closing(sqlite3.connect(file.path)) as connection:
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}

    def begin() -> Pair:
        with closing(sqlite3.connect(file.path)) as connection, connection:
            _empty(connection)
            for table, some in rows.items():
                if some:
                    connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(some[0]))})", some)
        return Pair(file, copy.deepcopy(first))

    return begin


def _empty(connection: sqlite3.Connection) -> None:
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(operations)
def test_the_file_holds_what_a_plain_model_holds(start, operations):
    pair = start()
    for operation in operations:
        pair.do(operation)
    pair.compare()


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(operations)
def test_the_file_holds_what_a_plain_model_holds_after_each_step(start, operations):
    pair = start()
    for operation in operations:
        pair.do(operation)
        pair.compare()
