"""A gallery compared with itself."""

from __future__ import annotations

import math
from itertools import combinations
from unittest.mock import ANY

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain import examining
from gallery.domain.examining import NEARLY_IDENTICAL, Examination, Misfit, Outlier, Pair, examine
from gallery.domain.matching import Whitelist
from gallery.domain.models import Thresholds


def whitelist(templates, owners, names=None) -> Whitelist:
    owners = np.asarray(owners, np.intp)
    names = names or tuple(f"person {n}" for n in range(owners.max() + 1))
    return Whitelist(names, owners, np.arange(100, 100 + len(owners)), np.asarray(templates, np.float32))


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch):
    monkeypatch.setattr(examining, "TILE", (3, 5))
    monkeypatch.setattr(examining, "OWN", 20)


@st.composite
def galleries(draw) -> tuple[Whitelist, Thresholds, dict[str, Thresholds]]:
    owners = draw(st.lists(st.integers(0, 6), min_size=1, max_size=24))
    owners = np.unique(owners, return_inverse=True)[1]
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    faces = random.normal(size=(owners.max() + 1, 5))
    templates = faces[owners] + draw(st.sampled_from([0.01, 0.5])) * random.normal(size=(len(owners), 5))
    if draw(st.booleans()):
        templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    for _ in range(draw(st.integers(0, 3))):
        templates[random.integers(len(owners))] = templates[random.integers(len(owners))]
    if draw(st.booleans()):
        templates[random.integers(len(owners))] = 0
    gallery = whitelist(templates, owners)
    limits = [Thresholds(random.uniform(0, 1.2), random.uniform(0, 4)) for _ in range(3)]
    return gallery, limits[0], dict(zip(gallery.names[::2], limits[1:], strict=False))


class Model:
    """The definitions, one pair at a time in float64."""

    def __init__(self, gallery: Whitelist, thresholds: Thresholds, personal: dict[str, Thresholds]) -> None:
        self.names = [gallery.names[owner] for owner in gallery.owners]
        self.limits = [personal.get(name, thresholds) for name in self.names]
        self.vectors = gallery.templates.astype(float)
        self.rows = range(len(self.names))

    def distances(self, a: int, b: int) -> tuple[float, float]:
        x, y = self.vectors[a], self.vectors[b]
        lengths = math.sqrt(x @ x) * math.sqrt(y @ y)
        return (1 - min(1, x @ y / lengths) if lengths else 2.0), math.dist(x, y)

    def matches(self, row: int, a: int, b: int) -> bool:
        cosine, euclidean = self.distances(a, b)
        return cosine <= self.limits[row].cosine and euclidean <= self.limits[row].euclidean

    def closest(self, row: int, own: bool) -> int | None:
        """The closest other one of the same person; or the closest of those that match somebody else."""
        among = [r for r in self.rows if r != row and (self.names[r] == self.names[row]) is own]
        among = [r for r in among if own or self.matches(r, row, r)]
        return min(among, key=lambda r: self.distances(row, r)[0], default=None)

    def outliers(self) -> dict[tuple[int, ...], tuple[float, float]]:
        found = {}
        for row in self.rows:
            other = self.closest(row, own=True)
            if other is not None and not self.matches(row, row, other):
                two = self.names.count(self.names[row]) == 2
                found[tuple(sorted((row, other))) if two else (row,)] = self.distances(row, other)
        return found

    def misfits(self) -> dict[int, tuple[float, float, float]]:
        found = {}
        for row in self.rows:
            own, other = self.closest(row, own=True), self.closest(row, own=False)
            if own is None or other is None:
                continue
            if self.distances(row, other)[0] < self.distances(row, own)[0]:
                found[row] = (self.distances(row, own)[0], *self.distances(row, other))
        return found

    def collisions(self) -> dict[frozenset[str], tuple[float, float]]:
        found = {}
        for a, b in combinations(self.rows, 2):
            if self.names[a] != self.names[b] and (self.matches(a, a, b) or self.matches(b, a, b)):
                pair = frozenset((self.names[a], self.names[b]))
                found[pair] = min(found.get(pair, (math.inf, math.inf)), self.distances(a, b))
        return found

    def near_identical(self) -> dict[tuple[int, int], tuple[float, float]]:
        pairs = ((a, b) for a, b in combinations(self.rows, 2) if self.names[a] != self.names[b])
        return {(a, b): self.distances(a, b) for a, b in pairs if self.distances(a, b)[0] < NEARLY_IDENTICAL}


def agree(found, expected) -> None:
    assert found.keys() == expected.keys()
    for key, distances in found.items():
        assert distances == pytest.approx(expected[key], abs=2e-6)


