"""Fakes for the exchange of people: a gallery they come from or go to, and an archive, both in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import StoreUnusable, UnknownName
from gallery.domain.exchanging import Content, Decisions, ExchangedPerson, ExchangedReference
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import FaceCrop, name_key
from gallery.testing import FakeCrops
from gallery.usecases.reception import Reception

TRUSTING = Reception(
    yardstick=lambda _: None,
    known=lambda _: False,
    makes=lambda _: False,
    recogniser=lambda space: pytest.fail(f"{space} is not to be loaded"),
    crops=FakeCrops(),
    today=date(2026, 2, 1),
)
"""Knows no model, so that templates and limits can only be taken as they are."""

Whole = tuple[ExchangedPerson, tuple[Content, ...]]
"""Somebody with the content of their references."""


@dataclass(frozen=True)
class FakeContents:
    """What an archive holds."""

    everybody: tuple[Whole, ...]
    models: tuple[EmbeddingSpace, ...]
    own: EmbeddingSpace | None
    words: Decisions = field(default_factory=Decisions)

    def decisions(self) -> Decisions:
        return self.words

    def people(self) -> Iterator[ExchangedPerson]:
        return (person for person, _ in self.everybody)

    def templates(self, space: EmbeddingSpace) -> Iterator[NDArray[np.float32]]:
        return (vector for content in self._contents() for own, vector in content.templates if own == space)

    def crops(self) -> Iterator[FaceCrop]:
        return (content.crop for content in self._contents() if content.crop is not None)

    def _contents(self) -> Iterator[Content]:
        return (content for _, contents in self.everybody for content in contents)


@dataclass
class FakeExchange:
    """A gallery.

    Attributes:
        everybody: People by name.
        own: The model that faces are compared under.
        changed: What was done to it, in words, the oldest first.
        archives: Where archives were to be written.
        refuses: Whether to fail at the first person who is added, like a full disk.
    """

    everybody: dict[str, Whole] = field(default_factory=dict)
    own: EmbeddingSpace | None = None
    changed: list[str] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    refuses: bool = False
    words: list[Override] = field(default_factory=list)

    def models(self) -> tuple[EmbeddingSpace, ...]:
        people = [person for person, _ in self.everybody.values()]
        described = [space for person in people for one in person.references for space in one.spaces]
        return tuple(dict.fromkeys([*([self.own] if self.own else []), *described]))

    def own_model(self) -> EmbeddingSpace | None:
        return self.own if any(one.templates for _, contents in self.everybody.values() for one in contents) else None

    def named(self, name: str) -> str | None:
        return next((known for known in self.everybody if name_key(known) == name_key(name)), None)

    def faces(self, photos: Collection[str]) -> dict[str, list[tuple[str, Box]]]:
        found: dict[str, list[tuple[str, Box]]] = {photo: [] for photo in photos}
        for name, (person, _) in self.everybody.items():
            for one in person.references:
                if one.reference.sha256 in found:
                    found[one.reference.sha256].append((name, one.reference.detection.box))
        return found

    def blurred(self) -> list[Override]:
        return [word for word in self.words if word.verdict is Verdict.BLUR]

    def decide(self, override: Override) -> None:
        self.words.append(override)

    def adopt(self, space: EmbeddingSpace) -> None:
        self.own = space

    def add(self, person: ExchangedPerson, contents: Sequence[Content]) -> None:
        if self.refuses:
            raise StoreUnusable("The fake gallery was told to refuse.")
        assert self.named(person.name) is None
        self.changed.append(f"add {person.name}")
        self.everybody[person.name] = (person, tuple(contents))

    def append(self, name: str, references: Sequence[tuple[ExchangedReference, Content]]) -> None:
        found = self._known(name)
        self.changed.append(f"append to {found}")
        person, contents = self.everybody[found]
        more = replace(person, references=(*person.references, *(one for one, _ in references)))
        self.everybody[found] = (more, (*contents, *(large for _, large in references)))

    def remove(self, name: str) -> int:
        found = self._known(name)
        self.changed.append(f"remove {found}")
        return len(self.everybody.pop(found)[1])

    @contextmanager
    def contents(self, names: Sequence[str] = ()) -> Iterator[FakeContents]:
        chosen = [self.everybody[name] for name in names or sorted(self.everybody, key=name_key)]
        yield FakeContents(tuple(chosen), self.models(), self.own)

    def note_archive(self, target: Path) -> None:
        self.archives.append(target)

    @contextmanager
    def present(self) -> Iterator[FakeExchange]:
        yield self

    @contextmanager
    def receiving(self, what: str) -> Iterator[FakeExchange]:
        before = dict(self.everybody), self.own, list(self.changed)
        self.changed.append(what)
        try:
            yield self
        except BaseException:
            self.everybody, self.own, self.changed = before
            raise

    def _known(self, name: str) -> str:
        found = self.named(name)
        if found is None:
            raise UnknownName(f"There is nobody called {name}.")
        return found
