"""How every evaluation ends: its results are printed and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gallery.domain.charts import Chart
    from gallery.domain.ports import Reports


def finish(report: Reports | None, document: dict[str, Any], charts: Mapping[str, Chart], as_json: bool) -> None:
    """Prints and writes the results; the figures come last, because they may lack matplotlib."""
    from gallery.cli.output import print_json, remark

    if as_json:
        print_json(document)
    if report is not None:
        written = [report.write_json("result.json", document), *report.write_figures(charts)]
        remark(f"Written: {', '.join(str(path) for path in written)}")
