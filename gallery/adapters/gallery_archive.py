"""Archives: people of a gallery in one file, to be taken to another machine. This is the definition of the format.

An archive of version 1 or 2 is a ZIP file (APPNOTE 6.3) without a comment. Its members are stored, neither packed nor
encrypted: vectors and JPEG files hardly get smaller, and a member can then never be larger than the file. Dates and
permissions of members say nothing, so that the same people give the same bytes. The members are

- `manifest.json`, the last one, described below;
- `templates/N.f32`, N from 1, one for each model: an array `(T, D)` of little-endian float32, row by row, no header;
- `crops/N.jpg`, N from 1: JPEG files, the picture kept of a reference.

There are exactly the members that the manifest names. The manifest is JSON in ASCII (other characters escaped):

| field | meaning |
|---|---|
| `format` | `"gallery archive"` |
| `version` | 2 if there is anything decided by hand, else 1; a program refuses versions above those it knows |
| `program` | what wrote it, such as `"gallery 0.1.0"` |
| `models` | a list, see below; its order gives the models their numbers, from 0 |
| `people` | a list, by name |
| `decisions` | only of version 2: the manual decisions to blur a face, a list, in the order they were made |
| `left` | only of version 2: how many manual decisions stayed behind |

A **model**: `name`, `sha256` of its weights, `preparation` (how faces are cut out and vectors normalised), `dimension`
(D), `own` (whether the gallery compared faces under it; only of the first model), `templates` (T), and `member`.

A **member**: `name`, `size` in bytes, `sha256`.

A **person**: `name`, `added`, `enabled`, `expires` (the last day on which they may stay visible, or null), `notes`,
`tags`, `keep_crops`, `thresholds` (set for them by hand: `model` as its number, `cosine`, `euclidean`, `origin`), and
`references`, the oldest first.

A **reference**: `source` (the photo's path), `sha256` (of the photo), `added`, `detector`, `box` (x, y, width, height
in pixels of the upright photo), `score`, `landmarks` (right eye, left eye, nose, right and left corner of the mouth,
each x and y, or null), `size`, `sharpness` and `as_meant` (its quality), `flaws`, `templates` (the numbers of the
models it has a template under, rising), and `crop`: null, or `x` and `y` (where the picture begins in the photo),
`scale` (pixels of the picture for each of the photo), and `member`.

A **decision**: `sha256` (of the photo), `box`, `source` (the photo's path), `by` (who decided), `made`, and `note`.
Those to keep a face are never in an archive: whoever has the photos decides again.

The rows of `templates/N.f32` go through people and references in the manifest's order, over those whose `templates`
name that model. Where a model's preparation says `l2`, vectors are of length one (or zero: such never match). Moments
are ISO 8601 in UTC, days ISO 8601. Whatever a program does not know, it refuses.

Not in an archive: calibrated thresholds (they rest on the gallery as a whole; `gallery calibrate` makes them anew) and
the audit trail. An archive is not encrypted, even where the gallery is.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gallery.adapters import archive_manifest as manifests
from gallery.adapters.archive_fields import Fault, brief
from gallery.adapters.archive_manifest import ArchivedCrop, ArchivedModel, Manifest, Member, NewerVersion
from gallery.adapters.archive_members import PIECE, explained, open_members, pieces
from gallery.adapters.photos.wording import not_written
from gallery.adapters.plain_file import open_plain
from gallery.adapters.private_file import private_file
from gallery.adapters.store.files import files_of
from gallery.domain.errors import BadArchive, BadArgument, NotWritten
from gallery.domain.exchanging import Contents, Decisions, ExchangedPerson, Written, vectors_fault
from gallery.domain.models import EmbeddingSpace
from gallery.domain.paths import shown
from gallery.domain.people import FaceCrop
from gallery.domain.progress import Advance, unwatched
from gallery.installed import updating

VALUE = np.dtype("<f4")
LARGEST_MANIFEST = 256 << 20
"""Bytes; enough for 300,000 references. Reading one takes about ten times as much memory."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment a ZIP file can name."""


