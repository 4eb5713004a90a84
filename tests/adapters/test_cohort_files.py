"""Cohorts as files: hashed before use, read without pickle, in every kind of installation."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.cohort_files import load, where, write
from gallery.adapters.registry import load as load_registry
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing
from gallery.domain.making_cohorts import Made
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

D = 6
MADE = Made(
    np.random.default_rng(0).integers(-127, 128, (40, D), np.int8), np.arange(D + 1, dtype=np.float32), -3.0, 2.5, 500
)


def entry_of(path: Path) -> CohortEntry:
    data = path.read_bytes()
    return CohortEntry(str(path), hashlib.sha256(data).hexdigest(), len(data), 10, -3.0, 2.5)


@pytest.mark.parametrize("age", [True, False])
def test_what_is_written_is_read_back(tmp_path, age):
    target = tmp_path / "new" / "mine.npz"
    sha256 = write(MADE if age else replace(MADE, age=None), target)
    entry = entry_of(target)
    assert entry.sha256 == sha256
    read = load(entry, D)
    np.testing.assert_allclose(read.members, directions(MADE.members.astype(np.float32)))
    assert (read.age is None) == (not age)
    assert write(MADE if age else replace(MADE, age=None), tmp_path / "again.npz") == sha256


def test_another_file_is_refused_with_both_hashes(tmp_path):
    write(MADE, tmp_path / "mine.npz")
    entry = entry_of(tmp_path / "mine.npz")
    write(replace(MADE, age=None), tmp_path / "mine.npz")
    with pytest.raises(ModelChanged, match=f"expected SHA-256 {entry.sha256}, found [0-9a-f]{{64}}") as refused:
        load(entry, D)
    assert refused.value.hint


def test_a_missing_file_is_missed(tmp_path):
    entry = CohortEntry(str(tmp_path / "none.npz"), "0" * 64, 1, 10, 0, 1)
    with pytest.raises(ModelMissing, match=r"none\.npz is missing"):
        load(entry, D)
    with pytest.raises(ModelMissing, match="did not come with this program"):
        where(replace(entry, file="none.npz"))


def arrays(**some: np.ndarray) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **some)
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        arrays(members=MADE.members)[:200],
        arrays(other=MADE.members),
        arrays(members=MADE.members.astype(np.float32)),
        arrays(members=MADE.members[:, :3]),
        arrays(members=MADE.members[:5]),
        arrays(members=MADE.members, age=np.zeros(3, np.float32)),
        arrays(members=np.array([{"code": "that would be run"}], object)),
    ],
)
def test_what_is_no_cohort_is_refused(tmp_path, data):
    path = tmp_path / "odd.npz"
    path.write_bytes(data)
    with pytest.raises(ModelFailed, match=r"odd\.npz holds no cohort of embeddings of 6 values"):
        load(entry_of(path), D)


def test_a_cohort_that_marks_the_very_young_must_measure_ages(tmp_path):
    write(replace(MADE, age=None), tmp_path / "mine.npz")
    with pytest.raises(ModelFailed, match="measures no ages"):
        load(replace(entry_of(tmp_path / "mine.npz"), young=1.0), D)


@pytest.mark.parametrize("name", [name for name, card in load_registry(Path("/nowhere")).items() if card.embedder])
def test_the_cohorts_that_come_with_the_program_are_those_on_record(name):
    spec = load_registry(Path("/nowhere"))[name].spec
    if spec.cohort is None:
        pytest.skip(f"{name} has no cohort")
    cohort = load(spec.cohort, spec.dimension)
    assert where(spec.cohort).stat().st_size == spec.cohort.size
    assert len(cohort.members) >= 1000
    assert spec.cohort.licence
    assert spec.cohort.origin


SAME = Path(__file__).parents[1] / "assets" / "labels" / "fairface-same.txt"
"""Pictures of one person, though the set says of each that it shows somebody else."""


@pytest.mark.models
def test_no_member_is_nearer_to_any_face_than_different_people_are_to_each_other(shared_data):
    """Of all of FairFace, the half that the cohort was made of and the other."""
    from gallery.bootstrap import Bootstrap
    from gallery.domain.central_face import central

    boot = Bootstrap.of()
    card = boot.registry().card("sface")
    recogniser, photos = boot.recogniser(card, "yunet"), boot.photos()
    with (shared_data / "fairface" / "labels.csv").open(encoding="utf-8", newline="") as lines:
        files = [row["file"] for row in csv.DictReader(lines)]
    faces, numbers = [], []
    for file in files[::5]:  # a fifth of them, taken evenly
        pixels = photos.read(shared_data / "fairface" / "images" / file).pixels
        found = recogniser.detect(pixels)
        if found:
            (face,) = recogniser.describe(pixels, [central(found, pixels.shape[1], pixels.shape[0])])
            faces.append(face.embedding)
            numbers.append(Path(file).stem)
    assert recogniser.cohort is not None
    vectors = np.stack(faces)
    lines = SAME.read_text(encoding="utf-8").splitlines()
    people = {number: line for line in lines if line[:1] != "#" for number in line.split()}
    whose = [people.get(number, number) for number in numbers]
    pairs = [(a, b) for a, b in zip(*np.triu_indices(len(vectors), 1), strict=True) if whose[a] != whose[b]]
    one, other = np.array(pairs).T
    strangers = (vectors @ vectors.T)[one, other]
    members = recogniser.cohort.members @ vectors.T
    assert members.max() < strangers.max()
    for share in (1e-2, 1e-3, 1e-4):
        assert np.quantile(members, 1 - share) < np.quantile(strangers, 1 - share)
