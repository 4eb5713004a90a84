"""Galleries drawn by lot: what is counted, and how sure one can be of it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from gallery.domain.deciding import Policy
from gallery.domain.error_rates import wilson
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.domain.simulating import over_draws, simulate

POLICY = Policy(Thresholds(0.1, 1.0), Floors(4, 0.0), 0.0, once_per_photo=False)


def face(vector, size: int = 50) -> Face:
    detection = Detection(Box(0, 0, size, size), 0.9)
    return Face(detection, Quality(size, 100.0, True), np.asarray(vector, np.float32))


def crowd(count: int, alike: int = 0) -> dict[str, list[Face]]:
    """People of whom nobody resembles another, but for some who all look the same."""
    vectors = np.eye(count)
    vectors[:alike] = vectors[0]
    return {f"P{n}": [face(vector)] for n, vector in enumerate(vectors)}


def test_nobody_is_kept_who_resembles_nobody():
    found = simulate(crowd(60), 20, POLICY, Random(0), galleries=3)
    assert (found.fpir.hits, found.fpir.trials) == (0, 3 * 40)
    assert (found.shown.hits, found.shown.trials) == (0, 3 * 4)
    assert found.fnir.trials == 0


@pytest.mark.parametrize("size", [1, 5, 20])
def test_the_rate_is_that_of_drawing_without_putting_back(size):
    """Of 100 people 40 look the same; a stranger among them is kept where any of the other 39 is enrolled."""
    people = crowd(100, alike=40)
    found = simulate(people, size, POLICY, Random(1), galleries=400 if size < 20 else 60)
    none = 1.0
    for drawn in range(size):
        none *= (60 - drawn) / (99 - drawn)
    assert found.fpir.value == pytest.approx(0.4 * (1 - none), abs=0.02)
    assert found.fpir.low < 0.4 * (1 - none) < found.fpir.high


def test_larger_galleries_keep_more():
    rates = [simulate(crowd(100, 30), size, POLICY, Random(2)).fpir.value for size in (1, 10, 50)]
    assert rates == sorted(rates)
    assert rates[0] < rates[-1]


def test_further_pictures_of_the_enrolled_are_looked_for():
    people = crowd(30)
    for number, (name, own) in enumerate(people.items()):
        if number % 2:
            people[name] = [*own, own[0], face(-own[0].embedding)]  # one that is like the reference, one that is not
    found = simulate(people, 10, POLICY, Random(3), galleries=5)
    assert found.fnir.trials == 2 * found.fnir.hits > 0
    assert found.fnir.value == 0.5
    assert found.fpir.hits == 0


def test_the_rules_are_those_of_an_anonymisation():
    people = crowd(20, alike=20)
    assert simulate(people, 2, POLICY, Random(0), 1).fpir.value == 1
    small = {name: [replace(own[0], quality=Quality(2, 100.0, True))] for name, own in people.items()}
    assert simulate(small, 2, POLICY, Random(0), 1).fpir.value == 0
    once = replace(POLICY, once_per_photo=True)
    assert simulate(people, 2, once, Random(0), 1).fpir.value < 0.5, "they cast doubt on each other"


def test_enough_galleries_are_drawn_to_enrol_many():
    assert [simulate(crowd(40), size, POLICY, Random(0)).galleries for size in (1, 30)] == [200, 7]


def test_the_same_lot_draws_the_same():
    one, other = (simulate(crowd(50, 20), 5, POLICY, Random(7)) for _ in range(2))
    assert one == other


class TestOverDraws:
    def test_draws_make_an_interval_no_narrower_than_one_of_them(self):
        rate, once = over_draws([(5, 100)] * 8), wilson(5, 100)
        assert (rate.hits, rate.trials) == (40, 800)
        assert (rate.low, rate.high) == pytest.approx((once.low, once.high))

    def test_and_wider_where_they_differ(self):
        rate, once = over_draws([(0, 100)] * 7 + [(40, 100)]), wilson(5, 100)
        assert rate.high > once.high
        assert rate.low < once.low

    def test_none_at_all(self):
        rate = over_draws([(0, 100)] * 8)
        assert rate.high == pytest.approx(wilson(0, 100).high)
        assert over_draws([(0, 0)] * 3).trials == 0
        assert over_draws([(7, 7)]).value == 1
