"""Derives a gallery's thresholds from its own references and from strangers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gallery.domain.calibrated import Calibration, in_force, tidy
from gallery.domain.calibrating import (
    Comparisons,
    Pair,
    compare,
    defensible,
    derive,
    derive_personal,
    needed,
    require_enough,
)
from gallery.domain.errors import BadArgument, TooLittleData
from gallery.domain.matching import Fusion, Whitelist
from gallery.domain.models import ModelCard, Thresholds
from gallery.domain.ports import Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.yardstick import Yardstick
from gallery.usecases.calibration_report import Calibrated, Reporter
from gallery.usecases.cohort import Cohort, ReadCohort

METHOD = (
    "per person, by {fusion} of references, each reference left out of its own; each threshold at the target by "
    "itself, rounded down as tables show it"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        fmr: The false match rate aimed at, per comparison of a face with a person.
        impostors: Folder of photos of people who are not in the gallery; None for its own people alone.
        per_person: Whether people who resemble others get stricter thresholds.
        fusion: What a person's distance is, when they have several references.
        dry_run: Whether only to show what would come of it.
        allow_looser: Whether a limit may be looser than the model's own; it is the model's own otherwise.

    Raises:
        BadArgument: If the rate is no number between 0 and 1.
    """

    fmr: float
    impostors: Path | None = None
    per_person: bool = False
    fusion: Fusion = Fusion.BEST
    dry_run: bool = False
    allow_looser: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.fmr < 1:  # nor is what is not a number
            raise BadArgument(
                f"The false match rate must be a number between 0 and 1, not {self.fmr:g}.",
                "1e-3 means that one comparison of a stranger with a person in a thousand may match.",
            )


@dataclass(frozen=True, slots=True)
class Calibrate:
    """The use case.

    Attributes:
        store: Holds the references and takes the thresholds.
        card: The gallery's model.
        yardstick: What limits are judged by.
        cohort: Makes what reads a folder of strangers; called only if there is one.
        clock: Tells the time, in UTC.
    """

    store: Store
    card: ModelCard
    yardstick: Yardstick
    cohort: Callable[[], ReadCohort]
    clock: Callable[[], datetime]

    def __call__(self, request: Request, advance: Advance = unwatched) -> Calibrated:
        """Derives thresholds and, unless it is a dry run, puts them into the gallery.

        Args:
            request: What is asked for.
            advance: Called after each photo of strangers.

        Raises:
            GalleryChanged: If the gallery's people were changed meanwhile; no threshold was.
            Others as `derive` does.
        """
        derived = self.derive(request, advance)
        return derived if request.dry_run else self.keep(derived)

    def keep(self, derived: Calibrated) -> Calibrated:
        """Puts derived thresholds into the gallery.

        Raises:
            GalleryChanged: If the gallery's people were changed since; no threshold was.
        """
        self.store.set_calibration(derived.calibration, derived.generation)
        return replace(derived, stored=True)

    def derive(self, request: Request, advance: Advance = unwatched) -> Calibrated:
        """Derives thresholds and changes nothing.

        Args:
            request: What is asked for.
            advance: Called after each photo of strangers.

        Raises:
            TooLittleData: If there are too few comparisons for the target; nothing was changed.
            BadPhoto: If the folder of strangers is none, or none of its photos can be used.
            BadArgument: If one of its photos is somebody's reference.
            NoFace: If it holds no face that could be compared.
            GalleryError: If two people cannot be told apart at all.
        """
        generation, whitelist = self.store.generation(), self.store.whitelist()
        _require_people(whitelist, request)
        strangers, detector = self._strangers(request, advance)
        comparisons = compare(whitelist, strangers.embeddings, request.fusion)
        self._require_enough(comparisons, request)
        new = self._derived(whitelist, comparisons, strangers, detector, request)
        before = in_force(self.card.spec.thresholds, self.store.calibration(), self.card.space, request.fusion.value)
        report = Reporter(self.store, comparisons, strangers)(self.yardstick, before, new)
        return replace(report, generation=generation)

    def _strangers(self, request: Request, advance: Advance) -> tuple[Cohort, str]:
        if request.impostors is None:
            return Cohort.nobody(self.card.spec.dimension), ""
        read = self.cohort()
        return read(request.impostors, advance), read.recogniser.detector.card.name

    def _require_enough(self, comparisons: Comparisons, request: Request) -> None:
        count = int(comparisons.impostor.sum())
        try:
            require_enough(count, request.fmr)
        except TooLittleData as error:
            more = math.ceil((needed(request.fmr) - count) / len(comparisons.names))
            where = "a folder of photos of people who are not in the gallery, with --impostors"
            if request.impostors is not None:
                where = "photos of more people who are not in the gallery to the folder of --impostors"
            hint = f"Or add {where}: some {more:,} {'more ' if request.impostors else ''}faces are enough."
            raise TooLittleData(error.message, hint, error.least) from None

    def _derived(
        self, whitelist: Whitelist, comparisons: Comparisons, strangers: Cohort, detector: str, request: Request
    ) -> Calibration:
        now = self.clock()
        pair = derive(comparisons, request.fmr)
        personal = derive_personal(comparisons, request.fmr, pair) if request.per_person else {}
        faces = len(strangers.sources)
        count = int(comparisons.impostor.sum())
        data = f"{len(whitelist)} references of {len(whitelist.names)} people"
        if strangers.counts is not None:
            data += f", {faces} faces from {strangers.counts.folder}"
        aim = f"on {now:%Y-%m-%d} for FMR {tidy(request.fmr)}"
        everybody = Thresholds(*pair, f"calibrated {aim} from {count:,} impostor comparisons: {data}")
        own = _personal(personal, comparisons, aim, request.fmr)
        if not request.allow_looser:
            everybody = self.yardstick.capped(everybody)
            capped = {name: self.yardstick.capped(limits) for name, limits in own.items()}
            own = {name: limits for name, limits in capped.items() if _is_stricter(limits, everybody)}
        return Calibration(
            space=self.card.space,
            thresholds=everybody,
            personal=own,
            fmr=request.fmr,
            fusion=request.fusion.value,
            method=METHOD.format(fusion=request.fusion.value),
            detector=detector,
            genuine=int(comparisons.genuine.sum()),
            impostors=count,
            strangers=faces,
            references=len(whitelist),
            last_reference=int(whitelist.references.max()),
            made=now,
        )


def _is_stricter(own: Thresholds, everybody: Thresholds) -> bool:
    return own.cosine < everybody.cosine or own.euclidean < everybody.euclidean


def _require_people(whitelist: Whitelist, request: Request) -> None:
    if not len(whitelist):
        raise TooLittleData("The gallery holds nobody, so there is nothing to calibrate by.", "Enrol people first.")
    if len(whitelist.names) == 1 and request.impostors is None:
        raise TooLittleData(
            f"{whitelist.names[0]} is the only person in the gallery, so there is nobody to tell them from.",
            "Add a folder of photos of other people: --impostors FOLDER.",
        )


def _personal(pairs: Mapping[str, Pair], comparisons: Comparisons, aim: str, fmr: float) -> dict[str, Thresholds]:
    found = {}
    for name, pair in pairs.items():
        count = int((comparisons.owners != comparisons.names.index(name)).sum())
        origin = f"own, calibrated {aim} from {count:,} impostor comparisons"
        least = defensible(count)
        if count < needed(fmr):
            origin += f"; so few can show no FMR{'' if least is None else f' below {tidy(least)}'}"
        found[name] = Thresholds(*pair, origin)
    return found
