"""Figures of false match rates by group, and of galleries by size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gallery.domain.charts import Chart, Points, RatesChart
from gallery.domain.demographics import Group, worst_first
from gallery.domain.error_rates import Rate
from gallery.usecases.evaluate_demographics import Demographics
from gallery.usecases.simulate_galleries import Simulation

ROWS = 40
"""Groups in a figure, at most."""


def points(label: str, rates: Sequence[Rate]) -> Points:
    """Rates for a chart."""
    values, low, high = (
        np.array(column, np.float64) for column in zip(*[(r.value, r.low, r.high) for r in rates], strict=True)
    )
    return Points(label, values, low, high)


def of_demographics(results: Sequence[Demographics], least: int) -> dict[str, Chart]:
    """For each detector with each embedder, a chart of all groups of enough faces: single columns, worst first."""
    return {f"groups-{one.detector.name}-{one.embedder.name}.png": _groups(one, least) for one in results}


def _groups(result: Demographics, least: int) -> RatesChart:
    first = result.results[0].groups
    shown = worst_first(first, least)[:ROWS]
    return RatesChart(
        f"Different people taken for one, {result.detector.name} and {result.embedder.name}",
        "false match rate, with intervals at 95 %",
        tuple(named(first[n]) for n in shown),
        tuple(points(one.limit.label, [one.groups[n].fmr for n in shown]) for one in result.results),
    )


def named(group: Group) -> str:
    """What a group is called: its values, or all of the set's faces."""
    return ", ".join(group.values) or "all"


def of_simulation(result: Simulation) -> dict[str, Chart]:
    """Both rates by the size of the gallery."""
    kinds = {
        "strangers kept (FPIR)": [one.fpir for one in result.results],
        "photos that show a stranger": [one.shown for one in result.results],
    }
    if any(one.fnir.trials for one in result.results):
        kinds["enrolled people blurred (FNIR)"] = [one.fnir for one in result.results]
    return {
        "sizes.png": RatesChart(
            f"Galleries by size, {result.detector.name} and {result.embedder.name}",
            "rate, with intervals at 95 %",
            tuple(f"{one.size:,} enrolled" for one in result.results),
            tuple(points(label, rates) for label, rates in kinds.items()),
        )
    }
