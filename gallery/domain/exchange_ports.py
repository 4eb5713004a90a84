"""What the exchange of people between galleries needs from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from gallery.domain.by_hand import Override
from gallery.domain.exchanging import Content, Contents, ExchangedPerson, ExchangedReference, Written
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.progress import Advance, unwatched


class Present(Protocol):
    """What an import has to know of the gallery it goes into."""

    def own_model(self) -> EmbeddingSpace | None:
        """The model that the gallery's templates are compared under; None while it holds none."""

    def models(self) -> tuple[EmbeddingSpace, ...]:
        """All models that it holds templates of, and its own."""

    def named(self, name: str) -> str | None:
        """The person of that name, as it is written there."""

    def faces(self, photos: Collection[str]) -> dict[str, list[tuple[str, Box]]]:
        """For each photo's SHA-256 who is enrolled from it, and from which face."""

    def blurred(self) -> list[Override]:
        """The manual decisions to blur that it holds."""


class Receiving(Present, Protocol):
    """A gallery that takes people in."""

    def adopt(self, space: EmbeddingSpace) -> None:
        """Makes a model the gallery's own; it holds no template yet."""

    def add(self, person: ExchangedPerson, contents: Sequence[Content]) -> None:
        """Adds somebody who is not there, with all references."""

    def append(self, name: str, references: Sequence[tuple[ExchangedReference, Content]]) -> None:
        """Gives somebody who is there more references. Without crops, where none may be kept of them.

        Raises:
            UnknownName: If there is nobody of that name.
        """

    def decide(self, override: Override) -> None:
        """Adds a manual decision, in place of an earlier one on the same face."""

    def remove(self, name: str) -> int:
        """Removes somebody; returns how many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
        """


class ExchangeStore(Protocol):
    """A gallery file that people come from, or go to."""

    def contents(self, names: Sequence[str] = ()) -> AbstractContextManager[Contents]:
        """One state of the gallery, to be exported.

        Args:
            names: Whom to export; everybody, if there is none.

        Raises:
            UnknownName: If there is nobody of a name; the hint names the nearest.
        """

    def note_archive(self, target: Path) -> None:
        """Notes where an archive is about to be written, so that `forget` finds what a killed export leaves there.

        Where the gallery cannot be written, nothing is noted.
        """

    def present(self) -> AbstractContextManager[Present]:
        """One state of the gallery, to be compared with what is to come."""

    def receiving(self, what: str) -> AbstractContextManager[Receiving]:
        """A change of the gallery, all or nothing, which can be undone.

        Args:
            what: The change in words.
        """


class Archives(Protocol):
    """Archives of galleries as files."""

    def write(
        self, contents: Contents, target: Path, crops: bool, force: bool, advance: Advance = unwatched
    ) -> Written:
        """Writes an archive, for its owner's eyes only, all or nothing.

        Args:
            contents: What goes in.
            target: The file.
            crops: Whether pictures go in.
            force: Whether to replace a file that is there.
            advance: Is told how many templates and pictures are written.

        Raises:
            BadArgument: If there is a file already, or it is the gallery.
            NotWritten: If it could not be written; what was there is as it was.
        """

    def open(self, path: Path, advance: Advance = unwatched) -> AbstractContextManager[Contents]:
        """An archive, all of it checked.

        Args:
            path: The file.
            advance: Is told how many bytes are checked.

        Raises:
            BadArchive: If it is no archive, damaged, or of a later version of the program.
        """
