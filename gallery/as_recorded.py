"""What a recorded run was made with, as what a user would have to set to make the same run again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gallery.bootstrap import Bootstrap, FileWishes, HaarSettings, Wishes
from gallery.domain.by_hand import ByHand
from gallery.domain.errors import ModelChanged, ModelMismatch
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.domain.people import name_key

if TYPE_CHECKING:
    from gallery.domain.ports import Store
    from gallery.domain.runs import Run, RunSettings
    from gallery.domain.score_limits import ScoreLimits
    from gallery.usecases.anonymise import Anonymise
    from gallery.usecases.faces import Recogniser


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """The settings of a run.

    Attributes:
        model: The embedder's name.
        detector: The detector's name.
        turned: Whether faces that lie on their side were looked for, too.
        haar: Settings of the Haar detector.
        wishes: What was set of the anonymisation; of the thresholds only those that were set by hand.
        files: What was set of how files are read and written.
        by_hand: What was settled by hand for all photos.
        floors: Least quality of a face that may be kept; None for the embedder's own.
        grey_band: Share of a threshold in which a match waits for a person's word.
        rival_margin: How much closer one of two faces must be to a person that both match.
    """

    model: str
    detector: str
    turned: bool
    haar: HaarSettings
    wishes: Wishes
    files: FileWishes
    by_hand: ByHand
    floors: Floors | None
    grey_band: float
    rival_margin: float

    @classmethod
    def of(cls, settings: RunSettings) -> AsRecorded:
        """Read from a run's record. What an earlier version of the program did not record is as usual."""
        policy = settings.policy
        finder: dict[str, Any] = policy.get("detector", {})
        return cls(
            model=settings.space.model,
            detector="+".join([settings.detector, *_second(settings, "name")]),
            turned="turns" in finder,
            haar=HaarSettings(finder.get("scale_factor"), finder.get("neighbours")),
            wishes=_wishes(settings),
            files=_files(policy.get("files", {})),
            by_hand=_by_hand(policy.get("by_hand", {})),
            floors=Floors(**policy["floors"]) if "floors" in policy else None,
            grey_band=policy.get("grey_band", 0.0),
            rival_margin=policy.get("rival_margin", 0.0),
        )


def _second(settings: RunSettings, what: str) -> list[str]:
    """The name, or the hash, of the second detector of a run that had one."""
    second = settings.policy.get("detector", {}).get("second")
    return [second[what]] if second else []


def _wishes(settings: RunSettings) -> Wishes:
    policy, redaction, recorded = settings.policy, settings.redaction, settings.scores
    given = policy.get("given", {})  # an earlier version did not record what was given: then the stricter applies
    return Wishes(
        redaction.get("method", "blur"),
        cosine=given.get("cosine"),
        euclidean=given.get("euclidean"),
        fusion=policy.get("fusion", "best"),
        allow_repeats=not policy.get("once_per_photo", True),
        margin=policy.get("min_margin", 0.0),
        target=recorded.target if recorded else None,
        trust_children=recorded.trust_children if recorded else False,
        shape=redaction.get("shape", "ellipse"),
        face_margin=redaction.get("margin"),
        strength=redaction.get("blocks"),
        feather=redaction.get("feather"),
    )


def _files(recorded: dict[str, Any]) -> FileWishes:
    return FileWishes(
        recorded.get("max_pixels"),
        recorded.get("format"),
        recorded.get("quality"),
        recorded.get("keep_metadata", False),
        recorded.get("keep_times", False),
    )


def _by_hand(recorded: dict[str, Any]) -> ByHand:
    return ByHand(
        recorded.get("nobody", False),
        frozenset(recorded.get("all_of", ())),
        tuple(Box(*region) for region in recorded.get("regions", ())),
    )


def stricter(recorded: Thresholds, now: Thresholds, run: int) -> Thresholds:
    """The smaller of two thresholds for each distance; the recorded ones, if they are no larger anywhere.

    Args:
        recorded: The run's.
        now: Those that apply by now.
        run: The run's number.
    """
    if recorded.cosine <= now.cosine and recorded.euclidean <= now.euclidean:
        return recorded
    cosine, euclidean = min(recorded.cosine, now.cosine), min(recorded.euclidean, now.euclidean)
    return Thresholds(cosine, euclidean, f"the stricter of those of run {run} and {now.origin or 'those of today'}")


def stricter_scores(recorded: ScoreLimits | None, now: ScoreLimits | None) -> ScoreLimits | None:
    """The higher of two limits of normalised scores; those there are, where the other run had none."""
    if recorded is None or now is None or recorded.cohort != now.cohort:
        return now or recorded
    strict, lax = max(recorded.strict, now.strict), max(recorded.lax, now.lax)
    return replace(now, strict=strict, lax=lax, expected=min(recorded.expected, now.expected))


