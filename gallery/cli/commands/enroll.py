"""`gallery enroll`: put a person on the whitelist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.usecases.enrol import EnrolledPhoto, FaceChoice

EXAMPLE = 'Example: gallery enroll "Grace Hopper" hopper-1.jpg hopper-2.jpg'


def enroll(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    photos: Annotated[list[Path], typer.Argument(help="Photos of that person, or folders of them.", metavar="PHOTO…")],
    face: Annotated[
        str,
        typer.Option(
            "--face",
            help="Which face of a photo with several: 'only' refuses such photos, 'largest' takes the largest, "
            "a number takes that one, counted from the left.",
        ),
    ] = "only",
    model: options.Model = None,
    detector: options.Detector = "yunet",
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Enrol a person: their face stays visible from now on. More and varied photos make fewer mistakes."""
    from gallery.bootstrap import Bootstrap, HaarSettings
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark
    from gallery.domain.people import clean_name

    name, choice = clean_name(name), _face_choice(face)
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    with boot.store(create=True) as store:
        chosen = boot.choose(store, model)
        enrol = boot.enrol(store, boot.recogniser(chosen.card, detector))
        if not as_json:
            remark(chosen.why)
        results = enrol(name, photos, choice)
    if as_json:
        print_json(documents.of_enrolled(name, chosen.card, detector, results))
    else:
        console().print(tables.enrolled(f"{name} ({chosen.card.name}, {detector})", results))
    raise typer.Exit(_exit_code(results))


def _face_choice(word: str) -> FaceChoice:
    from gallery.domain.errors import BadArgument

    if word == "only":
        return "only"
    if word == "largest":
        return "largest"
    if word.isascii() and word.isdigit() and len(word) < 10 and int(word) >= 1:
        return int(word)
    raise BadArgument(f"--face cannot be {word!r}.", "Use 'only', 'largest' or a number from 1 upwards.")


def _exit_code(results: list[EnrolledPhoto]) -> Exit:
    if all(photo.accepted and not photo.warning for photo in results):
        return Exit.OK
    return Exit.PARTLY if any(photo.accepted or photo.already for photo in results) else Exit.FAILED
