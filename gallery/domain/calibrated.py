"""A gallery's own thresholds: what they are, what they rest on, when they apply. Without NumPy, for `gallery list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.yardstick import EVERYBODY, Owned, Yardstick


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds derived from a gallery's own references, and what they rest on.

    Attributes:
        space: Where they hold; thresholds are never carried to another model.
        thresholds: The gallery's, with their origin.
        personal: Those of people who have stricter ones, by name, each with its origin.
        fmr: The false match rate aimed at, per comparison of a face with a person.
        fusion: What a person's distance was when they have several references (`gallery.domain.matching.Fusion`).
        method: How the thresholds were derived, in words.
        detector: What found the strangers' faces; empty where there were none.
        genuine: Comparisons of a reference with the other references of its person.
        impostors: Comparisons of a face with somebody else.
        strangers: Faces of people who are not in the gallery, among those compared.
        references: How many references the gallery held.
        last_reference: The highest number among them; numbers are never given twice.
        made: When, in UTC.
        added: References that came since.
        removed: References that went since.
    """

    space: EmbeddingSpace
    thresholds: Thresholds
    personal: Mapping[str, Thresholds]
    fmr: float
    fusion: str
    method: str
    detector: str
    genuine: int
    impostors: int
    strangers: int
    references: int
    last_reference: int
    made: datetime
    added: int = 0
    removed: int = 0

    @property
    def changes(self) -> str:
        """What became of the references since, in words; empty where nothing did."""
        counts = [(number, what) for number, what in ((self.added, "added"), (self.removed, "removed")) if number]
        if not counts:
            return ""
        (first, what), *rest = counts
        noun = "reference was" if first == 1 else "references were"
        return " and ".join([f"{first} {noun} {what}", *(f"{number} {what}" for number, what in rest)])

    @property
    def remark(self) -> str:
        """One line for the user when the references are no longer those it was made from; else empty."""
        if not self.changes:
            return ""
        return f"Since the calibration of {self.made:%Y-%m-%d}, {self.changes}. Run 'gallery calibrate' again."


_NONE: Mapping[str, Thresholds] = {}
_NAMED = 5


@dataclass(frozen=True, slots=True)
class InForce:
    """The thresholds that apply.

    Attributes:
        thresholds: Everybody's, with their origin.
        personal: Those of people who have their own.
        remark: One line about them for the user; empty where there is nothing to say.
    """

    thresholds: Thresholds
    personal: Mapping[str, Thresholds] = field(default_factory=dict)
    remark: str = ""

    def replace(self, cosine: float | None, euclidean: float | None) -> InForce:
        """These thresholds with one or both set by hand, for everybody; None leaves a value as it is.

        Raises:
            BadArgument: If a threshold makes no sense.
        """
        everybody = self.thresholds.replace(cosine, euclidean)
        if cosine is not None and euclidean is not None:
            return InForce(everybody)
        personal = {name: own.replace(cosine, euclidean) for name, own in self.personal.items()}
        return InForce(everybody, personal, self.remark)


def in_force(
    model: Thresholds,
    calibration: Calibration | None,
    space: EmbeddingSpace,
    fusion: str,
    by_hand: Mapping[str, Thresholds] = _NONE,
) -> InForce:
    """Which thresholds apply: the calibrated ones where there are any for this space and fusion, else the model's.

    Args:
        model: The registry's.
        calibration: The gallery's, if it was calibrated.
        space: Where the faces are compared.
        fusion: What a person's distance is, when they have several references.
        by_hand: Those that somebody set for single people; they go before calibrated ones.
    """
    found = _calibrated(model, calibration, space, fusion)
    return InForce(found.thresholds, {**found.personal, **by_hand}, found.remark)


def lax(limits: InForce, yardstick: Yardstick) -> str:
    """A remark on limits that let in more than the model's own, whoever set them; empty where there are none."""
    found = yardstick.exceeding(limits.thresholds, limits.personal)
    if not found:
        return ""
    own = yardstick.thresholds
    return (
        f"The limits for {listed(found)} are looser than those of {yardstick.model} itself (cosine {own.cosine:.3f}, "
        f"Euclidean {own.euclidean:.3f}): strangers may stay visible."
    )


def loosened(before: InForce, after: InForce, yardstick: Yardstick) -> str:
    """A sentence on limits that let in more than those before; empty where none do.

    Args:
        before: The limits that apply.
        after: Those that are to apply.
        yardstick: Tells how two pairs of limits are compared.
    """
    names = {*before.personal, *after.personal}
    was = replace(yardstick, thresholds=before.thresholds)
    found = [(EVERYBODY, after.thresholds)] if was.exceeded_by(after.thresholds) else []
    for name in sorted(names):
        own = after.personal.get(name, after.thresholds)
        if replace(was, thresholds=before.personal.get(name, before.thresholds)).exceeded_by(own):
            found.append((name, own))
    if not found:
        return ""
    return (
        f"The limits for {listed(found)} are looser than those that apply now: more faces stay visible, strangers' too."
    )


def listed(limits: Sequence[Owned]) -> str:
    """Whose limits, and what they are: `Ada (cosine 0.900, Euclidean 1.342), Bob (…)`."""
    found = [f"{who} (cosine {own.cosine:.3f}, Euclidean {own.euclidean:.3f})" for who, own in limits[:_NAMED]]
    more = len(limits) - len(found)
    return ", ".join(found) + (f" and {more} more" if more else "")


def _calibrated(model: Thresholds, calibration: Calibration | None, space: EmbeddingSpace, fusion: str) -> InForce:
    if calibration is None or not calibration.space.comparable(space):
        return InForce(model)
    if calibration.fusion != fusion:
        return InForce(
            model,
            remark=f"The gallery was calibrated for --fusion {calibration.fusion}; with {fusion} the thresholds of "
            f"{space.model} itself apply.",
        )
    since = f"; since then {calibration.changes}" if calibration.changes else ""
    return InForce(
        _noting(calibration.thresholds, since),
        {name: _noting(own, since) for name, own in calibration.personal.items()},
        calibration.remark,
    )


def _noting(thresholds: Thresholds, since: str) -> Thresholds:
    return Thresholds(thresholds.cosine, thresholds.euclidean, thresholds.origin + since)


def tidy(rate: float) -> str:
    """A rate as people write it, with up to four digits: `0.05`, `1e-3`, `1.9e-3`."""
    if rate >= 0.01:
        return f"{rate:.4g}"
    digits, exponent = f"{rate:.3e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
