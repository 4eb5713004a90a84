"""Recomputes the trail and compares it with what is on record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain

from gallery.adapters.store.run_rows import text_of, whereabouts_of
from gallery.adapters.store.trail import Key, Query, digest_before_end, image_digests, run_digest
from gallery.domain import marks
from gallery.domain.forgetting import names_forgotten
from gallery.domain.paths import joined
from gallery.domain.runs import ImageStatus, withdrew
from gallery.domain.trail import FIRST, Event, OutputOnRecord, Superseded, TrailCheck, entry_hash
from gallery.domain.trail_order import Order


@dataclass
class _Chain:
    """What the entries say, read from the first to the last.

    Attributes:
        entries: How many fit.
        head: Hash of the last that fits.
        said: For each record the digest of the last entry about it.
        first: For each record the number of the first.
        pruned: Numbers of runs of which a stub is left.
        hashes: Of all entries that fit, with their numbers.
        last: For each record the last entry about it.
        before_end: For each run that has ended and was not changed since, the digest it had before.
        amended: The photos whose records were, each with its run.
        misfit: The first entry that does not fit, as a sentence.
    """

    entries: int = 0
    head: str = FIRST
    said: dict[Key, str] = field(default_factory=dict)
    pruned: set[int] = field(default_factory=set)
    hashes: dict[str, int] = field(default_factory=dict)
    last: dict[Key, Superseded] = field(default_factory=dict)
    first: dict[Key, int] = field(default_factory=dict)
    before_end: dict[int, str] = field(default_factory=dict)
    amended: set[tuple[int, int]] = field(default_factory=set)
    misfit: str | None = None

    def add(self, entry: Superseded, made: str, sealed: str) -> None:
        """Adds an entry that fits."""
        key = entry.run, entry.image
        self.entries, self.head = entry.entry, sealed
        if entry.event == Event.ENDED:
            self.before_end[entry.run] = self.said[key]
        elif entry.image is None:
            self.before_end.pop(entry.run, None)
        if entry.event == Event.PRUNED:
            self.pruned.add(entry.run)
        if entry.event == Event.AMENDED and entry.image is not None:
            self.amended.add((entry.run, entry.image))
        self.said[key], self.last[key] = made, entry
        self.first.setdefault(key, entry.entry)
        self.hashes[sealed] = entry.entry

    def superseded(self, head: str | None) -> tuple[Superseded, ...]:
        """The records that were there at an entry and were changed by a later one.

        That a run ended changes nothing else of its record, which is compared without it.
        """
        number = self.hashes.get(head or "", self.entries)
        later = (entry for key, entry in self.last.items() if self.first[key] <= number < entry.entry)
        return tuple(sorted((one for one in later if one.event != Event.ENDED), key=lambda one: one.entry))


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
        looks = chain(_gone(found, numbers, images), _changed(ask, found, numbers), _amended(ask, found), _astray(ask))
        misfit = found.misfit or next(looks, None)
        superseded = tuple(replace(one, source=_source(ask, one)) for one in found.superseded(head))
    return TrailCheck(
        entries=found.entries,
        head=found.head,
        runs=len(numbers) - len(found.pruned),
        photos=len(images),
        pruned=len(found.pruned),
        unended=tuple(run for run, status in numbers.items() if status == "running" and run not in found.pruned),
        misfit=misfit,
        known_head=None if head is None else head in found.hashes,
        superseded=superseded,
    )


def outputs(connection: sqlite3.Connection) -> list[OutputOnRecord]:
    """The files that should be there: written by a run, and neither replaced nor withdrawn by a later one."""
    query = (
        "SELECT run_image.run_id, source, run_image.output, output_sha256, run.output, error, sha256, output_mark"
        " FROM run_image JOIN run ON run.id = run_image.run_id ORDER BY run_image.id"
    )
    there = _Outputs()
    with _one_state(connection):
        rows = connection.execute("SELECT id, policy FROM run").fetchall()
        whereabouts = {run: whereabouts_of(json.loads(policy)) for run, policy in rows}
        for run, source, path, sha256, folder, error, whole, mark in connection.execute(query):
            if path is None and not withdrew(None if error is None else text_of(error)):
                continue  # it failed, and left what was there alone
            base, reviewed = whereabouts[run]
            of_reviewed = whereabouts[reviewed][0] if reviewed in whereabouts else ""
            photo, output = (text_of(folder), text_of(source)), None if path is None else text_of(path)
            for start in {base, of_reviewed, ""}:
                there.take_away(photo, output, start)
            if output is not None:
                found = OutputOnRecord(run, photo[1], output, photo[0], sha256 or "", base, whole or "", mark or "")
                there.add(found)
    return there.found


_Photo = tuple[str, str]
"""The folder that a photo's output goes to, and the photo's path."""


class _Outputs:
    """The files that are there, while the record is read from its beginning to its end.

    Paths are told apart as they are seen from anywhere. Those of earlier versions of the program, of which that is not
    known, are taken as they were given, and so are those of a run that reviewed another in a folder that was moved.
    Those that were replaced because they named somebody are known by their marks.
    """

    def __init__(self) -> None:
        self._marked: dict[str, dict[str, str]] = {}
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
            self._take_away_marked(joined(output, base), seen[0])
        else:
            self._take_away_marked(seen[1], seen[0])

    def _take_away_marked(self, path: str, folder: str) -> None:
        """Takes away what lay at a path, or was a photo's there, when that was replaced in the record."""
        for key, places in self._marked.items():
            place = places.get(marks.digest(key, path))
            if place in self._found and _may_be(self._found[place][0][0], folder):
                del self._found[place]

    def add(self, output: OutputOnRecord) -> None:
        """Adds what was written."""
        photo = joined(output.folder, output.base), joined(output.source, output.base)
        place = joined(output.path, output.base)
        self._found[place], self._wrote[photo] = (photo, output), place
        if output.mark:
            key, *both = marks.parts(output.mark)
            self._marked.setdefault(key, {}).update(dict.fromkeys(both, place))


