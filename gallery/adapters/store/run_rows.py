"""Runs, photos and decisions as SQLite keeps them, turned into the domain's.

Without SQLAlchemy: importing it takes longer than showing the first screen of a run, and making its objects of 60,000
decisions takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import (
    Counts,
    DecidedFace,
    ImageRecord,
    ImageStatus,
    RunSettings,
    RunStatus,
    RunSummary,
    Verification,
)

FACE = (
    *("box_x", "box_y", "box_width", "box_height", "score", "landmarks", "size", "sharpness", "as_meant"),
    *("verdict", "rule", "reason", "identity", "reference_id", "cosine", "euclidean", "normalised", "age"),
    *("runner_up", "runner_up_reference_id", "runner_up_cosine", "runner_up_euclidean", "runner_up_normalised"),
    *("runner_up_age", "keeps", "residual"),
)
IMAGE = (
    *("source", "status", "sha256", "width", "height", "output", "output_sha256", "error", "remarks", "verified"),
    *("state", "earlier"),
)
RUN = (
    *("id", "status", "started", "finished", "by", "program", "model", "model_sha256", "preparation", "dimension"),
    *("detector", "detector_sha256", "cosine", "euclidean", "threshold_origin", "policy", "redaction", "identities"),
    *("templates", "output", "pruned", "pruned_by", "counts"),
)
"""Columns, in the order in which these functions take their values."""


def text_of(value: str | bytes) -> str:
    """Text that may hold what is not Unicode; see `gallery.adapters.store.columns.AnyText`."""
    return value.decode(errors="surrogatepass") if isinstance(value, bytes) else value


def face_of(values: tuple[Any, ...]) -> DecidedFace:
    """A face with its decision, of the values of `FACE`."""
    x, y, width, height, score, landmarks, size, sharpness, as_meant, verdict, rule, reason, *rest = values
    *closest, keeps, residual = rest
    points = Landmarks(*((px, py) for px, py in json.loads(landmarks))) if landmarks is not None else None
    decision = Decision(
        Verdict(verdict), Rule(rule), text_of(reason), candidate_of(*closest[:6]), candidate_of(*closest[6:]), keeps
    )
    return DecidedFace(
        Detection(Box(x, y, width, height), score, points), Quality(size, sharpness, bool(as_meant)), decision, residual
    )


def image_of(values: tuple[Any, ...], faces: tuple[DecidedFace, ...]) -> ImageRecord:
    """A photo, of the values of `IMAGE`."""
    source, status, sha256, width, height, output, output_sha256, error, remarks, verified, state, earlier = values
    return ImageRecord(
        source=text_of(source),
        status=ImageStatus(status),
        sha256=sha256,
        width=width,
        height=height,
        output=None if output is None else text_of(output),
        output_sha256=output_sha256,
        faces=faces,
        error=None if error is None else text_of(error),
        remarks=tuple(json.loads(remarks)),
        verified=None if verified is None else Verification(verified),
        state=state,
        earlier=earlier,
    )


_BASE, _REVIEWED = "base", "reviewed"
"""Names under which the column `policy` holds what is no rule, so that no other column is needed for it."""


def with_whereabouts(settings: RunSettings) -> dict[str, Any]:
    """What the column `policy` holds: the rules, the folder that the run was made in, and the run it reviewed."""
    rest = {_BASE: settings.base or None, _REVIEWED: settings.reviewed}
    return settings.policy | {name: value for name, value in rest.items() if value is not None}


def whereabouts_of(policy: object) -> tuple[str, int | None]:
    """The folder that a run was made in, and the run it reviewed, of what the column `policy` holds."""
    if not isinstance(policy, Mapping):  # changed behind the program's back, which the trail tells
        return "", None
    base, reviewed = policy.get(_BASE, ""), policy.get(_REVIEWED)
    return str(base), None if reviewed is None else int(reviewed)


def settings_of(row: dict[str, Any]) -> RunSettings:
    """A run's settings, of the columns of `RUN`."""
    policy = dict(json.loads(row["policy"]))
    base, reviewed = whereabouts_of(policy)
    settings = RunSettings(
        program=row["program"],
        space=EmbeddingSpace(row["model"], row["model_sha256"], row["preparation"], row["dimension"]),
        detector=row["detector"],
        detector_sha256=row["detector_sha256"],
        thresholds=_thresholds(row),
        policy={name: value for name, value in policy.items() if name not in (_BASE, _REVIEWED)},
        redaction=dict(json.loads(row["redaction"])),
        identities=row["identities"],
        templates=row["templates"],
        output=text_of(row["output"]),
        base=base,
        reviewed=reviewed,
    )
    settings.personal, settings.scores  # noqa: B018 - damaged ones are noticed here, where it can be said
    return settings


def reviewed_by(policy: str) -> int | None:
    """The run that a run reviewed, of the column `policy`, which is only read where it says so: there are many."""
    return whereabouts_of(json.loads(policy))[1] if f'"{_REVIEWED}"' in policy else None


def summary_of(row: dict[str, Any], counts: Counts, settled: int = 0, rewritten_in: Sequence[int] = ()) -> RunSummary:
    """A run's summary, of the columns of `RUN`.

    Args:
        row: The run's. Of a pruned run it holds the counts itself.
        counts: Of its photos and faces that are there.
        settled: How many of the faces that waited have been decided on since.
        rewritten_in: Numbers of the runs that wrote photos of it anew.
    """
    kept = row["counts"]
    return RunSummary(
        id=row["id"],
        status=RunStatus(row["status"]),
        started=_moment(row["started"]),
        finished=None if row["finished"] is None else _moment(row["finished"]),
        model=row["model"],
        detector=row["detector"],
        thresholds=_thresholds(row),
        **(asdict(counts) if kept is None else json.loads(kept)),
        settled=settled,
        reviewed=reviewed_by(row["policy"]),
        rewritten_in=tuple(rewritten_in),
        by=text_of(row["by"]),
        pruned=None if row["pruned"] is None else _moment(row["pruned"]),
        pruned_by=None if row["pruned_by"] is None else text_of(row["pruned_by"]),
    )


def candidate_of(  # noqa: PLR0913, PLR0917 - its columns
    name: str | None,
    reference: int | None,
    cosine: float | None,
    euclidean: float | None,
    normalised: float | None,
    age: float | None,
) -> Candidate | None:
    """A candidate, of its columns; None where there was none."""
    if name is None or reference is None or cosine is None or euclidean is None:
        return None
    return Candidate(name, reference, cosine, euclidean, normalised, age)


def _thresholds(row: dict[str, Any]) -> Thresholds:
    return Thresholds(row["cosine"], row["euclidean"], row["threshold_origin"])


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
