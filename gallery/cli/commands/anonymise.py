"""`gallery anonymise`: blur everybody who is not on the whitelist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.domain.runs import ImageRecord
    from gallery.usecases.anonymise import Outcome

EXAMPLE = "Example: gallery anonymise photos/ --output published/"


def anonymise(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Photos, folders of them, or patterns such as 'photos/*/*.jpg'; - for a list of paths on standard "
            "input, one a line.",
            metavar="INPUT…",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The folder for the anonymised copies. Inputs are never changed.",
        ),
    ] = None,
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive",
            "-r",
            help="Take the photos of subfolders, too; the output has the same folders.",
        ),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            help="Leave out photos and subfolders whose name or path fits this pattern, such as 'private' or '*.gif'.",
            metavar="PATTERN",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Pass over photos that an earlier run has done and verified with the same settings, model, people and "
            "overrides, and whose output is still as it was written.",
        ),
    ] = False,
    cosine: Annotated[
        float | None,
        typer.Option(
            "--cosine",
            help="Largest cosine distance of a match, for everybody, instead of the calibrated or the model's own. "
            "Higher keeps more faces, strangers' among them.",
        ),
    ] = None,
    euclidean: Annotated[
        float | None,
        typer.Option(
            "--euclidean",
            help="Largest Euclidean distance of a match, for everybody, instead of the calibrated or the model's own. "
            "Higher keeps more faces, strangers' among them.",
        ),
    ] = None,
    method: Annotated[
        options.Method,
        typer.Option(
            "--method",
            help="blur: a smooth film between the pixels around the face. pixelate: that film as blocks. "
            "solid: one colour. Nothing of the face goes into any of them.",
        ),
    ] = options.Method.BLUR,
    shape: Annotated[
        options.Shape,
        typer.Option("--shape", help="What is covered: the face's ellipse, or all of its box."),
    ] = options.Shape.ELLIPSE,
    face_margin: Annotated[
        float | None,
        typer.Option(
            "--face-margin",
            help="How much is covered beyond the face on every side, as a share of its box, from 0 to 2. Less shows "
            "hair and outline, by which a face can be found again.",
            show_default="0.45",
        ),
    ] = None,
    strength: Annotated[
        int | None,
        typer.Option(
            "--strength",
            help="With pixelate: blocks across a face, from 1 to 32. How it looks, nothing more: none shows any of the "
            "face.",
            show_default="7",
        ),
    ] = None,
    feather: Annotated[
        float | None,
        typer.Option(
            "--feather",
            help="Width of a soft edge beyond what is covered, as a share of the face, from 0 to 0.5.",
            show_default="0.1",
        ),
    ] = None,
    fusion: Annotated[
        options.Fusion,
        typer.Option(
            "--fusion",
            help="A person's distance when they have several references: to the closest, the mean of all, or the "
            "median of the three closest. The last two keep fewer, strangers and enrolled alike.",
        ),
    ] = options.Fusion.BEST,
    allow_repeats: Annotated[
        bool,
        typer.Option(
            "--allow-repeats",
            help="Keep a person more than once in a photo, as in a collage. Keeps more strangers.",
        ),
    ] = False,
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            help="How much farther, in cosine distance, the next person must be than the best. Higher keeps fewer, "
            "enrolled people who resemble each other first.",
        ),
    ] = 0.0,
    target: Annotated[
        float | None,
        typer.Option(
            "--target",
            help="Of the strangers who look like somebody in the gallery, the share that may be kept. The limit of "
            "normalised scores goes by it and by the number of references. Higher keeps more strangers.",
            show_default="0.001",
        ),
    ] = None,
    trust_children: Annotated[
        bool,
        typer.Option(
            "--trust-children",
            help="Keep very young children who match like anybody else, instead of leaving them for review. The model "
            "takes many of them for each other. Keeps more strangers.",
        ),
    ] = False,
    always_blur: Annotated[bool, typer.Option("--always-blur", help="Keep nobody, whoever is in the gallery.")] = False,
    keep_all_of: Annotated[
        list[str] | None,
        typer.Option(
            "--keep-all-of",
            help="Keep this person wherever they match: more than once in a photo, and where a match is so close that "
            "a person should confirm it. Can be given again.",
            metavar="NAME",
        ),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(
            "--box",
            help="Blur this part of every photo, face or not, in pixels from the upper left. Can be given again.",
            metavar="X,Y,WIDTH,HEIGHT",
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="What outputs are written as: jpeg, png, webp, tiff, bmp, avif or heic.",
            show_default="as the input",
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            "--quality",
            help="Of JPEG, WebP, AVIF and HEIC, from 1 to 100.",
            show_default="as the input, or near it",
        ),
    ] = None,
    keep_metadata: Annotated[
        bool,
        typer.Option(
            "--keep-metadata",
            help="Keep what cannot identify anybody: the resolution and the copyright notice. Nothing else, as dates, "
            "places, serial numbers, captions and thumbnails can.",
        ),
    ] = False,
    keep_times: Annotated[
        bool,
        typer.Option(
            "--keep-times",
            help="Give outputs the time at which their inputs were last changed.",
        ),
    ] = False,
    max_pixels: options.MaxPixels = None,
    verify: Annotated[
        options.Verify | None,
        typer.Option(
            "--verify",
            help="written: each output is opened again and compared. full: faces are looked for and recognised in it, "
            "too, which takes about as long again.",
            show_default="full for up to 100 photos, else written",
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            "--annotate",
            help="A folder for copies of the photos as they were, with boxes, names and distances: for your eyes only.",
        ),
    ] = None,
    contact_sheet: Annotated[
        Path | None,
        typer.Option(
            "--contact-sheet",
            help="A picture of all faces of the run by distance, the kept ones framed: for your eyes only.",
        ),
    ] = None,
    keep_review_crops: Annotated[
        bool,
        typer.Option(
            "--keep-review-crops",
            help="Keep a small picture of each face that waits for a person's word in the gallery, for a review where "
            "the photos are out of reach. It is removed when the face is decided: gallery review RUN.",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            help="Photos at work at once.",
            min=1,
            max=64,
            show_default="one per core",
        ),
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first photo that fails.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Decide and print, but write no file and no audit record."),
    ] = False,
    model: options.Model = None,
    precision: options.Precision = options.Numbers.AUTO,
    detector: options.Detector = options.AUTO,
    turned: options.Turned = False,
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Blur every detected face that is not surely one of the enrolled people, and record why each one stayed."""
    from gallery.bootstrap import Bootstrap, FileWishes, HaarSettings, Wishes
    from gallery.cli import documents, naming, tables
    from gallery.cli.boundary import PHOTOS_IN_HAND, finishing_first
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import photos_progress
    from gallery.domain.by_hand import ByHand
    from gallery.domain.calibrated import lax
    from gallery.domain.redacting import given_away
    from gallery.domain.runs import Verification
    from gallery.domain.selecting import Selection
    from gallery.usecases.running import Options

    _require_sense(output, dry_run, resume, keep_review_crops)
    files = FileWishes(max_pixels, file_format, quality, keep_metadata, keep_times)
    by_hand = ByHand(always_blur, frozenset(keep_all_of or ()), tuple(naming.box(text) for text in box or ()))
    named, listed = naming.paths(inputs)
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    out = console()
    with boot.store_as_made() if dry_run else boot.store(create=True) as store:
        chosen = boot.choose(store, model, precision)
        wishes = Wishes(method.value, cosine, euclidean, fusion.value, allow_repeats, margin, target, trust_children)
        wishes = replace(wishes, shape=shape.value, face_margin=face_margin, strength=strength, feather=feather)
        run = boot.anonymise(store, boot.recogniser(chosen.card, detector, turned), wishes, files, by_hand)
        if keep_review_crops:
            run = replace(run, crops=boot.face_pictures(files))
        limits = boot.in_force(store, chosen.card, wishes)
        if not as_json:
            remark(chosen.why)
            remark(boot.one_detector_less(detector))
            remark(limits.remark)
            remark(lax(limits, boot.yardstick(chosen.card)))
            remark(given_away(face_margin))

        watching = boot.onlookers(store, annotate, contact_sheet, limits, output)
        with (
            watching as onlookers,
            finishing_first(PHOTOS_IN_HAND) as stopped,
            photos_progress("Photos") as (advance, above),
        ):

            def report(record: ImageRecord) -> None:
                if not as_json:
                    above.print(tables.image(record, limits.thresholds, limits.personal, run.policy.scores), "")

            outcome = run(
                named,
                output if output is not None else Path(),
                Options(
                    dry_run=dry_run,
                    selection=Selection(recursive, tuple(exclude or ()), listed),
                    verification=Verification(verify.value) if verify else None,
                    resume=resume,
                    fail_fast=fail_fast,
                    threads=jobs or boot.cores(),
                    stopped=stopped,
                    onlookers=onlookers,
                ),
                report,
                advance,
            )
    if not (as_json or outcome.settings.templates or always_blur):
        remark(f"The gallery {boot.db} holds nobody to keep. Enrol: gallery enroll NAME PHOTO…")
    if as_json:
        print_json(documents.of_outcome(outcome))
    else:
        out.print(tables.outcome(outcome))
    remark(_ended_early(outcome))
    raise typer.Exit(_exit_code(outcome))


