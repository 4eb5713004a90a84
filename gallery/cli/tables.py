"""All tables. They fit 80 columns, use more where there is more, and read well without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # NumPy comes with these, and `gallery list` does without it
    from gallery.domain.auditing import Question
    from gallery.domain.by_hand import Override
    from gallery.domain.deciding import Decision
    from gallery.domain.matching import Candidate
    from gallery.domain.models import Thresholds
    from gallery.domain.ports import Conversion
    from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSummary
    from gallery.domain.score_limits import ScoreLimits
    from gallery.usecases.anonymise import Outcome
    from gallery.usecases.models import Checked, Listed


def plain_table(title: str = "", caption: str = "") -> Table:
    """A table with a rule under its head, and nothing else drawn."""
    return Table(
        title=Text(title, style="bold") if title else None,
        caption=Text(caption) if caption else None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )


def image(
    record: ImageRecord,
    thresholds: Thresholds,
    personal: Mapping[str, Thresholds],
    scores: ScoreLimits | None = None,
    whole: bool = False,
    words: Sequence[Override] = (),
) -> Table | Text:
    """All decisions of one photo, with the evidence; for a photo that failed, the reason.

    Args:
        record: The photo's.
        thresholds: Everybody's.
        personal: Those of people who have their own.
        scores: How high normalised scores must be; None where only distances count.
        whole: Whether the decisions of a photo that an earlier run did are shown again.
        words: What was decided by hand since.
    """
    if record.earlier is not None and not whole:
        return Text.assemble((record.source, "bold"), f"\n  done before, in run {record.earlier}: {record.output}\n")
    if record.error is not None and not record.faces:
        failed = f"{record.status.value}: "
        return Text.assemble((record.source, "bold"), "\n  ", (failed, "red"), record.error, "\n", *_remarks(record))
    if not record.faces:
        return Text.assemble((record.source, "bold"), "\n  no face found", _written(record), "\n", *_remarks(record))
    caption = f"{record.kept} kept, {record.blurred} blurred"
    caption += _for_a_person(record, words)
    origins = [f"thresholds: {thresholds.origin}"] if thresholds.origin else []
    origins += _origins_of_own(record, personal)
    seen_again = any(face.residual is not None for face in record.faces)
    table = plain_table(
        record.source, "\n".join([caption + _written(record), *origins, *_by_hand(record), *record.remarks])
    )
    _decision_columns(table, thresholds, scores, seen_again)
    for number, face in enumerate(record.faces, 1):
        residual = ["–" if face.residual is None else f"{face.residual:.3f}"] if seen_again else []
        table.add_row(str(number), *_decision_cells(face, personal, scores), *residual)
    return table


def _for_a_person(record: ImageRecord, words: Sequence[Override]) -> str:
    if not record.waiting:
        return ""
    from gallery.domain.reviewing import still_waiting

    left = still_waiting(record, words)
    since = f", {record.waiting - left} decided on since" if left < record.waiting else ""
    return (f", {left} of them for a person to look at" if left else "") + since


def _by_hand(record: ImageRecord) -> list[str]:
    """What people decided, and who."""
    faces = enumerate((face.decision for face in record.faces), 1)
    return [f"face {number}: {decision.reason}" for number, decision in faces if decision.rule.value == "by hand"]


def _remarks(record: ImageRecord) -> list[str]:
    return [f"  {remark}\n" for remark in record.remarks]


def _origins_of_own(record: ImageRecord, personal: Mapping[str, Thresholds]) -> list[str]:
    """Where the thresholds of those people come from who have their own and are somebody's closest here."""
    found: dict[str, list[str]] = {}
    for name in sorted({face.decision.candidate.identity for face in record.faces if face.decision.candidate}):
        if name in personal:
            found.setdefault(personal[name].origin, []).append(name)
    return [f"{', '.join(names)}: {origin}" for origin, names in found.items()]


def _written(record: ImageRecord) -> str:
    if record.error is not None:
        return f"; {record.status.value}: {record.error}"
    if not record.output:
        return "; nothing written"
    checked = {None: "", "written": ", verified", "full": ", verified in full"}[record.verified]
    done = "written to" if record.earlier is None else f"done before, in run {record.earlier}:"
    return f"; {done} {record.output}{checked}"


