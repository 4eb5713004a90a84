"""What the page's script works on, as JSON inside the page."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from gallery.adapters.report.wording import folder
from gallery.domain.reporting import Report, ReportedFace, ReportedPhoto, Slot, faces_of

BLOCK = 24
"""Photos whose pictures are in one block: the script decodes only the blocks of what is looked at."""
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def safe_json(value: Any) -> Markup:
    """JSON that may stand inside a `script` element: nothing in it ends the element or opens a comment.

    Raises:
        ValueError: If a number in it is none (NaN).
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))  # noqa: S704 - made safe by the line above


def facts(report: Report) -> dict[str, Any]:
    """Photos and faces; of each a list by field, which is shorter than a list of records."""
    names = _Numbers()
    return {
        "block": BLOCK,
        "folder": folder(report.run),
        "scoreLimit": report.run.settings.scores.strict if report.run.settings.scores else None,
        "photos": _columns([_photo(photo) for photo in report.photos]),
        "faces": _columns([_face(one, names) for one in faces_of(report.run)]),
        "names": names.values,
    }


def pictures(report: Report) -> Iterator[list[list[str | None]]]:
    """For each block, for each of its photos: the output and the original as data URIs, None where there is none."""
    for start in range(0, len(report.photos), BLOCK):
        block = report.photos[start : start + BLOCK]
        yield [[_uri(slot) for slot in (photo.after, photo.before) if slot is not None] for photo in block]


class _Numbers:
    """Gives each word a number, so that it is written once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    @property
    def values(self) -> list[str]:
        return list(self._numbers)


def _columns(records: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [record[name] for record in records] for name in (records[0] if records else ())}


def _photo(photo: ReportedPhoto) -> dict[str, Any]:
    image = photo.image
    return {
        "path": image.source,
        "status": image.status.value,
        "output": image.output,
        "earlier": image.earlier,
        "verified": image.verified.value if image.verified else None,
        "error": image.error,
        "remarks": list(image.remarks),
        "size": [image.width, image.height] if image.width and image.height else None,
        "instead": [slot.sentence for slot in (photo.after, photo.before) if slot is not None],
        "failed": int(image.failed),
        "fault": int(bool(photo.faults)),
    }


def _face(one: ReportedFace, names: _Numbers) -> dict[str, Any]:
    face, decision = one.face, one.face.decision
    closest, other = decision.candidate, decision.runner_up
    return {
        "photo": one.photo,
        "number": one.number,
        "name": names(closest.identity) if closest else None,
        "cosine": _rounded(closest.cosine) if closest else None,
        "euclidean": _rounded(closest.euclidean) if closest else None,
        "score": None if closest is None or closest.normalised is None else _rounded(closest.normalised),
        "cosineLimit": _rounded(one.limits.cosine),
        "euclideanLimit": _rounded(one.limits.euclidean),
        "share": _rounded(one.share),
        "other": names(other.identity) if other else None,
        "margin": None if decision.margin is None else _rounded(decision.margin),
        "kept": int(decision.kept),
        "waits": int(decision.waits),
        "rule": names(decision.rule.value),
        "reason": names(decision.reason),
        "box": face.detection.box.as_list(),
        "sharpness": _rounded(face.quality.sharpness, 1),
        "residual": None if face.residual is None else _rounded(face.residual),
    }


def _rounded(value: float, digits: int = 4) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _uri(slot: Slot) -> str | None:
    return None if slot.picture is None else f"data:image/jpeg;base64,{b64encode(slot.picture).decode()}"
