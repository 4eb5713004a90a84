"""What redaction leaves of a face: the strength that is used, and how attacks on it are scored.

The attacker knows where the face was: the redacted face is cut out by the landmarks of the clear one and embedded like
any other. That is the strongest form; in a published photo they would have to be guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gallery.domain.error_rates import Rate, wilson
from gallery.domain.faces import Embeddings
from gallery.domain.metrics import Metric, distances
from gallery.domain.models import Thresholds

MARGIN = 0.45
"""Share of the box added on every side: hair and the outline of the head, by which even a face under one colour is
found again when the gallery is covered likewise. From (√2 - 1) / 2 = 0.207 upwards the ellipse covers the box."""
MOST_MARGIN = 2.0

CELLS = 3
"""Cells of the grid across the grown box, which makes 1.6 across the face itself at the default margin."""
MOST_CELLS = 8

MEASURED_CELLS = (5, 8)
"""Weaker grids that are measured beside the default."""

MOST_FEATHER = 0.5

_LEFT = {3: "1.0 %", 4: "1.8 %"}
"""By cells of the default's blur: of 300 people of LFW, those found again in a gallery covered likewise (SFace)."""

_LEFT_FINER = "up to 7.7 % with 5 and 10 % with 8 cells in full colour"
"""What was measured of finer grids: full colour and a margin of 0.25, of 300 and of 600 people."""

_TIGHT, _LEFT_BY_MARGIN = 0.25, "1.8 %"
"""A margin that was measured on its own, and what it leaves even of the solid method, likewise."""

SIZES = (40, 400)
"""Longer side of a face in pixels, at which redaction is measured: far away in a group, and near."""


class Attack(StrEnum):
    """What a redacted face is compared with."""

    CLEAR = "clear gallery"
    """Another photo of everybody."""
    SAME = "gallery redacted the same way"
    """Another photo of everybody, redacted by the same method."""
    ITSELF = "the very photo before redaction"
    """Everybody's photos as they were before, the right one among them."""


@dataclass(frozen=True, slots=True)
class AttackResult:
    """How far one attack came.

    Attributes:
        rank_one: How often the right person is closer than everybody else. A tie is no identification.
        passing: How often the right person passes both thresholds of the model.
        others: How often other people do. Only what `passing` is above that tells anything of the person.
    """

    rank_one: Rate
    passing: Rate
    others: Rate


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Everybody's two photos, embedded; row n is person n.

    Attributes:
        gallery: `(N, D) float32` of the first photo.
        probes: `(N, D) float32` of the other.
    """

    gallery: Embeddings
    probes: Embeddings


def attacks(clear: Embedded, redacted: Embedded, thresholds: Thresholds) -> dict[Attack, AttackResult]:
    """All three attacks on one method.

    Args:
        clear: Of the photos as they are.
        redacted: Of the same photos, redacted.
        thresholds: The model's own.

    Raises:
        ValueError: If there are fewer than two people, or not the same number everywhere.
    """
    galleries: Mapping[Attack, Embeddings] = {
        Attack.CLEAR: clear.gallery,
        Attack.SAME: redacted.gallery,
        Attack.ITSELF: clear.probes,
    }
    return {attack: score(redacted.probes, gallery, thresholds) for attack, gallery in galleries.items()}


def score(probes: Embeddings, gallery: Embeddings, thresholds: Thresholds) -> AttackResult:
    """One attack: probe n is person n of the gallery.

    Raises:
        ValueError: If there are fewer than two people, or not as many probes as people.
    """
    if len(probes) < 2 or len(probes) != len(gallery):
        raise ValueError(f"{len(probes)} probes of {len(gallery)} people make no attack")
    a, b = probes.astype(np.float64), gallery.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1)[:, None], np.linalg.norm(b, axis=1)[None, :]
    found = distances(a @ b.T, *lengths, thresholds)
    right = np.eye(len(a), dtype=bool)
    cosine, passes = found[Metric.COSINE], found[Metric.BOTH] <= 1
    first = np.diag(cosine) < np.where(right, np.inf, cosine).min(axis=1)
    return AttackResult(
        wilson(int(first.sum()), len(a)),
        wilson(int(passes[right].sum()), len(a)),
        wilson(int(passes[~right].sum()), len(a) * (len(a) - 1)),
    )


def sizes(wanted: Sequence[int]) -> tuple[int, ...]:
    """The face sizes asked for, each once, or the usual."""
    return tuple(dict.fromkeys(wanted)) or SIZES


def given_away(method: str, margin: float | None, cells: int | None) -> str:
    """What settings weaker than the default give away, in one remark; nothing where they are not weaker.

    Args:
        method: `blur`, `pixelate` or `solid`.
        margin: Share of the box added on every side; None for the default.
        cells: Cells of the grid across the grown box; None for the default.
    """
    found = []
    if method != "solid" and cells is not None and cells > CELLS:
        found.append(f"{_LEFT[cells]} with {cells} cells" if cells in _LEFT else _LEFT_FINER)
    if margin is not None and margin < MARGIN:
        found.append(f"{_LEFT_BY_MARGIN} with a margin of {_TIGHT:g} even under one colour")
    if not found:
        return ""
    return (
        f"Weaker than the default: who covers other photos of the same people likewise finds {', and '.join(found)} of "
        f"them again, against {_LEFT[CELLS]} by default (blur) and 0.3 % by chance."
    )