class ZipArchives:
    """Implements the port `Archives`.

    Args:
        gallery: The gallery file, which an archive never replaces.
    """

    def __init__(self, gallery: Path | None = None) -> None:
        self._protected = files_of(gallery) if gallery else []

    def write(
        self, contents: Contents, target: Path, crops: bool, force: bool, advance: Advance = unwatched
    ) -> Written:
        """Writes an archive, for its owner's eyes only, all or nothing.

        Raises:
            BadArgument: If there is a file already, or it is the gallery.
            NotWritten: If it could not be written, or holds what could not be imported; what was there is as it was.
        """
        self._require_free(target, force)
        try:
            with private_file(target, force) as file:
                manifest = _write_all(file, contents, crops, advance)
                size = file.seek(0, 2)
        except FileExistsError:
            raise _in_the_way(target) from None
        except Fault as fault:
            raise NotWritten(
                f"{shown(target)} was not written: {fault}.", "See what is wrong with: gallery db check"
            ) from fault
        except OSError as error:
            raise not_written(target, error) from error
        return Written(
            target,
            size,
            len(manifest.people),
            sum(len(person.references) for person in manifest.people),
            len(manifest.crops),
            tuple((model.space.label, model.templates) for model in manifest.models),
            manifest.decisions,
        )

    def _require_free(self, target: Path, force: bool) -> None:
        try:
            there = target.lstat()
        except FileNotFoundError:
            if target.parent.is_dir():
                return
            raise NotWritten(
                f"{shown(target)} cannot be written: there is no such folder.", "Make the folder first."
            ) from None
        except (OSError, ValueError) as error:
            raise not_written(target, error) from error
        if not force:
            raise _in_the_way(target)
        if not stat.S_ISREG(there.st_mode):
            raise BadArgument(f"{shown(target)} is not a file; it was left as it is.", "Choose another name.")
        if any(one.exists() and target.samefile(one) for one in self._protected):
            raise BadArgument(f"{shown(target)} is the gallery itself; it was left as it is.", "Choose another name.")

    @contextmanager
    def open(self, path: Path, advance: Advance = unwatched) -> Iterator[ArchiveContents]:
        """An archive, all of it checked.

        Raises:
            BadArchive: If it is no archive, damaged, or of a later version of the program.
        """
        with explained(path):
            file = _opened(path)
        with file:
            with explained(path):
                archive = open_members(file)
                manifest = _manifest(path, archive)
                _check(archive, manifest, advance)
            with archive:
                yield ArchiveContents(path, archive, manifest)


class ArchiveContents:
    """Implements `Contents` for an archive that was checked."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._path = path
        self._archive = archive
        self._manifest = manifest

    @property
    def models(self) -> tuple[EmbeddingSpace, ...]:
        """The models there are templates or thresholds of, the gallery's own first."""
        return tuple(model.space for model in self._manifest.models)

    @property
    def own(self) -> EmbeddingSpace | None:
        """The model that the gallery compared faces under."""
        return next((model.space for model in self._manifest.models if model.own), None)

    def people(self) -> Iterator[ExchangedPerson]:
        """Everybody, by name."""
        return iter(self._manifest.people)

    def decisions(self) -> Decisions:
        """What was decided by hand."""
        return self._manifest.decisions

    def templates(self, space: EmbeddingSpace) -> Iterator[NDArray[np.float32]]:
        """The templates under a model, in the order of people and references."""
        (model,) = (one for one in self._manifest.models if one.space == space)
        with explained(self._path):
            for rows in _rows(self._archive, model, lambda _: None):
                yield from rows

    def crops(self) -> Iterator[FaceCrop]:
        """The pictures, likewise."""
        with explained(self._path):
            for crop in self._manifest.crops:
                picture = _picture(self._archive, crop.member)
                yield FaceCrop(picture, crop.x, crop.y, crop.scale)


