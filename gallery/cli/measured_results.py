"""What `gallery models measure` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gallery.cli.documents import of_cohort, of_thresholds
from gallery.cli.evaluation_documents import head, of_verification, rate_of
from gallery.cli.evaluation_tables import as_percent, interval
from gallery.cli.tables import facts, limits

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

    from gallery.usecases.measure_model import Measured


def table(measured: Measured) -> Table:
    """The thresholds found, and what they miss."""
    return facts(
        [
            ("thresholds", limits(measured.card.spec.thresholds)),
            ("before", limits(measured.before.spec.thresholds) if measured.before.spec.measured else "none"),
            ("cohort", measured.card.spec.cohort.origin if measured.card.spec.cohort else "none"),
            ("misses", f"{as_percent(measured.fnmr.value)} of one person's comparisons ({interval(measured.fnmr)})"),
        ],
        f"Thresholds of {measured.card.name}",
    )


def document(measured: Measured, inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """The same for other programs, with all of the verification."""
    before = measured.before.spec
    return {
        **head("measurement", inputs),
        "model": measured.card.name,
        "model_sha256": measured.card.sha256,
        "thresholds": of_thresholds(measured.card.spec.thresholds),
        "cohort": of_cohort(measured.card),
        "before": of_thresholds(before.thresholds) if before.measured else None,
        "fmr": measured.fmr,
        "comparisons": measured.comparisons,
        "fnmr": rate_of(measured.fnmr),
        "verification": of_verification([measured.verification], inputs)["results"],
    }
