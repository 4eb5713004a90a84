"""Cohorts as files: NumPy's `.npz`, read without pickle, and hashed before anything in it is looked at."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np

from gallery.adapters.placing import folder_of, place, unfinished, writing
from gallery.domain.cohorts import Cohort
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing
from gallery.domain.making_cohorts import Kept, Made, unpacked
from gallery.domain.models import CohortEntry
from gallery.resources import resource

FOLDER = ("models", "cohorts")
"""Where the cohorts lie that come with the program."""
_REMEDY = "Install this program again, or make the cohort once more: gallery models cohort"


def load(entry: CohortEntry, dimension: int) -> Cohort:
    """Reads a cohort.

    Args:
        entry: What the registry says of it.
        dimension: Length of its model's embeddings.

    Raises:
        ModelMissing: If there is no such file.
        ModelChanged: If it is not the file whose hash is on record.
        ModelFailed: If it cannot be read, or holds no cohort of such embeddings.
    """
    path = where(entry)
    try:
        data = path.read_bytes()  # what is hashed is what is used, whatever happens to the file meanwhile
    except FileNotFoundError as error:
        raise ModelMissing(f"The cohort {path} is missing.", _REMEDY) from error
    except OSError as error:
        raise ModelFailed(f"The cohort {path} cannot be read: {error.strerror or error}.", _REMEDY) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != entry.sha256:
        raise ModelChanged(
            f"{path} is not the cohort on record: expected SHA-256 {entry.sha256}, found {sha256}.", _REMEDY
        )
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            members, age = arrays["members"], arrays.get("age")
        if members.dtype != np.int8 or members.ndim != 2 or members.shape[1] != dimension:
            raise ValueError(f"members {members.shape} {members.dtype}")
        if entry.young is not None and age is None:
            raise ValueError("it measures no ages")
        return Cohort(entry, unpacked(members), age)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFailed(f"{path} holds no cohort of embeddings of {dimension} values ({error}).", _REMEDY) from error


def where(entry: CohortEntry) -> Path:
    """The path of a cohort's file.

    Raises:
        ModelMissing: If it should have come with the program, and did not.
    """
    if Path(entry.file).is_absolute():
        return Path(entry.file)
    try:
        return resource(*FOLDER, entry.file)
    except FileNotFoundError as error:
        raise ModelMissing(f"The cohort {entry.file} did not come with this program.", _REMEDY) from error


def write(made: Made, target: Path) -> str:
    """Writes a cohort, all or nothing.

    Args:
        made: The cohort.
        target: The file, which is replaced.

    Returns:
        Its SHA-256.

    Raises:
        NotWritten: If it could not be written.
    """
    arrays = {"members": made.members} if made.age is None else {"members": made.members, "age": made.age}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    with writing(target), folder_of(target), unfinished(target) as hidden:
        hidden.write_bytes(packed.getvalue())
        hidden.chmod(0o644)
        place(hidden, target)
    return hashlib.sha256(packed.getvalue()).hexdigest()


def keep(models_dir: Path, name: str, made: Made) -> Kept:
    """Writes a cohort that was made on this machine into the models folder, under a name by its content.

    Args:
        models_dir: The folder.
        name: Of the model.
        made: The cohort.

    Raises:
        NotWritten: If it could not be written.
    """
    folder = models_dir.absolute() / "cohorts"
    unnamed = folder / f"{name}.npz.new"
    sha256 = write(made, unnamed)
    target = folder / f"{name}-{sha256[:12]}.npz"
    with writing(target):
        place(unnamed, target)
        return Kept(target, sha256, target.stat().st_size)