def _opened(path: Path) -> IO[bytes]:
    if not stat.S_ISREG(path.stat().st_mode):
        raise Fault("it is not a file")
    return open_plain(path)


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    if manifests.NAME not in archive.NameToInfo:
        raise Fault("it is a ZIP file, but no archive of a gallery")
    if archive.NameToInfo[manifests.NAME].file_size > LARGEST_MANIFEST:
        raise Fault(f"its manifest is larger than {LARGEST_MANIFEST >> 20} MiB")
    try:
        manifest = manifests.from_json(b"".join(pieces(archive, manifests.NAME)))
    except NewerVersion as newer:
        writer = f"gallery {newer.program}" if newer.program else "a later version of this program"
        raise BadArchive(
            f"{shown(path)} was written by {writer} as an archive of version {newer.version}; this program reads "
            f"version {manifests.VERSION}.",
            f"Update the program: {updating(newer.program)}",
        ) from None
    extra = set(archive.NameToInfo) - {member.name for member in manifest.members} - {manifests.NAME}
    if extra:
        raise Fault(f"it holds {brief(min(extra))}, which its manifest does not name")
    return manifest


def _check(archive: zipfile.ZipFile, manifest: Manifest, advance: Advance) -> None:
    """Reads all members and compares them with what the manifest says."""
    total, done = sum(member.size for member in manifest.members), 0
    for model in manifest.models:
        digest = hashlib.sha256()
        for rows in _rows(archive, model, digest.update):
            fault = vectors_fault(rows, model.space)
            if fault:
                raise Fault(f"its member {brief(model.member.name)} {fault}")
            done += rows.nbytes
            advance(done, total)
        _require_digest(digest.hexdigest(), model.member)
    for crop in manifest.crops:
        fault = _picture_fault(_picture(archive, crop.member))
        if fault:
            raise Fault(f"its member {brief(crop.member.name)} {fault}")
        done += crop.member.size
        advance(done, total)


