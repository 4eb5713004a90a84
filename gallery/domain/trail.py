"""The trail: a chain of hashes over everything that was recorded of runs, so that a later change to it is found.

Every record (a run's settings and outcome, a photo with its decisions) has a digest; every time one is made or rightly
changed, an entry with its digest and the hash of the entry before is added. What a record is now must have the digest
of the last entry about it. Such chains are old (Haber and Stornetta 1991, "How to time-stamp a digital document").

A change is found unless whoever made it has made all later entries anew, too, as who can write the file can. Against
them it helps to note the hash of the last entry, the head, elsewhere: a chain that holds that entry holds everything
before it as it was then.

A digest is salted, and the salt lies with the record: when somebody is forgotten or a run is removed, the salt goes,
and what the old digests stand for cannot be guessed and tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

FIRST = "0" * 64
"""What the first entry names as the hash of the one before."""

Row = Mapping[str, Any]
"""A row as SQLite keeps it: column names with whole numbers, floats, texts, bytes or nothing."""


class Event(StrEnum):
    """What an entry is about."""

    ADOPTED = "adopted"
    """Recorded by a version of the program that had no trail, and found when the gallery was brought up to date."""
    BEGUN = "run begun"
    RECORDED = "photo recorded"
    AMENDED = "photo amended"
    """Its output could not be put in its place after all, so it failed; while its run goes on, and never after."""
    ENDED = "run ended"
    FORGOTTEN = "somebody forgotten"
    """A name was replaced by a pseudonym."""
    PRUNED = "run pruned"
    """Its photos and decisions were removed; what is left is the stub."""


def digest(salt: str, rows: Sequence[Row]) -> str:
    """SHA-256 of a record.

    Columns without a value are left out, so that columns that are added later change no digest.

    Args:
        salt: The record's, in hexadecimal.
        rows: The record's row, and those that belong to it, in order.
    """
    known = [{name: _plain(value) for name, value in row.items() if value is not None} for row in rows]
    return sha256(json.dumps([salt, known], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def entry_hash(number: int, at: str, event: str, run: int, image: int | None, record: str, previous: str) -> str:  # noqa: PLR0913, PLR0917 - they are what is hashed
    """SHA-256 of an entry.

    Args:
        number: The entry's, from 1.
        at: When it was made, as SQLite keeps it.
        event: What it is about.
        run: The run's number.
        image: The photo's number; None where it is about the run itself.
        record: The record's digest.
        previous: Hash of the entry before.
    """
    parts = [_plain(part) for part in (number, at, event, run, image, record, previous)]
    return sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OutputOnRecord:
    """A file that a run wrote and no later run replaced.

    Attributes:
        run: The run's number.
        source: The photo's path as it was given.
        path: The file's, as it was given.
        folder: The run's output folder, as it was given.
        sha256: Of the file.
        base: The folder that relative paths start at; empty where that is not known.
        photo: SHA-256 of the photo; empty where that is not known.
        mark: What is kept of both paths where they named somebody who was forgotten (see `gallery.domain.marks`).
    """

    run: int
    source: str
    path: str
    folder: str
    sha256: str
    base: str = ""
    photo: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A record that was changed after the head which was noted, and cannot be compared with what that vouched for.

    Attributes:
        run: The run's number.
        image: The photo's row; None for the run's own record.
        event: What the entry that changed it says.
        entry: That entry's number.
        at: When it was made, as SQLite keeps it.
        source: The photo's path, as it is on record now; empty where it is not, or the record is a run's own.
    """

    run: int
    image: int | None
    event: str
    entry: int
    at: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What a look at the whole trail found.

    Attributes:
        entries: How many there are.
        head: Hash of the last; `FIRST` where there is none.
        runs: Runs whose record was compared.
        photos: Photos likewise, each with its decisions.
        pruned: Runs of which a stub is left.
        unended: Numbers of runs that have not ended, or were cut off.
        misfit: The first thing that does not fit, as a sentence; None if all does.
        known_head: Whether the hash that was asked for is that of an entry; None if none was asked for.
        superseded: The records that entry or an earlier one vouched for, and a later one changed.
    """

    entries: int
    head: str
    runs: int
    photos: int
    pruned: int = 0
    unended: tuple[int, ...] = ()
    misfit: str | None = None
    known_head: bool | None = None
    superseded: tuple[Superseded, ...] = ()
