"""Making a model's cohort of photos on this machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.cohort_files import keep
from gallery.adapters.cohort_files import load as load_cohort
from gallery.adapters.registry import TomlRegistry, load
from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box
from gallery.domain.models import Normalisation
from gallery.testing import FakeCropper, FakeDetector, FakePhotoFiles, blank, draw
from gallery.usecases.faces import Recogniser
from gallery.usecases.keep_cohort import KeepCohort
from gallery.usecases.make_cohort import MakeCohort

PEOPLE = 400


class Spread:
    """Gives each face a direction of its own, by its colour."""

    def __init__(self, card) -> None:
        self.card = card

    def embed(self, chips):
        seeds = chips[:, 0, 0].astype(int) @ [65536, 256, 1]
        rows = np.stack([np.random.default_rng(seed).normal(size=self.card.spec.dimension) for seed in seeds])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def registry(tmp_path) -> TomlRegistry:
    found = TomlRegistry(tmp_path)
    shipped = load(tmp_path)["auraface"]
    spec = replace(shipped.spec, dimension=32, normalisation=Normalisation.L2)
    found.add(replace(shipped, name="mine", file="/w.onnx", urls=(), embedder=spec))
    return found


def use(registry: TomlRegistry, folder: Path, people: int = PEOPLE) -> tuple[KeepCohort, list[Path]]:
    box = Box(16, 8, 30, 30)
    photos = {Path(f"{n}.png"): draw(blank(), box, 1 + n % 250, away=n // 250) for n in range(people)}
    recogniser = Recogniser(FakeDetector(), FakeCropper(), Spread(registry.card("mine")))
    make = MakeCohort(recogniser, FakePhotoFiles(photos))
    return KeepCohort(make, partial(keep, folder), registry, date(2026, 12, 1)), list(photos)


@pytest.fixture(autouse=True)
def any_face_will_do(monkeypatch):
    """Fake faces are of one colour, and so not sharp."""
    monkeypatch.setattr("gallery.usecases.make_cohort.trusted", lambda *_: True)


def test_a_cohort_is_made_kept_and_read_back(registry, tmp_path):
    keeping, portraits = use(registry, tmp_path)

    card = keeping(registry.card("mine"), portraits, "portraits")

    entry = card.spec.cohort
    assert entry is not None
    assert entry.origin == "2,000 drawn vectors, nobody's, after the spread of 400 faces of portraits, on 2026-12-01"
    assert Path(entry.file).parent == tmp_path / "cohorts"
    assert entry.sha256[:12] in entry.file
    assert registry.card("mine").spec.cohort is None, "not before it is recorded"
    keeping.record(card)
    assert registry.card("mine") == card
    cohort = load_cohort(entry, 32)
    assert cohort.members.shape == (2000, 32)
    assert [path.name for path in (tmp_path / "cohorts").iterdir()] == [Path(entry.file).name]


def test_no_member_is_anybody_s(registry, tmp_path):
    keeping, portraits = use(registry, tmp_path)
    cohort = load_cohort(keeping(registry.card("mine"), portraits, "p").spec.cohort, 32)
    faces = np.stack([keeping.make._face(path).embedding for path in portraits])
    between = faces @ faces.T - 2 * np.eye(len(faces))
    assert (cohort.members @ faces.T).max() < max(0.56, between.max())


def test_made_anew_it_stands_beside_the_former_until_it_is_recorded(registry, tmp_path):
    keeping, portraits = use(registry, tmp_path)
    first = keeping(registry.card("mine"), portraits, "p")
    keeping.record(first)
    second = keeping(registry.card("mine"), portraits[:350], "fewer")
    assert load_cohort(registry.card("mine").spec.cohort, 32)
    keeping.record(second)
    assert registry.card("mine").spec.cohort.origin.endswith("350 faces of fewer, on 2026-12-01")
    assert len(list((tmp_path / "cohorts").iterdir())) == 2


def test_too_few_faces(registry, tmp_path):
    keeping, portraits = use(registry, tmp_path, people=50)
    with pytest.raises(BadArgument, match="needs 320 faces"):
        keeping(registry.card("mine"), portraits, "p")
    assert not (tmp_path / "cohorts").exists()


def test_a_cohort_that_comes_with_the_program_stays(registry, tmp_path):
    keeping, portraits = use(registry, tmp_path)
    with pytest.raises(BadArgument, match="stays as it is"):
        keeping(registry.card("sface"), portraits, "p")
