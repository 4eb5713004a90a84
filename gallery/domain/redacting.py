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
found again among others covered alike. From (√2 - 1) / 2 = 0.207 upwards the ellipse covers the box."""
MOST_MARGIN = 2.0

BLOCKS = 7
"""With `pixelate`, blocks across a face. They are drawn from what surrounds it, so more of them show no more of it."""
MOST_BLOCKS = 32

FEATHER = 0.1
"""Share of the box, beyond the margin, over which a cover fades into the photo: enough that no seam is seen."""
MOST_FEATHER = 0.5

_TIGHT, _LEFT_BY_MARGIN = 0.25, "1.8 %"
"""A margin that was measured on its own, and what it leaves even of the solid method: so many of 300 people of LFW are
found again in a gallery covered alike (SFace)."""

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


def given_away(margin: float | None) -> str:
    """What a margin below the default gives away, in one remark; nothing where it is not below.

    Args:
        margin: Share of the box added on every side; None for the default.
    """
    if margin is None or margin >= MARGIN:
        return ""
    return (
        f"The margin is below the default of {MARGIN:g}: hair and the outline of the head stay visible. "
        f"At {_TIGHT:g}, {_LEFT_BY_MARGIN} of people are found again among others covered alike; 0.3 % would be chance."
    )
