"""The JSON of the statistics of recorded decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gallery.domain.score_statistics import Course, Scores, over_time, people

WIDTH = 0.02
"""Of a bin, in cosine distance."""


def of_scores(scores: Scores, left_out: Sequence[int], figures: Sequence[Path] = ()) -> dict[str, Any]:
    """All statistics of some runs.

    Args:
        scores: Their decisions, under one model.
        left_out: Numbers of the runs of other models.
        figures: Files that were written.
    """
    space = scores.runs[-1].space if scores.runs else None
    kept, blurred = scores.histograms(max(1, round(scores.scale() / WIDTH)))
    return {
        "model": space.model if space else None,
        "model_sha256": space.sha256 if space else None,
        "preparation": space.preparation if space else None,
        "runs": [run.id for run in scores.runs],
        "going_on": [run.id for run in scores.runs if run.running],
        "pruned": [run.id for run in scores.runs if run.pruned is not None],
        "other_models": list(left_out),
        "thresholds": [{"cosine": value, "runs": runs} for value, runs in scores.thresholds.items()],
        "photos": len(scores.photo_run),
        "kept": int(scores.face_kept.sum()),
        "blurred": int((~scores.face_kept).sum()),
        "waiting": int(scores.waiting.sum()),
        "compared_with_nobody": int((~scores.compared).sum()),
        "histogram": {
            "edges": [round(float(edge), 6) for edge in kept.edges],
            "kept": kept.counts.tolist(),
            "blurred": blurred.counts.tolist(),
        },
        "people": [asdict(one) for one in people(scores)],
        "over_time": _course(over_time(scores)),
        "figures": [str(path) for path in figures],
    }


def _course(course: Course) -> dict[str, Any]:
    return {
        "unit": course.unit.value,
        "periods": [
            {
                "start": one.start.isoformat(),
                "runs": list(one.runs),
                "photos": one.counts.images,
                "done_before": one.counts.before,
                "failed": one.counts.failed,
                "kept": one.counts.kept,
                "blurred": one.counts.blurred,
                "waiting": one.counts.waiting,
                "share_kept": one.share,
            }
            for one in course.periods
        ],
    }