@given(galleries())
def test_it_finds_what_the_definitions_say(made):
    gallery, thresholds, personal = made
    model = Model(gallery, thresholds, personal)

    found = examine(gallery, thresholds, personal)

    assert found.complete
    outliers = {
        tuple(sorted((o.reference - 100, o.closest - 100))) if o.mutual else (o.reference - 100,): o
        for o in found.outliers
    }
    assert len(outliers) == len(found.outliers)
    agree({key: (o.cosine, o.euclidean) for key, o in outliers.items()}, model.outliers())
    misfits = {m.reference - 100: m for m in found.misfits}
    assert len(misfits) == len(found.misfits)
    agree({key: (m.own_cosine, m.cosine, m.euclidean) for key, m in misfits.items()}, model.misfits())
    collisions = {frozenset((pair.first, pair.second)): pair for pair in found.collisions}
    assert len(collisions) == len(found.collisions)
    agree({key: (pair.cosine, pair.euclidean) for key, pair in collisions.items()}, model.collisions())
    near = {tuple(sorted((p.first_reference - 100, p.second_reference - 100))): p for p in found.near_identical}
    assert len(near) == len(found.near_identical)
    agree({key: (pair.cosine, pair.euclidean) for key, pair in near.items()}, model.near_identical())
    _worst_first(found)
    _belongs_together(found, gallery, model)


def _worst_first(found: Examination) -> None:
    outliers, gains = [-o.cosine for o in found.outliers], [m.cosine - m.own_cosine for m in found.misfits]
    for order in (outliers, gains, *([p.cosine for p in pairs] for pairs in (found.collisions, found.near_identical))):
        assert order == sorted(order)


def _belongs_together(found: Examination, gallery: Whitelist, model: Model) -> None:
    """The references reported are those of the people reported, at the distances reported."""
    for o in found.outliers:
        assert model.names[o.reference - 100] == model.names[o.closest - 100] == o.identity
        assert model.distances(o.reference - 100, o.closest - 100) == pytest.approx((o.cosine, o.euclidean))
    for m in found.misfits:
        assert model.names[m.reference - 100] == model.names[m.own_reference - 100] == m.identity
        assert model.names[m.other_reference - 100] == m.other
        distances = model.distances(m.reference - 100, m.other_reference - 100)
        assert distances == pytest.approx((m.cosine, m.euclidean), abs=1e-12)
    for p in (*found.collisions, *found.near_identical):
        assert (model.names[p.first_reference - 100], model.names[p.second_reference - 100]) == (p.first, p.second)
        assert gallery.names.index(p.first) < gallery.names.index(p.second)
        distances = model.distances(p.first_reference - 100, p.second_reference - 100)
        assert distances == pytest.approx((p.cosine, p.euclidean), abs=1e-12)


def circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


LIMIT = Thresholds(1 - math.cos(math.radians(30)), 2)


def test_what_is_found_names_people_and_references():
    gallery = whitelist(circle(0, 10, 100, 105, 200, 250), [0, 0, 0, 1, 2, 2], ("Ada", "Grace", "Edsger"))

    found = examine(gallery, LIMIT)

    assert found.outliers == (
        Outlier("Ada", 102, 101, pytest.approx(1), ANY, mutual=False),
        Outlier("Edsger", 104, 105, pytest.approx(1 - math.cos(math.radians(50))), ANY, mutual=True),
    )
    near = pytest.approx(1 - math.cos(math.radians(5)))
    assert found.misfits == (Misfit("Ada", 102, 101, pytest.approx(1), "Grace", 103, near, ANY),)
    assert found.collisions == (Pair("Ada", 102, "Grace", 103, near, ANY),)
    assert found.near_identical == ()


def test_a_copy_under_another_name_is_found_whatever_the_thresholds():
    found = examine(whitelist(circle(20, 20, 90), [0, 1, 2]), Thresholds(0, 0))

    assert [(p.first_reference, p.second_reference) for p in found.near_identical] == [(100, 101)]


def test_with_too_many_pairs_the_closest_are_listed():
    gallery = whitelist(circle(*(1.1**n for n in range(1, 30))), range(29))

    everything, some = (examine(gallery, LIMIT, most=most) for most in (1000, 7))

    assert everything.complete
    assert not some.complete
    assert some.collisions == everything.collisions[:7]
    assert some.near_identical == everything.near_identical[:7]


def test_people_with_thresholds_of_their_own():
    gallery = whitelist(circle(0, 20, 40, 60), [0, 0, 1, 1], ("Ada", "Grace"))

    strict = examine(gallery, LIMIT, {"Ada": Thresholds(0.01, 2)})
    both = examine(gallery, LIMIT, {"Ada": Thresholds(0.01, 2), "Grace": Thresholds(0.01, 2)})

    assert [(o.identity, o.mutual) for o in strict.outliers] == [("Ada", True)]
    assert len(strict.collisions) == 1, "Grace's thresholds take Ada for her"
    assert not both.collisions


def test_an_empty_gallery_and_a_single_reference_have_nothing_to_show():
    nothing = Examination((), (), (), (), complete=True)

    assert examine(Whitelist.empty(3), LIMIT) == nothing
    assert examine(whitelist([[1, 0]], [0]), LIMIT) == nothing


def test_progress_counts_references():
    told: list[tuple[int, int]] = []

    examine(whitelist(circle(*range(7)), [0] * 7), LIMIT, advance=lambda *step: told.append(step))

    assert told == [(3, 7), (6, 7), (7, 7)]
