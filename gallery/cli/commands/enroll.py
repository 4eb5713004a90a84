"""`gallery enroll`: put people on the whitelist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.ports import Store
    from gallery.usecases.enrol import EnrolledPhoto, FaceChoice

MANY = 30
"""Photos from which on the table shows only those that were rejected or are to be checked."""
EXAMPLE = 'Example: gallery enroll "Grace Hopper" hopper-1.jpg hopper-2.jpg; or gallery enroll --people class-5b/'


def enroll(
    name: Annotated[str | None, typer.Argument(help="The person's name.", metavar="NAME", show_default=False)] = None,
    photos: Annotated[
        list[Path] | None,
        typer.Argument(help="Photos of that person, or folders of them.", metavar="PHOTO…", show_default=False),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            "--people", help="Instead of NAME and PHOTO: a folder with a folder for each person, named after them."
        ),
    ] = None,
    face: Annotated[
        str,
        typer.Option(
            "--face",
            help="Which face of a photo with several: 'only' refuses such photos, 'largest' takes the largest, "
            "a number takes that one, counted from the left.",
        ),
    ] = "only",
    accept_poor: Annotated[
        bool,
        typer.Option("--accept-poor", help="Take photos of poor quality all the same; they are marked."),
    ] = False,
    no_crops: Annotated[
        bool,
        typer.Option(
            "--no-crops",
            help="Keep no pictures of these people in the gallery, now or later. Templates under another model then "
            "need the photos again.",
        ),
    ] = False,
    expires: options.Expires = None,
    model: options.Model = None,
    precision: options.Precision = options.Numbers.AUTO,
    detector: options.Detector = "yunet",
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Enrol people: their faces stay visible from now on. More and varied photos make fewer mistakes."""
    from gallery.bootstrap import Bootstrap, HaarSettings
    from gallery.cli import documents, people_tables
    from gallery.cli.naming import undoing
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import steps_progress
    from gallery.domain.people import new_name
    from gallery.usecases.enrol import Choices, rejected

    _require_one_way(name, photos, people)
    ends = options.day(expires)
    choices = Choices(_face_choice(face), accept_poor, not no_crops, ends, no_end=expires is not None and ends is None)
    named = None if name is None else new_name(name)
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    everybody, bad = boot.people_to_enrol(people) if people else ({}, {})
    with boot.store(create=True) as store:
        chosen = boot.choose(store, model, precision)
        enrol = boot.enrol(store, boot.recogniser(chosen.card, detector))
        if not as_json:
            remark(chosen.why)
        with steps_progress("Enrolling") as advance:
            if named is None:
                results = enrol.people(everybody, f"enrol the people in {people}", choices, advance=advance)
                results += [rejected(folder, error) for folder, error in bad.items()]
            else:
                results = enrol(named, photos or [], choices, advance=advance)
        not_kept, changed = _not_kept(boot, store, results), store.own_change() and any(r.accepted for r in results)
        if not changed:
            store.pass_by()
    if as_json:
        print_json(documents.of_enrolled(named, chosen.card, detector, results))
    else:
        title = f"{named or people} ({chosen.card.name}, {detector})"
        shown = results if len(results) <= MANY else [r for r in results if not r.accepted or r.warning]
        if shown:
            console().print(people_tables.enrolled(shown, title, names=named is None))
        if named is None or len(results) > MANY:
            back = f" To take all of it back: {undoing(db)}" if changed else ""
            remark(_summary(results) + back)
        remark(not_kept)
    raise typer.Exit(_exit_code(results))


def _require_one_way(name: str | None, photos: list[Path] | None, people: Path | None) -> None:
    from gallery.domain.errors import BadArgument

    if people is not None and (name is not None or photos):
        raise BadArgument("--people takes the names from its folders.", "Leave NAME and PHOTO out, or --people.")
    if people is None and (name is None or not photos):
        missing = "Nobody is named." if name is None else f"There is no photo of {name}."
        raise BadArgument(missing, "Give a NAME and at least one PHOTO, or --people FOLDER.")


def _face_choice(word: str) -> FaceChoice:
    from gallery.domain.errors import BadArgument

    if word == "only":
        return "only"
    if word == "largest":
        return "largest"
    if word.isascii() and word.isdigit() and len(word) < 10 and int(word) >= 1:
        return int(word)
    raise BadArgument(f"--face cannot be {word!r}.", "Use 'only', 'largest' or a number from 1 upwards.")


def _not_kept(boot: Bootstrap, store: Store, results: list[EnrolledPhoto]) -> str:
    """A sentence on those who were enrolled and are blurred all the same."""
    today, names = boot.today(), {photo.name for photo in results if photo.accepted}
    found = [f"{p.name} ({p.withheld(today)})" for p in store.identities() if p.name in names and p.withheld(today)]
    return f"Not kept all the same: {', '.join(found)}." if found else ""


def _summary(results: list[EnrolledPhoto]) -> str:
    """A sentence on photos that are too many for a table of all."""
    accepted = [photo for photo in results if photo.accepted]
    to_check = sum(bool(photo.warning) for photo in accepted)
    people = {photo.name for photo in accepted}
    without = sorted({photo.name for photo in results if not photo.already} - people)
    for_whom = "1 person" if len(people) == 1 else f"{len(people)} people"
    return (
        f"{len(accepted)} of {len(results)} photos accepted for {for_whom}, "
        f"{to_check} of them to check."
        + (" The table shows only what needs a look." if len(results) > MANY else "")
        + (f" Without a new reference: {', '.join(without)}." if without else "")
    )


def _exit_code(results: list[EnrolledPhoto]) -> Exit:
    if all(photo.accepted and not photo.warning for photo in results):
        return Exit.OK
    return Exit.PARTLY if any(photo.accepted or photo.already for photo in results) else Exit.FAILED