def _may_be(recorded: str, folder: str) -> bool:
    """Whether a folder is the one on record, as far as that does not stand for somebody who was forgotten."""
    return recorded == folder or names_forgotten(recorded)


def _entries(ask: Query) -> _Chain:
    found, order = _Chain(), Order()
    rows = ask("SELECT id, at, event, run, image, digest, previous, sha256 FROM trail ORDER BY id", ())
    for number, at, event, run, image, made, previous, sealed in rows:
        about = f"Entry {number} of the trail ({event}, run {run}, {str(at)[:19]})"
        if number != found.entries + 1:
            found.misfit = f"Entry {found.entries + 1} of the trail is missing."
        elif previous != found.head:
            found.misfit = f"{about} does not follow the one before it."
        elif entry_hash(number, at, event, run, image, made, previous) != sealed:
            found.misfit = f"{about} is not as it was written."
        elif wrong := order.misfit(event, run, image):
            found.misfit = f"{about} {wrong}."
        if found.misfit:
            return found
        found.add(Superseded(run, image, event, number, at), made, sealed)
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
        elif _run_changed(ask, found, run):
            yield f"The record of run {run} (its settings, times or outcome) is not as it was written."
        for image, made in image_digests(ask, run):
            if made != found.said.get((run, image)) or run in found.pruned:
                yield _photo(ask, run, image, known=(run, image) in found.said and run not in found.pruned)


def _run_changed(ask: Query, found: _Chain, run: int) -> bool:
    before = found.before_end.get(run)
    return run_digest(ask, run) != found.said[run, None] or before not in {None, digest_before_end(ask, run)}


def _source(ask: Query, record: Superseded) -> str:
    rows = ask("SELECT source FROM run_image WHERE id = ?", (record.image,))
    return text_of(next(rows, ("",))[0])


def _amended(ask: Query, found: _Chain) -> Iterator[str]:
    """Photos whose record was amended to anything but a failure."""
    for run, image in sorted(found.amended):
        for source, status in ask("SELECT source, status FROM run_image WHERE id = ? AND run_id = ?", (image, run)):
            if status != ImageStatus.FAILED:
                yield f"The record of {text_of(source)} in run {run} was amended, and yet the photo did not fail."


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
