"""Weights in another form, made on this machine from the file with the hash on record, and kept beside it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.embedders.vgg_face_network import Forward
from gallery.adapters.placing import deleting, free_bytes, place, require_room, sweep, unfinished, writing
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing
from gallery.domain.models import ModelCard, Precision
from gallery.domain.ports import Conversion

CHIPS = 8
"""Pictures on which a converted network is compared with the one it was made of."""


class ConvertedWeights:
    """Eight-bit forms of weights in the models folder, each with a record of both hashes.

    Args:
        folder: The models folder.
        convert: From a weights file to the bytes of its eight-bit form.
        load: The network of such a form.
        original: The network of a weights file, in float32.
    """

    def __init__(
        self,
        folder: Path,
        convert: Callable[[Path], NDArray[np.uint8]],
        load: Callable[[Path], Forward],
        original: Callable[[Path], Forward],
    ) -> None:
        self._folder, self._convert, self._load, self._original = folder, convert, load, original

    def handles(self, card: ModelCard) -> bool:
        """Whether a model's weights have such a form."""
        return card.embedder is not None and Precision.INT8 in card.embedder.precisions

    def find(self, card: ModelCard) -> Path | None:
        """Where the form of a model's weights lies, unread; None where it or its record is not there."""
        path = self.target(card)
        return path if path.is_file() and _record_of(path).is_file() else None

    def target(self, card: ModelCard) -> Path:
        """Where it lies, or would lie: by the hash of the weights, so that models which share a file share its form."""
        return self._folder / f"{card.architecture}-{card.sha256[:16]}.int8.tflite"

    def verified(self, card: ModelCard) -> Conversion:
        """The form of a model's weights, after hashing it.

        Raises:
            ModelMissing: If it has not been made.
            ModelChanged: If it is not what was made of the model's file, there without its record or the reverse, or
                if its record says that it strays from the weights farther than `make` allows.
        """
        path = self.target(card)
        try:
            _require_both(path, card)
            record = json.loads(_record_of(path).read_bytes())
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            distances = [_distance(record[key]) for key in ("cosine", "euclidean", "relative")]
            found = Conversion(path, str(record["sha256"]), *distances)
            source = record["source_sha256"]
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ModelChanged(f"{path} or its record {_record_of(path).name} cannot be read.", _make(card)) from error
        if source != card.sha256:
            raise ModelChanged(f"{path} is not what was made of {card.name}, says its record.", _make(card))
        if sha256 != found.sha256:
            raise ModelChanged(
                f"{path} is not what was made of {card.name}: expected SHA-256 {found.sha256}, found {sha256}.",
                _make(card),
            )
        strays = _strays(card, found)
        if strays:
            raise ModelChanged(f"{strays} So says its record {_record_of(path)}.", _make(card))
        return found

    def make(self, card: ModelCard, weights: Path) -> Conversion:
        """Makes the form of a model's weights, compares it with them, and keeps it only if it comes near enough.

        Args:
            card: The model.
            weights: Its file, whose hash has been checked.

        Raises:
            ModelFailed: If the weights cannot be read, or the form strays too far from them.
            NotWritten: If it could not be written.
        """
        data, target = self._convert(weights), self.target(card)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            sweep(target.parent)
            require_room(target, data.nbytes, free_bytes(target.parent))
            with unfinished(target) as hidden:
                with hidden.open("wb") as file:
                    file.write(data.data)
                    os.fchmod(file.fileno(), 0o644)
                    os.fsync(file.fileno())
                sha256 = hashlib.sha256(data.data).hexdigest()
                made = Conversion(target, sha256, *self._apart(card, weights, hidden))
                _require_near(card, made)
                _record_of(target).unlink(missing_ok=True)
                place(hidden, target)
                self._write_record(made, card)
        return made

    def compared(self, card: ModelCard, weights: Path) -> Conversion:
        """Compares a model's form with the weights it was made of, anew.

        Raises:
            ModelMissing: If it has not been made.
            ModelChanged: As `verified` does.
            ModelFailed: If it strays too far from them; it is removed.
        """
        there = self.verified(card)
        found = Conversion(there.path, there.sha256, *self._apart(card, weights, there.path))
        try:
            _require_near(card, found)
        except ModelFailed:
            _record_of(there.path).unlink(missing_ok=True)
            there.path.unlink(missing_ok=True)
            raise
        return found

    def parts(self, card: ModelCard) -> tuple[Path, ...]:
        """The form of a model's weights and its record, those that are there."""
        path = self.target(card)
        return tuple(one for one in (path, _record_of(path)) if one.is_file())

    def remove(self, card: ModelCard) -> None:
        """Deletes the form of a model's weights with its record, whatever of them is there.

        Without its record a form is not used; so that goes first.

        Raises:
            NotWritten: If they cannot be deleted.
        """
        path = self.target(card)
        for one in (_record_of(path), path):
            with deleting(one):
                one.unlink(missing_ok=True)

    def _apart(self, card: ModelCard, weights: Path, form: Path) -> tuple[float, float, float]:
        """How far the two networks' embeddings of the same chips are from each other, at most.

        Returns:
            The cosine distance, the Euclidean distance, and that as a share of the length of the weights' embedding.
            NaN or infinite where an embedding has no direction.
        """
        chips = fixed_chips(card.spec.input_size)
        ours, theirs = self._load(form)(chips).astype(np.float64), self._original(weights)(chips).astype(np.float64)
        lengths, apart = np.linalg.norm(theirs, axis=1), np.linalg.norm(ours - theirs, axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            cosines = 1 - np.einsum("nd,nd->n", ours, theirs) / (np.linalg.norm(ours, axis=1) * lengths)
            relative = apart / lengths
        return float(np.maximum(cosines, 0).max()), float(apart.max()), float(relative.max())

    def _write_record(self, made: Conversion, card: ModelCard) -> None:
        record: dict[str, Any] = {
            "sha256": made.sha256,
            "source_sha256": card.sha256,
            "cosine": made.cosine,
            "euclidean": made.euclidean,
            "relative": made.relative,
        }
        path = _record_of(made.path)
        with unfinished(path) as hidden:
            with hidden.open("w", encoding="utf-8") as file:
                file.write(json.dumps(record, indent=1) + "\n")
                os.fchmod(file.fileno(), 0o644)
            place(hidden, path)


def fixed_chips(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pictures with coarse and fine structure, the same every time: `(CHIPS, height, width, 3) uint8`.

    Args:
        size: Width and height in pixels.
    """
    width, height = size
    random = np.random.default_rng(2015)
    found = np.zeros((CHIPS, height, width, 3), np.float32)
    for cells in (4, 16, 56):
        coarse = random.uniform(0, 255, (CHIPS, cells, cells, 3)).astype(np.float32)
        rows, columns = (np.linspace(0, cells - 1, side).round().astype(int) for side in (height, width))
        found += coarse[:, rows][:, :, columns]
    return np.asarray(found / 3, np.uint8)


def _require_both(path: Path, card: ModelCard) -> None:
    """Refuses a form without its record, and a record without its form, as a conversion that was killed leaves."""
    form, record = path.is_file(), _record_of(path).is_file()
    if not (form or record):
        raise ModelMissing(f"The eight-bit form of {card.name} has not been made on this machine.", _make(card))
    if not record:
        raise ModelChanged(f"{path} is there without its record {_record_of(path).name}.", _make(card))
    if not form:
        raise ModelChanged(f"{_record_of(path)} is there without the form it is the record of.", _make(card))


def _require_near(card: ModelCard, made: Conversion) -> None:
    strays = _strays(card, made)
    if strays:
        raise ModelFailed(strays, f"Use float32: gallery reembed --model {card.name} --precision float32")


def _strays(card: ModelCard, made: Conversion) -> str:
    """A sentence on a form that is too far from its weights; empty for one that is near enough.

    Half the grey band is allowed in the cosine distance. The Euclidean distance decides, too, where embeddings have
    different lengths, and there is no telling directions from lengths in it; so as a share of the length it may be what
    such a cosine distance comes to between embeddings of equal length: |a - b|² = 2|a|²(1 - cos).
    """
    most = card.spec.grey_band * card.spec.thresholds.cosine / 2
    share = math.sqrt(2 * most)
    said = f"The eight-bit form of {card.name} strays from its weights: its embeddings are up to"
    if not made.cosine <= most:
        return f"{said} {made.cosine:.4f} (cosine distance) from theirs, and {most:.4f} is the most that is allowed."
    if not made.relative <= share:
        return (
            f"{said} {made.relative:.1%} of their length (Euclidean distance) from theirs, and {share:.1%} is the most "
            "that is allowed."
        )
    return ""


def _distance(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(value)
    return float(value)


def _record_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _make(card: ModelCard) -> str:
    return (
        f"Make it with 'gallery models install {card.name}', or templates in float32 with 'gallery reembed --model "
        f"{card.name} --precision float32'."
    )