def _require_sense(output: Path | None, dry_run: bool, resume: bool, keep_review_crops: bool) -> None:
    from gallery.domain.errors import BadArgument

    if output is None and not dry_run:
        raise BadArgument("No output folder was given.", "Add --output FOLDER, or --dry-run to write nothing.")
    if resume and dry_run:
        raise BadArgument("A dry run has nothing to resume.", "Leave out --resume or --dry-run.")
    if keep_review_crops and dry_run:
        raise BadArgument("A dry run has no record to keep pictures with.", "Leave out one of the two.")


def _ended_early(outcome: Outcome) -> str:
    from gallery.domain.runs import RunStatus

    left = outcome.planned - len(outcome.images)
    if outcome.status is RunStatus.INTERRUPTED:
        return (
            f"Interrupted, with {left} photos left. What was written is whole, verified and on record; go on with "
            "--resume."
        )
    if outcome.status is RunStatus.FAILED:
        return f"Stopped at the first photo that failed, with {left} photos left."
    return ""


def _exit_code(outcome: Outcome) -> Exit:
    from gallery.domain.runs import ImageStatus, RunStatus

    if outcome.status is RunStatus.INTERRUPTED:
        return Exit.INTERRUPTED
    failed = sum(image.failed for image in outcome.images)
    unverified = any(image.status is ImageStatus.UNVERIFIED for image in outcome.images)
    if outcome.status is RunStatus.FAILED or (failed == len(outcome.images) and not unverified):
        return Exit.FAILED
    if failed or any(image.waiting for image in outcome.images):
        return Exit.PARTLY
    return Exit.OK
