"""What can be said of a gallery as a file: how it stands, what is wrong with it, and where copies of it are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gallery.domain.people import Change


@dataclass(frozen=True, slots=True)
class BackupCopy:
    """A copy of a gallery.

    Attributes:
        path: Where it is, or was.
        made: When, in UTC; None where the gallery has no record of it.
        size: In bytes; None where it is gone.
    """

    path: str
    made: datetime | None
    size: int | None


@dataclass(frozen=True, slots=True)
class ModelTemplates:
    """How many templates there are under one model.

    Attributes:
        model: Its name.
        current: Whether faces are compared under it.
        dimension: Values of each template.
        templates: How many references have one.
    """

    model: str
    current: bool
    dimension: int
    templates: int


@dataclass(frozen=True, slots=True)
class FileStatus:
    """How a gallery file stands.

    Attributes:
        path: Where it is.
        revision: Of its schema.
        program_revision: Of the schema this program works with.
        written_by: The version of the program that made its schema; empty where it does not say.
        encrypted: Whether its content is.
        mode: The permission bits.
        size: Of the file, in bytes.
        log_size: Of the write-ahead log beside it, in bytes.
        pages: Of the file.
        page_size: In bytes.
        people: How many identities.
        references: How many references.
        models: Templates by model, the current one first.
        runs: How many runs are on record.
        last_change: What `gallery undo` would take back; None where there is nothing.
        backups: Copies that the program made, and whatever looks like one beside the file.
    """

    path: str
    revision: str
    program_revision: str
    written_by: str
    encrypted: bool
    mode: int
    size: int
    log_size: int
    pages: int
    page_size: int
    people: int
    references: int
    models: tuple[ModelTemplates, ...]
    runs: int
    last_change: Change | None
    backups: tuple[BackupCopy, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a gallery file. It names rows by their numbers, and never says what is in them.

    Attributes:
        where: Such as `reference 12`.
        what: Such as `landmarks cannot be read`.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What an examination of a gallery file came to.

    Attributes:
        path: The file.
        rows: How many rows were read.
        templates: How many of them were templates.
        findings: What is wrong; empty for a sound file.
    """

    path: str
    rows: int
    templates: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made.

    Attributes:
        path: Where it is.
        size: In bytes.
        recorded: Whether the gallery knows of it. One that cannot be written does not, and `gallery forget` will not
            look into the copy.
    """

    path: str
    size: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """A gallery that was encrypted or decrypted.

    Attributes:
        path: The gallery file.
        encrypted: Whether it is now.
        copies: Backups that are still as the gallery was before.
    """

    path: str
    encrypted: bool
    copies: tuple[str, ...]
