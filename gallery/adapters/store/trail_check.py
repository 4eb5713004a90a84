"""Recomputes the trail and compares it with what is on record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain

from gallery.adapters.store.run_rows import text_of, whereabouts_of
from gallery.adapters.store.trail import Key, Query, image_digests, run_digest
from gallery.domain.paths import joined
from gallery.domain.runs import withdrew
from gallery.domain.trail import FIRST, Event, OutputOnRecord, TrailCheck, entry_hash


@dataclass
class _Chain:
    """What the entries say, read from the first to the last.

    Attributes:
        entries: How many fit.
        head: Hash of the last that fits.
        said: For each record the digest of the last entry about it.
        pruned: Numbers of runs of which a stub is left.
        hashes: Of all entries that fit.
        misfit: The first entry that does not fit, as a sentence.
    """

    entries: int = 0
    head: str = FIRST
    said: dict[Key, str] = field(default_factory=dict)
    pruned: set[int] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    misfit: str | None = None


def check(connection: sqlite3.Connection, head: str | None = None, one_state: bool = False) -> TrailCheck:
    """Recomputes the whole trail.

    Args:
        connection: To the gallery.
        head: The hash of an entry that somebody noted; None if it is not asked for.
        one_state: Whether a transaction is open already; else everything is read in one of its own.
    """
    with nullcontext() if one_state else _one_state(connection):
        ask: Query = lambda query, values: iter(connection.execute(query, values))  # noqa: E731
        found = _entries(ask)
        numbers: dict[int, str] = dict(ask("SELECT id, status FROM run ORDER BY id", ()))
        images = set(ask("SELECT run_id, id FROM run_image", ()))
        looks = chain(_gone(found, numbers, images), _changed(ask, found, numbers), _astray(ask))
        misfit = found.misfit or next(looks, None)
    return TrailCheck(
        entries=found.entries,
        head=found.head,
        runs=len(numbers) - len(found.pruned),
        photos=len(images),
        pruned=len(found.pruned),
        unended=tuple(run for run, status in numbers.items() if status == "running" and run not in found.pruned),
        misfit=misfit,
        known_head=None if head is None else head in found.hashes,
    )


def outputs(connection: sqlite3.Connection) -> list[OutputOnRecord]:
    """The files that should be there: written by a run, and neither replaced nor withdrawn by a later one."""
    query = (
        "SELECT run_image.run_id, source, run_image.output, output_sha256, run.output, error FROM run_image"
        " JOIN run ON run.id = run_image.run_id ORDER BY run_image.id"
    )
    there = _Outputs()
    with _one_state(connection):
        rows = connection.execute("SELECT id, policy FROM run").fetchall()
        whereabouts = {run: whereabouts_of(json.loads(policy)) for run, policy in rows}
        for run, source, path, sha256, folder, error in connection.execute(query):
            if path is None and not withdrew(None if error is None else text_of(error)):
                continue  # it failed, and left what was there alone
            base, reviewed = whereabouts[run]
            of_reviewed = whereabouts[reviewed][0] if reviewed in whereabouts else ""
            photo, output = (text_of(folder), text_of(source)), None if path is None else text_of(path)
            for start in {base, of_reviewed, ""}:
                there.take_away(photo, output, start)
            if output is not None:
                there.add(OutputOnRecord(run, photo[1], output, photo[0], sha256 or "", base))
    return there.found


_Photo = tuple[str, str]
"""The folder that a photo's output goes to, and the photo's path."""


class _Outputs:
    """The files that are there, while the record is read from its beginning to its end.

    Paths are told apart as they are seen from anywhere. Those of earlier versions of the program, of which that is not
    known, are taken as they were given, and so are those of a run that reviewed another in a folder that was moved.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[_Photo, OutputOnRecord]] = {}
        self._wrote: dict[_Photo, str] = {}

    @property
    def found(self) -> list[OutputOnRecord]:
        """In the order in which they were written."""
        return [output for _, output in self._found.values()]

    def take_away(self, photo: _Photo, output: str | None, base: str) -> None:
        """Takes away what a later run replaces or withdraws: the photo's former output, and what lay in its place."""
        seen = joined(photo[0], base), joined(photo[1], base)
        former = self._wrote.pop(seen, None)
        if former in self._found and self._found[former][0][1] == seen[1]:
            del self._found[former]
        if output is not None:
            self._found.pop(joined(output, base), None)

    def add(self, output: OutputOnRecord) -> None:
        """Adds what was written."""
        photo = joined(output.folder, output.base), joined(output.source, output.base)
        place = joined(output.path, output.base)
        self._found[place], self._wrote[photo] = (photo, output), place