class Again:
    """Anonymises under the settings of a recorded run, by the people who are in the gallery now.

    Args:
        boot: Makes what is needed.
        store: The gallery.
        run: The run; its photos are not needed.

    Raises:
        ModelChanged: If the run's embedder or detector is another file by now, or is prepared otherwise.
        ModelMismatch: If the gallery's templates cannot be compared with faces under the run's embedder any more.
        UnknownName: If there is no model of such a name any more.
    """

    def __init__(self, boot: Bootstrap, store: Store, run: Run) -> None:
        self._recorded = AsRecorded.of(run.settings)
        self._boot, self._store, self._run = replace(boot, haar=self._recorded.haar), store, run
        self._recogniser: Recogniser | None = None
        self._require_same_models()

    @property
    def files(self) -> FileWishes:
        """How photos are read and outputs written."""
        return self._recorded.files

    @property
    def remarks(self) -> list[str]:
        """What is not as it was, in sentences."""
        found, number = [], self._run.summary.id
        if self._limits() != self._now():
            found.append(f"Thresholds have changed since run {number}; of each, the stricter applies.")
        gone = sorted(self._recorded.by_hand.all_of - self._all_of())
        if gone:
            found.append(f"No longer in the gallery, so not kept in every case: {', '.join(gone)}.")
        return found

    def __call__(self, solid: bool = False) -> Anonymise:
        """The use case; its models are loaded once.

        Args:
            solid: Whether faces are covered with one colour, whatever the run did.
        """
        recorded, wishes = self._recorded, self._recorded.wishes
        if solid:
            wishes = replace(wishes, method="solid", strength=None)
        by_hand = replace(recorded.by_hand, all_of=self._all_of())
        use = self._boot.anonymise(self._store, self._loaded(), wishes, recorded.files, by_hand)
        everybody, personal = self._limits()
        policy = replace(
            use.policy,
            thresholds=everybody,
            personal=personal,
            floors=recorded.floors or use.policy.floors,
            grey_band=recorded.grey_band,
            rival_margin=max(recorded.rival_margin, use.policy.rival_margin),
            scores=stricter_scores(self._run.settings.scores, use.policy.scores),
        )
        return replace(use, policy=policy, reviewed=self._run.summary.id)

    def _loaded(self) -> Recogniser:
        if self._recogniser is None:
            card = self._boot.card(self._run.settings.space)
            self._recogniser = self._boot.recogniser(card, self._recorded.detector, self._recorded.turned)
        return self._recogniser

    def _now(self) -> tuple[Thresholds, dict[str, Thresholds]]:
        """What the same command would go by today; where only the origin differs, as recorded."""
        card = self._boot.card(self._run.settings.space)
        now, was = self._boot.in_force(self._store, card, self._recorded.wishes), self._run.settings
        everybody = _same_or(was.thresholds, now.thresholds)
        here = {one.name for one in self._store.identities()}
        gone = {name: own for name, own in was.personal.items() if name not in here}
        personal = {name: _same_or(was.personal.get(name), own) for name, own in now.personal.items()}
        return everybody, {**personal, **gone}

    def _limits(self) -> tuple[Thresholds, dict[str, Thresholds]]:
        (now, now_personal), was, number = self._now(), self._run.settings, self._run.summary.id
        everybody = stricter(was.thresholds, now, number)
        personal = {}
        for name in sorted({*was.personal, *now_personal}):
            own = stricter(was.personal.get(name, was.thresholds), now_personal.get(name, now), number)
            if name in was.personal or own != everybody:
                personal[name] = own
        return everybody, personal

    def _all_of(self) -> frozenset[str]:
        wanted = self._recorded.by_hand.all_of
        return frozenset(name for name in wanted if name_key(name) in self._keys()) if wanted else wanted

    def _keys(self) -> set[str]:
        return {name_key(one.name) for one in self._store.identities()}

    def _require_same_models(self) -> None:
        settings, registry = self._run.settings, self._boot.registry()
        number, hint = self._run.summary.id, "Anonymise these photos anew; to decide only, add --no-rewrite."
        if not self._boot.card(settings.space).space.comparable(settings.space):
            raise ModelChanged(f"The embedder {settings.space.model} is not what it was in run {number}.", hint)
        if registry.card(settings.detector).sha256 != settings.detector_sha256:
            raise ModelChanged(f"The detector {settings.detector} is not the one of run {number}.", hint)
        for name, sha256 in zip(_second(settings, "name"), _second(settings, "sha256"), strict=True):
            if registry.card(name).sha256 != sha256:
                raise ModelChanged(f"The detector {name} is not the one of run {number}.", hint)
        own = self._store.space()
        if own is not None and not own.comparable(settings.space) and self._store.identities():
            raise ModelMismatch(
                f"Run {number} compared faces under {settings.space.model}; the gallery's model is {own.model} now.",
                hint,
            )


def _same_or(recorded: Thresholds | None, now: Thresholds) -> Thresholds:
    if recorded is not None and (recorded.cosine, recorded.euclidean) == (now.cosine, now.euclidean):
        return recorded
    return now