def _decision_columns(table: Table, thresholds: Thresholds, scores: ScoreLimits | None, seen_again: bool) -> None:
    less = 1 if scores else 0  # with the score there is a column more, and all of them fit 80 characters
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("box", overflow="fold", min_width=9 - less)
    table.add_column("best identity", overflow="fold", min_width=8 - less)
    table.add_column(f"cosine\n≤ {thresholds.cosine:.3f}", justify="right", no_wrap=True)
    table.add_column(f"euclid.\n≤ {distance(thresholds.euclidean)}", justify="right", no_wrap=True)
    if scores:
        table.add_column(f"score\n≥ {scores.strict:.2f}", justify="right", no_wrap=True)
    table.add_column("to\nnext" if scores else "margin\nto next", justify="right", no_wrap=True)
    table.add_column("decision", no_wrap=True)
    table.add_column("reason", overflow="fold", min_width=9 - less)
    if seen_again:
        table.add_column("left", justify="right", no_wrap=True)


def _decision_cells(
    face: DecidedFace, personal: Mapping[str, Thresholds], scores: ScoreLimits | None
) -> tuple[Text | str, ...]:
    decision, top = face.decision, face.decision.candidate
    own = personal.get(top.identity) if top else None
    return (
        box_text(face.detection.box.as_list()),
        escape(top.identity) if top else "–",
        (f"{top.cosine:.3f}" + (f"\n≤ {own.cosine:.3f}" if own else "")) if top else "–",
        (distance(top.euclidean) + (f"\n≤ {distance(own.euclidean)}" if own else "")) if top else "–",
        *([score(top)] if scores else []),
        "–" if decision.margin is None else f"{decision.margin:.3f}",
        _verdict(decision),
        decision.rule.value,
    )


def _verdict(decision: Decision) -> Text:
    if decision.kept:
        return Text("keep", "bold green")
    return Text("blur", "yellow" if decision.waits else "")