def _rows(
    archive: zipfile.ZipFile, model: ArchivedModel, see: Callable[[bytes], object]
) -> Iterator[NDArray[np.float32]]:
    """The templates of a model, `(N, D) float32`, some at once.

    Args:
        archive: Holds them.
        model: The model.
        see: Is shown the bytes.

    Raises:
        Fault: If there are fewer or more than the manifest says.
    """
    _require_size(archive, model.member)
    width = VALUE.itemsize * model.space.dimension
    for piece in pieces(archive, model.member.name, max(1, PIECE // width) * width):
        see(piece)
        yield np.frombuffer(piece, VALUE).reshape(-1, model.space.dimension).astype(np.float32)


def _picture(archive: zipfile.ZipFile, member: Member) -> bytes:
    _require_size(archive, member)
    picture = b"".join(pieces(archive, member.name))
    _require_digest(hashlib.sha256(picture).hexdigest(), member)
    return picture


def _require_size(archive: zipfile.ZipFile, member: Member) -> None:
    info = archive.NameToInfo.get(member.name)
    if info is None:
        raise Fault(f"its member {brief(member.name)} is missing")
    if info.file_size != member.size:
        raise Fault(f"its member {brief(member.name)} has {info.file_size} bytes, not {member.size}")


def _require_digest(found: str, member: Member) -> None:
    if found != member.sha256:
        raise Fault(f"its member {brief(member.name)} is damaged: its SHA-256 is not the one on record")


def _picture_fault(picture: bytes) -> str:
    """Why a picture cannot be one kept of a reference; empty where it can. Only its header is looked at."""
    from PIL import Image

    from gallery.adapters.photos.guard import pillow_guarded
    from gallery.adapters.reference_crops import LONGEST_SIDE

    try:
        with pillow_guarded(LONGEST_SIDE**2), Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
            size = image.size
    except Exception:  # Pillow's parsers raise whatever they stumble over
        return "is no JPEG file that can be read"
    return "" if max(size) <= LONGEST_SIDE else f"is larger than {LONGEST_SIDE} pixels a side"


@dataclass(slots=True)
class _Progress:
    advance: Advance
    total: int
    done: int = 0

    def step(self, count: int) -> None:
        self.done += count
        self.advance(self.done, self.total)


def _write_all(file: IO[bytes], contents: Contents, crops: bool, advance: Advance) -> Manifest:
    """Writes all members, the manifest at the end.

    Raises:
        Fault: If something is in there that could not be imported.
    """
    people = tuple(person if crops else _without_crops(person) for person in contents.people())
    references = [reference for person in people for reference in person.references]
    pictures = sum(reference.has_crop for reference in references)
    counts = {space: sum(space in reference.spaces for reference in references) for space in contents.models}
    progress = _Progress(advance, sum(counts.values()) + pictures)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        writer = _Writer(archive, contents, progress)
        models = tuple(writer.model(number, space, counts[space]) for number, space in enumerate(contents.models, 1))
        kept = tuple(writer.crops()) if crops else ()
        manifest = Manifest(models, people, kept, contents.decisions())
        member = _write_member(archive, manifests.NAME, 0, manifests.to_json(manifest))
        if member.size > LARGEST_MANIFEST:
            raise Fault(f"its manifest would be larger than {LARGEST_MANIFEST >> 20} MiB; export fewer people")
    return manifest


def _without_crops(person: ExchangedPerson) -> ExchangedPerson:
    return replace(person, references=tuple(replace(one, has_crop=False) for one in person.references))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the members that hold what is large."""

    archive: zipfile.ZipFile
    contents: Contents
    progress: _Progress

    def model(self, number: int, space: EmbeddingSpace, count: int) -> ArchivedModel:
        """Writes the templates of one model."""
        width = VALUE.itemsize * space.dimension
        member = _write_member(self.archive, f"templates/{number}.f32", count * width, self._templates(space, width))
        return ArchivedModel(space, space == self.contents.own, count, member)

    def crops(self) -> Iterator[ArchivedCrop]:
        """Writes the pictures."""
        for number, crop in enumerate(self.contents.crops(), 1):
            fault = _picture_fault(crop.picture)
            if fault:
                raise Fault(f"the {number}. picture that would be in it {fault}; leave pictures out with --no-crops")
            member = _write_member(self.archive, f"crops/{number}.jpg", len(crop.picture), [crop.picture])
            self.progress.step(1)
            yield ArchivedCrop(crop.x, crop.y, crop.scale, member)

    def _templates(self, space: EmbeddingSpace, width: int) -> Iterator[bytes]:
        for rows in _stacked(self.contents.templates(space), max(1, PIECE // width)):
            fault = vectors_fault(rows, space)
            if fault:
                raise Fault(f"a block of templates under {space.model} {fault}")
            self.progress.step(len(rows))
            yield rows.astype(VALUE).tobytes()


def _stacked(vectors: Iterable[NDArray[np.float32]], most: int) -> Iterator[NDArray[np.float32]]:
    some: list[NDArray[np.float32]] = []
    for vector in vectors:
        some.append(vector)
        if len(some) == most:
            yield np.stack(some)
            some = []
    if some:
        yield np.stack(some)


def _write_member(archive: zipfile.ZipFile, name: str, expected: int, content: Iterable[bytes]) -> Member:
    """Writes a member.

    Args:
        archive: Where to.
        name: The member's.
        expected: Its size, by which its header is chosen; 0 where it is not known, but below 2 GiB.
        content: Its bytes.
    """
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # as on Unix, wherever it is made
    info.external_attr = 0o600 << 16
    info.file_size = expected
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w") as member:
        for piece in content:
            member.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(name, size, digest.hexdigest())


def _in_the_way(target: Path) -> BadArgument:
    return BadArgument(
        f"There is a file at {shown(target)} already; it was left as it is.",
        "Choose another name, or add --force to replace it.",
    )
