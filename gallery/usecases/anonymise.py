"""Blurs every face of a photo but those of the people in the gallery, and records why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gallery.domain.by_hand import ByHand
from gallery.domain.deciding import Policy
from gallery.domain.errors import UnknownName
from gallery.domain.faces import RGB, Photo
from gallery.domain.look_alikes import look_alikes
from gallery.domain.matching import Fusion, Shortlist, Whitelist
from gallery.domain.models import Thresholds
from gallery.domain.paths import real, shown, unjoined
from gallery.domain.people import name_key
from gallery.domain.ports import PhotoFiles, Redactor, Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.review_ports import ReviewCrops
from gallery.domain.runs import (
    DecidedFace,
    ImageRecord,
    RunSettings,
    RunStatus,
    Verification,
    usual_verification,
)
from gallery.usecases.faces import Recogniser, found_in
from gallery.usecases.one_photo import OnePhoto
from gallery.usecases.people_in_force import PeopleInForce, whitelist_of
from gallery.usecases.running import Options, Plan, Run
from gallery.usecases.targets import Targets

Report = Callable[[ImageRecord], None]

MANY_TEMPLATES, MANY_PHOTOS = 1_000_000, 10_000
"""From where on a shortlist is made. It costs minutes once, and saves a part of a search only in photos of strangers;
`tests/benchmarks/bench_scale_large.py TEMPLATES` prints in how many of those the one is worth the other."""


@dataclass(frozen=True, slots=True)
class Shortlists:
    """Makes a run's shortlist (see `gallery.domain.matching.candidates_if_near`), where that pays.

    Attributes:
        make: Makes one.
        templates: From how many templates on.
        photos: From how many photos on.
    """

    make: Callable[[Whitelist], Shortlist]
    templates: int = MANY_TEMPLATES
    photos: int = MANY_PHOTOS

    def pays(self, templates: int, photos: int) -> bool:
        """Whether it pays."""
        return templates >= self.templates and photos >= self.photos


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did.

    Attributes:
        run: Its number in the audit trail; None for a dry run, which leaves no record.
        settings: Under which it ran.
        images: One record per photo, in order.
        status: How it ended: finished, interrupted, or failed because it was to stop at the first failure.
        planned: How many photos there were to do.
    """

    run: int | None
    settings: RunSettings
    images: tuple[ImageRecord, ...]
    status: RunStatus = RunStatus.FINISHED
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Anonymise:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces; for several photos at once.
        redactor: Makes faces unrecognisable.
        photos: Reads and writes the files.
        store: Holds the whitelist and takes the record.
        policy: The rules' numbers.
        program: This program's version, for the record.
        fusion: What a person's distance is, when they have several references.
        by_hand: What was settled by hand for all photos.
        by: Who runs it, for the record; empty where that is not known.
        base: The current folder, for the record; it is put there only where a path is relative. Empty where that is not
            known.
        reviewed: Number of the run whose photos are written anew, for the record; None if there is none.
        crops: Makes pictures of faces that wait for a person's word, for the review; None where none are to be kept.
        shortlists: Makes them; None where nothing can.
        given: Thresholds that were given for this run alone, by name, for the record.
    """

    recogniser: Recogniser
    redactor: Redactor
    photos: PhotoFiles
    store: Store
    policy: Policy
    program: str
    fusion: Fusion = Fusion.BEST
    by_hand: ByHand = field(default_factory=ByHand)
    by: str = ""
    base: str = ""
    reviewed: int | None = None
    crops: ReviewCrops | None = None
    shortlists: Shortlists | None = None
    given: Mapping[str, float] = field(default_factory=dict)

    def __call__(
        self,
        inputs: Sequence[Path],
        output: Path,
        options: Options | None = None,
        report: Report = lambda _: None,
        advance: Advance = unwatched,
    ) -> Outcome:
        """Anonymises photos and folders of photos. A photo that fails does not stop the others.

        Args:
            inputs: Photo files, folders and patterns.
            output: The folder that the anonymised copies go to.
            options: How to go about it.
            report: Called after each photo, when the store has its record.
            advance: Is told how many photos are done.

        Raises:
            BadPhoto: If a folder holds no photo, a pattern fits none, no file is there, or all were left out.
            BadArgument: If two photos would get the same output.
            NotWritten: If another run is writing to that folder, nothing can be written there, or an output would take
                the place of anything but the same photo's earlier output.
            UnknownName: If somebody who is to be kept in every case is not in the gallery.
            ModelMismatch: If the gallery's templates were made by another model.
            StoreUnusable: If a decision cannot be recorded; the photo's output is removed again.
            GalleryReplaced: If the gallery was removed or replaced meanwhile; outputs that the gallery which is there
                now has no record of are removed again.
        """
        options = options or Options()
        if self.recogniser.cohort is not None and not options.dry_run:
            self.store.measure(self.recogniser.cohort)
        files = list(options.pairs) or self._files(inputs, output, options)
        verification = options.verification or usual_verification(len(files))
        people = self._shortlisted(options.people or self.people(), len(files), verification)
        use = replace(self, by_hand=self._of_known(people.whitelist))
        settings = use._settings(people.whitelist, output, verification)
        if options.base is not None:
            base = shown(options.base)
            settings = replace(settings, base=base, output=unjoined(settings.output, base))
        elif not (output.is_absolute() and all(path.is_absolute() for path, _ in files)):
            settings = replace(settings, base=self.base)
        plan = Plan(files, output, settings, verification, people, number=None)
        if options.dry_run:
            return use._run(plan, options, report, advance)
        with self.photos.reserve(output):
            plan = replace(plan, number=self.store.begin_run(settings, self.by))
            return use._run(plan, options, report, advance)

    def _files(self, inputs: Sequence[Path], output: Path, options: Options) -> list[tuple[Path, Path]]:
        """The photos with their outputs' paths, when all of these may be written."""
        found = self.photos.expand(inputs, options.selection, None if output == Path() else output)
        targets = Targets(self.photos, self.store, frozenset(real(path) for path, _ in found))
        files = targets.without_own_outputs(found, (*inputs, *options.selection.listed))
        if not options.dry_run:
            targets.require_free([(path, output / target) for path, target in files])
        return files

    def _run(self, plan: Plan, options: Options, report: Report, advance: Advance) -> Outcome:
        run = Run(self.work, self.store, plan, options, self.people)
        status = RunStatus.FAILED
        try:
            with closing(run.images()) as images:
                for image in images:
                    report(image)
                    advance(len(run.done), len(plan.files))
            status = run.status
        except KeyboardInterrupt:
            status = RunStatus.INTERRUPTED
            raise
        finally:
            if plan.number is not None:
                run.end(plan.number, status)
        return Outcome(plan.number, plan.settings, tuple(run.done), status, len(plan.files))

    @property
    def work(self) -> OnePhoto:
        """What is done with each photo."""
        policy = replace(self.policy, all_of=self.by_hand.all_of, nobody=self.by_hand.nobody)
        return OnePhoto(self.recogniser, self.redactor, self.photos, policy, self.fusion, self.by_hand, self.crops)

    def whitelist(self) -> Whitelist:
        """The people who may stay visible.

        Raises:
            ModelMismatch: If the gallery's templates were made by another model.
        """
        return whitelist_of(self.store, self.recogniser.embedder.card.space, self.recogniser.cohort)

    def people(self) -> PeopleInForce:
        """The same with what was decided by hand.

        Raises:
            ModelMismatch: If the gallery's templates were made by another model.
        """
        space, cohort = self.recogniser.embedder.card.space, self.recogniser.cohort
        found = PeopleInForce.read(self.store, space, cohort, self.by_hand.nobody)
        alike = look_alikes(found.whitelist, self.policy)
        return replace(found, whitelist=replace(found.whitelist, look_alikes=alike)) if alike else found

    def _shortlisted(self, people: PeopleInForce, photos: int, verification: Verification) -> PeopleInForce:
        """With a shortlist where making one pays. When the gallery is changed meanwhile, the run goes on without.

        Not where faces are looked for in the outputs: that compares each with everybody anyway.
        """
        makes, whitelist = self.shortlists, people.whitelist
        if makes is None or verification is Verification.FULL or not makes.pays(len(whitelist), photos):
            return people
        return replace(people, whitelist=replace(whitelist, shortlist=makes.make(whitelist)))

    def decide(self, photo: Photo, whitelist: Whitelist) -> tuple[DecidedFace, ...]:
        """Finds the faces of a photo, whichever way up it may be shown, and decides what happens to each.

        Raises:
            ModelFailed: If the detector or the embedder could not do its work.
        """
        found = found_in(photo, self.recogniser.detector)
        return self.work.decide(photo.opaque().pixels, found, whitelist).record()

    def redact(self, image: RGB, faces: Sequence[DecidedFace]) -> RGB:
        """A copy of the picture in which every face that is not kept cannot be recognised."""
        blurred, kept = ([face.detection for face in faces if face.decision.kept is way] for way in (False, True))
        return self.redactor.redact(image, blurred, kept=[one.box for one in kept])

    def _of_known(self, whitelist: Whitelist) -> ByHand:
        """What was settled by hand, with people's names as the gallery writes them."""
        names = {name_key(name): name for name in whitelist.names}
        for name in sorted(self.by_hand.all_of):
            if name_key(name) not in names:
                raise UnknownName(f"There is nobody called {name!r} to keep.", "'gallery list' shows who there is.")
        return replace(self.by_hand, all_of=frozenset(names[name_key(name)] for name in self.by_hand.all_of))

    def _settings(self, whitelist: Whitelist, output: Path, verification: Verification) -> RunSettings:
        embedder, detector = self.recogniser.embedder.card, self.recogniser.detector.card
        rest: dict[str, Any] = {
            "personal": _plain(self.policy.personal),
            "files": self.photos.settings,
            "scores": asdict(self.policy.scores) if self.policy.scores else None,
            "by_hand": self.by_hand.settings,
            "given": dict(self.given),
        }
        return RunSettings(
            program=self.program,
            space=embedder.space,
            detector=detector.name,
            detector_sha256=detector.sha256,
            thresholds=self.policy.thresholds,
            policy={
                "floors": asdict(self.policy.floors),
                "grey_band": self.policy.grey_band,
                "once_per_photo": self.policy.once_per_photo,
                "min_margin": self.policy.min_margin,
                "rival_margin": self.policy.rival_margin,
                "fusion": self.fusion.value,
                "detector": self.recogniser.detector.settings,
                "verify": verification.value,
                **{name: value for name, value in rest.items() if value},
            },
            redaction=self.redactor.settings,
            identities=len(whitelist.names),
            templates=len(whitelist),
            output=shown(output),
            reviewed=self.reviewed,
        )


def _plain(personal: Mapping[str, Thresholds]) -> dict[str, dict[str, Any]]:
    return {name: asdict(own) for name, own in personal.items()}