def runs(summaries: Sequence[RunSummary], width: int) -> Table:
    """The table of runs.

    Args:
        summaries: The runs.
        width: Of the console; the models are only named where there is room.
    """
    table, with_models = plain_table(), width >= _WITH_MODELS
    table.add_column("run", justify="right", no_wrap=True)
    table.add_column("started\n(UTC)", overflow="fold", min_width=10)
    table.add_column("status\nby", overflow="fold", min_width=8)
    if with_models:
        table.add_column("models", overflow="fold", min_width=8)
    for name in ("photos", "faces", "kept", "blurred", "review", "failed", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in summaries:
        table.add_row(
            str(run.id),
            f"{run.started:%Y-%m-%d %H:%M}",
            "\n".join(_status(run)),
            *([escape(f"{run.model}, {run.detector}")] if with_models else []),
            *map(str, (run.images, run.kept + run.blurred, run.kept, run.blurred)),
            *("–" if run.pruned else str(run.still_waiting), str(run.failed), duration(run.seconds)),
        )
    return table


def _status(run: RunSummary) -> list[str]:
    """How it stands, who ran it, how many of its photos were done before, and which runs a review ties it to."""
    lines = [run.status.value if run.pruned is None else "pruned"]
    lines += [escape(run.by)] if run.by else []
    lines += [f"{run.before} before"] if run.before else []
    lines += [f"anew of {run.reviewed}"] if run.reviewed else []
    return lines + ([f"anew in {ranges(run.rewritten_in)}"] if run.rewritten_in else [])


_WITH_MODELS = 100


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h 5`; a dash where it is not known."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60}"


def origins_of_runs(summaries: Iterable[RunSummary]) -> Table:
    """Where the thresholds of each run come from."""
    found: dict[str, list[int]] = {}
    for run in summaries:
        found.setdefault(limits(run.thresholds), []).append(run.id)
    return facts(((ranges(numbers), both) for both, numbers in found.items()), "Thresholds, by run")


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as people list them: `1–3, 7`."""
    ends: list[list[int]] = []
    for number in sorted(numbers):
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(f"{first}–{last}" if last > first else f"{first}" for first, last in ends)


def facts(pairs: Iterable[tuple[str, str]], title: str = "") -> Table:
    """Names and values, a line each."""
    table = Table(
        box=None, show_header=False, padding=(0, 1), pad_edge=False, title=title or None, title_justify="left"
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, escape(value))
    return table


def counted(number: int, what: str, several: str = "") -> str:
    """`1 reference`, `2 references`; `several` where the plural is another."""
    return f"{number} {what if number == 1 else several or what + 's'}"


def distance(value: float) -> str:
    """Three decimals for distances between vectors of length one, one for raw ones."""
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def box_text(values: list[int]) -> str:
    """`x,y width×height`."""
    x, y, width, height = values
    return f"{x},{y} {width}×{height}"


def short_path(path: str, longest: int = 60) -> str:
    """A path that fits a cell: its end, which is what tells photos apart."""
    return path if len(path) <= longest else "…" + path[1 - longest :]


def outcome(result: Outcome) -> Table:
    """The summary of a run that just ended, with the photos that somebody should look at."""
    images = result.images
    failed = [i for i in images if i.failed]
    before = [i for i in images if i.earlier is not None]
    without = [i for i in images if not (i.failed or i.faces)]
    waiting = [i for i in images if i.waiting]
    kept, blurred = sum(i.kept for i in images), sum(i.blurred for i in images)
    decide = f"; to decide on them: gallery review {result.run}" if result.run else ""
    record = f"run {result.run}, see: gallery audit {result.run}" if result.run else "none: a dry run writes nothing"
    return facts(
        [
            ("photos", f"{len(images)}" + (f", {len(failed)} failed: {_named(failed)}" if failed else "")),
            ("faces", f"{kept + blurred}: {kept} kept, {blurred} blurred"),
            *([("done before", f"{len(before)}, in earlier runs")] if before else []),
            *_verified(images),
            *([("no face found", f"{len(without)}, look at them: {_named(without)}")] if without else []),
            *(
                [("to review", f"{sum(i.waiting for i in waiting)} blurred faces: {_named(waiting)}{decide}")]
                if waiting
                else []
            ),
            ("thresholds", limits(result.settings.thresholds)),
            ("score", _scores(result.settings.scores)),
            ("record", record),
        ]
    )


def _verified(images: Iterable[ImageRecord]) -> list[tuple[str, str]]:
    """What was checked of the outputs, and how near a blurred face came to be recognised."""
    levels = [image.verified.value for image in images if image.verified]
    if not levels:
        return []
    text = ", ".join(f"{levels.count(level)} {_LEVELS[level]}" for level in sorted(set(levels)))
    return [("verified", text)]


_LEVELS = {"full": "in full", "written": "as written"}


def _named(images: list[ImageRecord], most: int = 30) -> str:
    names = [short_path(image.source) for image in images[:most]]
    return ", ".join(names) + (f" and {len(images) - most} more" if len(images) > most else "")


def run_facts(run: Run) -> Table:
    """A recorded run's settings; of one that was pruned, what is left."""
    summary, settings = run.summary, run.settings
    rules = {name: value for name, value in settings.policy.items() if name not in ("personal", "scores")}
    pruned = summary.pruned is not None
    return facts(
        [
            ("run", _when(summary)),
            *([("pruned", _pruned(summary))] if pruned else []),
            ("program", f"gallery {settings.program}"),
            ("model", f"{settings.space.model} ({settings.space.preparation}), SHA-256 {settings.space.sha256}"),
            ("detector", f"{settings.detector}, SHA-256 {settings.detector_sha256}"),
            ("thresholds", limits(settings.thresholds)),
            *((f"of {name}", limits(own)) for name, own in sorted(settings.personal.items())),
            ("score", _scores(settings.scores)),
            *(
                []
                if pruned
                else [
                    ("rules", ", ".join(f"{k} {v}" for k, v in sorted(_flat(rules)))),
                    ("redaction", ", ".join(f"{k} {v}" for k, v in sorted(_flat(settings.redaction)))),
                ]
            ),
            ("gallery", f"{settings.identities} enrolled, {counted(settings.templates, 'template')}"),
            *([] if pruned else [("output", settings.output)]),
            *([] if pruned or not settings.base else [("made in", settings.base)]),
            ("photos", _photos(summary)),
            ("faces", f"{summary.kept} kept, {summary.blurred} blurred{_waiting(summary)}"),
            *([("reviewed", f"run {summary.reviewed}: its photos written anew")] if summary.reviewed else []),
            *([("anew", _rewritten(summary))] if summary.rewritten_in else []),
            *([] if pruned else _to_look_at(summary)),
        ]
    )


def asked(run: Run, question: Question, closest: bool) -> Text:
    """Which run, and what of it was asked for, in a line.

    Args:
        run: The run.
        question: What was asked for.
        closest: Whether faces are listed by how doubtful they are.
    """
    faces = [
        *([f"closest to {question.identity}"] if question.identity is not None else []),
        *(["kept" if question.verdict.value == "keep" else "blurred"] if question.verdict else []),
        *([f"cosine at most {question.below:g}"] if question.below is not None else []),
        *([f"cosine above {question.above:g}"] if question.above is not None else []),
        *(["the most doubtful first"] if closest else []),
    ]
    photos = [
        *([f"like {question.image}"] if question.image is not None else []),
        *(["with faces for review"] if question.waiting else []),
        *(["that failed"] if question.failed else []),
        *(["without a face"] if question.without_face else []),
    ]
    about = [", ".join(["faces", *faces])] if faces else []
    about += [f"photos {', '.join(photos)}"] if photos else []
    return Text(f"Run {run.summary.id} of {run.summary.started:%Y-%m-%d %H:%M} (UTC): {', in '.join(about)}")


def _photos(summary: RunSummary) -> str:
    before = f", {summary.before} done in earlier runs" if summary.before else ""
    without = f", {summary.faceless} without a face" if summary.faceless is not None else ""
    return f"{summary.images}, {summary.failed} failed{without}{before}"


def _waiting(summary: RunSummary) -> str:
    """How many faces wait; nothing of a run that was pruned, on whose faces nobody can decide any more."""
    if summary.pruned is not None:
        return ""
    since = f", {summary.settled} decided on since" if summary.settled else ""
    return f", {summary.still_waiting} of them for review{since}"


def _rewritten(summary: RunSummary) -> str:
    what = "run" if len(summary.rewritten_in) == 1 else "runs"
    return f"photos were written anew after a review, in {what} {ranges(summary.rewritten_in)}"


def _to_look_at(summary: RunSummary) -> list[tuple[str, str]]:
    """How to come to what needs somebody's eyes."""
    run, ways = summary.id, []
    if summary.still_waiting:
        ways.append(f"gallery review {run} (the faces that wait), gallery audit {run} --review")
    if summary.failed:
        ways.append(f"gallery audit {run} --failed")
    if summary.faceless:
        ways.append(f"gallery audit {run} --no-face")
    return [("look at", ", ".join(ways))] if ways else []


def _when(summary: RunSummary) -> str:
    by = f" by {summary.by}" if summary.by else ""
    started = f"{summary.id}, {summary.status}, started {summary.started:%Y-%m-%d %H:%M:%S}{by}"
    if summary.finished is None:
        return f"{started} (UTC)"
    return f"{started}, finished {summary.finished:%Y-%m-%d %H:%M:%S} (UTC), {duration(summary.seconds)}"


def _pruned(summary: RunSummary) -> str:
    by = f" by {summary.pruned_by}" if summary.pruned_by else ""
    return f"on {summary.pruned:%Y-%m-%d %H:%M:%S} (UTC){by}; photos and decisions are no longer on record"


def limits(thresholds: Thresholds) -> str:
    """Both thresholds and where they come from, as text."""
    both = f"cosine ≤ {thresholds.cosine:.3f}, Euclidean ≤ {distance(thresholds.euclidean)}"
    return f"{both} ({thresholds.origin})" if thresholds.origin else both


NO_SCORES = "none: this model has no cohort, and only distances count, which keep more strangers who look alike"


def _scores(scores: ScoreLimits | None) -> str:
    """How high normalised scores must be and why, as text."""
    return NO_SCORES if scores is None else scores.sentence


def score(match: Candidate | None) -> str:
    """A normalised score; a dash where there is none."""
    return "–" if match is None or match.normalised is None else f"{match.normalised:.2f}"


def _flat(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Nested settings as one list, the inner names after the outer."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += [(f"{key} {inner}", v) for inner, v in _flat(value) if inner != "origin"]
        else:
            found.append((key.replace("_", " "), value))
    return found


def models(listing: Iterable[Listed]) -> Table:
    """All models."""
    table = plain_table()
    table.add_column("name", overflow="fold", min_width=16)
    table.add_column("kind", no_wrap=True)
    table.add_column("dim.", justify="right", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("euclid.", justify="right", no_wrap=True)
    table.add_column("on disk", no_wrap=True)
    table.add_column("licence", overflow="fold", min_width=12)
    for listed in listing:
        card, spec = listed.card, listed.card.embedder
        table.add_row(
            escape(card.name),
            card.kind.value,
            str(spec.dimension) if spec else "–",
            f"{card.size / 1e6:.1f}",
            f"{spec.thresholds.cosine:.3f}" if spec and spec.measured else "–",
            distance(spec.thresholds.euclidean) if spec and spec.measured else "–",
            _on_disk(listed),
            escape(card.licence),
        )
    return table


def _on_disk(listed: Listed) -> Text:
    """Whether the weights are there, and in a second line whether their eight-bit form is, where either is."""
    weights = Text("yes", "green") if listed.installed else Text("no")
    if not listed.convertible or not (listed.installed or listed.converted):
        return weights
    return weights.append("\n").append(Text("+ int8", "green") if listed.converted else Text("no int8", "yellow"))


def unconverted(listing: Iterable[Listed]) -> str:
    """A sentence on models whose eight-bit form could be made; empty where there is none."""
    lacking = [one.card for one in listing if one.convertible and one.installed and not one.converted]
    if not lacking:
        return ""
    making = {card.sha256: f"gallery models install {card.name}" for card in reversed(lacking)}
    return (
        f"There is no eight-bit form of {', '.join(card.name for card in lacking)}, which --precision int8 needs. "
        f"To make it: {', '.join(reversed(making.values()))}"
    )


def unmeasured(listing: Iterable[Listed]) -> str:
    """A sentence on models on this machine that have no thresholds yet; empty where there is none."""
    lacking = [one.card for one in listing if one.installed and one.card.embedder and not one.card.embedder.measured]
    if not lacking:
        return ""
    return (
        f"{' and '.join(card.name for card in lacking)} cannot be used before thresholds are measured: "
        f"{measuring(lacking[0].name)}"
    )


def measuring(name: str) -> str:
    """The command that measures a model's thresholds."""
    return f"gallery models measure {name} --pairs pairs.txt --images lfw/"


def threshold_origins(listing: Iterable[Listed]) -> Table:
    """Where each embedder's thresholds come from."""
    return facts(
        [(listed.card.name, listed.card.embedder.thresholds.origin) for listed in listing if listed.card.embedder],
        "Where the thresholds come from",
    )


def cohorts(listing: Iterable[Listed]) -> Table:
    """What each embedder's normalised scores are measured against."""
    return facts(
        [
            (listed.card.name, f"{spec.cohort.origin}, {spec.cohort.licence}" if spec.cohort else NO_SCORES)
            for listed in listing
            if (spec := listed.card.embedder)
        ],
        "What normalised scores are measured against",
    )


_STATES = {"intact": "green", "broken": "red", "not made": "yellow"}


def checked(results: Iterable[Checked]) -> Table:
    """Which model files are the ones on record."""
    table = plain_table()
    table.add_column("name", overflow="fold")
    table.add_column("file", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("why", overflow="fold")
    for result in results:
        state = result.state.value
        table.add_row(
            escape(result.card.name),
            escape(str(result.installed.path)) if result.installed else "–",
            Text(state, _STATES.get(state, "")),
            escape(_why(result)),
        )
    return table


def _why(result: Checked) -> str:
    if result.error and not result.failed:
        return f"No eight-bit form. To make it: gallery models install {result.card.name}"
    if result.error:
        return result.error.text
    return apart(result.converted) if result.converted else ""


def apart(converted: Conversion) -> str:
    """How far the embeddings of an eight-bit form are from those of its weights."""
    return (
        f"at most {converted.cosine:.5f} (cosine) and {distance(converted.euclidean)} (Euclidean, "
        f"{converted.relative:.1%} of the length) from float32"
    )