def _entries(ask: Query) -> _Chain:
    found = _Chain()
    rows = ask("SELECT id, at, event, run, image, digest, previous, sha256 FROM trail ORDER BY id", ())
    for number, at, event, run, image, made, previous, sealed in rows:
        about = f"Entry {number} of the trail ({event}, run {run}, {str(at)[:19]})"
        if number != found.entries + 1:
            found.misfit = f"Entry {found.entries + 1} of the trail is missing."
        elif previous != found.head:
            found.misfit = f"{about} does not follow the one before it."
        elif entry_hash(number, at, event, run, image, made, previous) != sealed:
            found.misfit = f"{about} is not as it was written."
        if found.misfit:
            return found
        found.entries, found.head = number, sealed
        found.said[run, image] = made
        found.hashes.add(sealed)
        if event == Event.PRUNED.value:
            found.pruned.add(run)
    found.misfit = _cut_off(ask, found.entries)
    return found


def _cut_off(ask: Query, entries: int) -> str | None:
    """Whether the last entries are missing: SQLite keeps the highest number that it gave."""
    given = next(ask("SELECT seq FROM sqlite_sequence WHERE name = 'trail'", ()), (0,))[0]
    if given == entries:
        return None
    if isinstance(given, int) and given > entries:
        return f"The last entries of the trail are missing: there were {given}, and {entries} are left."
    return f"The trail has {entries} entries, which is not how many were made: its count was changed."


def _gone(found: _Chain, runs: dict[int, str], images: set[tuple[int, int]]) -> Iterator[str]:
    """Records that the trail knows of and that are not there."""
    for run, image in found.said:
        if run not in runs:
            yield f"Run {run} is missing."
            return
        if image is not None and run not in found.pruned and (run, image) not in images:
            yield f"A photo of run {run} is missing (row {image})."
            return


def _changed(ask: Query, found: _Chain, runs: dict[int, str]) -> Iterator[str]:
    """Records that are not what the trail says."""
    for run in runs:
        if (run, None) not in found.said:
            yield f"Run {run} was added behind the program's back: the trail does not know it."
        elif run_digest(ask, run) != found.said[run, None]:
            yield f"The record of run {run} (its settings, times or outcome) is not as it was written."
        for image, made in image_digests(ask, run):
            if made != found.said.get((run, image)) or run in found.pruned:
                yield _photo(ask, run, image, known=(run, image) in found.said and run not in found.pruned)


def _astray(ask: Query) -> Iterator[str]:
    """Photos of no run, and decisions on no photo."""
    for image, run in ask("SELECT id, run_id FROM run_image WHERE run_id NOT IN (SELECT id FROM run) LIMIT 1", ()):
        yield f"A photo (row {image}) is of a run {run} that there is not."
    query = "SELECT id, run_image_id FROM decision WHERE run_image_id NOT IN (SELECT id FROM run_image) LIMIT 1"
    for decision, image in ask(query, ()):
        yield f"A decision (row {decision}) is on a photo (row {image}) that there is not."


def _photo(ask: Query, run: int, image: int, known: bool) -> str:
    ((source,),) = ask("SELECT source FROM run_image WHERE id = ?", (image,))
    name = f"{text_of(source)} in run {run}"
    if not known:
        return f"The record of {name} was added behind the program's back: the trail does not know it."
    return f"The record of {name}, or a decision on one of its faces, is not as it was written."


@contextmanager
def _one_state(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
