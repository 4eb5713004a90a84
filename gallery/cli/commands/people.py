"""`gallery rename`, `merge`, `move`, `enable`, `disable`, `set` and `undo`: changes to people who are enrolled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gallery.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from gallery.bootstrap import Bootstrap
    from gallery.domain.models import Thresholds
    from gallery.domain.people import Change, Details
    from gallery.domain.ports import Store

EXAMPLES = {
    "rename": 'Example: gallery rename "Grace Murray" "Grace Hopper"',
    "merge": 'Example: gallery merge "G. Hopper" "Grace Hopper"',
    "move": 'Example: gallery move 17 "Grace Hopper"',
    "enable": 'Example: gallery enable "Grace Hopper"',
    "disable": 'Example: gallery disable "Grace Hopper"',
    "set": 'Example: gallery set "Grace Hopper" --expires 2027-07-31 --tag 5b',
    "undo": "Example: gallery undo",
}

Name = Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")]


def rename(
    name: Name,
    new: Annotated[str, typer.Argument(help="The new name.", metavar="NEW")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Give a person another name. Past runs keep the name they recorded."""
    from gallery.bootstrap import Bootstrap
    from gallery.domain.people import new_name

    with Bootstrap.of(db).store() as store:
        former, now = store.rename(name, new), new_name(new)
    _say(f"{former} is now {now}.", {"renamed": former, "name": now}, as_json)


def merge(
    name: Annotated[str, typer.Argument(help="Whose references are to move.", metavar="NAME")],
    into: Annotated[str, typer.Argument(help="Who is to have them.", metavar="INTO")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Give all references of NAME to INTO, who are one person, and remove NAME. What is settled about INTO stays."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.tables import counted

    with Bootstrap.of(db).store() as store:
        source, target = store.identity(name), store.identity(into)
        moved = store.merge(name, into)
    doubles = len(source.references) - moved
    told = f"{source.name} is merged into {target.name}, who has got {counted(moved, 'reference')}"
    told += f"; {counted(doubles, 'double')} removed." if doubles else "."
    _say(told, {"merged": source.name, "into": target.name, "references": moved, "doubles": doubles}, as_json)


def move(
    reference: Annotated[
        int, typer.Argument(help="The reference's number, see 'gallery show'.", metavar="REFERENCE", min=1, max=2**53)
    ],
    to: Annotated[str, typer.Argument(help="Whose it is to be.", metavar="NAME")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Give one reference to another person."""
    from gallery.bootstrap import Bootstrap

    with Bootstrap.of(db).store() as store:
        former, target = store.move(reference, to), store.identity(to).name
    _say(
        f"Reference {reference} of {former} is now {target}'s.",
        {"reference": reference, "from": former, "to": target},
        as_json,
    )


def disable(name: Name, db: options.Db = None, as_json: options.Json = False) -> None:
    """Blur a person from now on without removing anything of them."""
    _edit(name, lambda details: _replaced(details, enabled=False), db, as_json)


def enable(name: Name, db: options.Db = None, as_json: options.Json = False) -> None:
    """Let a disabled person stay visible again."""
    _edit(name, lambda details: _replaced(details, enabled=True), db, as_json)


def settle(
    name: Name,
    expires: options.Expires = None,
    notes: Annotated[str | None, typer.Option("--notes", help="Notes on the person; '-' for none.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Add a tag; may be given several times.")] = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", help="Take a tag away.")] = None,
    cosine: Annotated[
        float | None,
        typer.Option(
            "--cosine", help="Largest cosine distance of a match with this person, under the gallery's model."
        ),
    ] = None,
    euclidean: Annotated[
        float | None, typer.Option("--euclidean", help="Largest Euclidean distance of a match with this person.")
    ] = None,
    everybodys: Annotated[
        bool, typer.Option("--default-thresholds", help="Back to everybody's thresholds for this person.")
    ] = False,
    crops: Annotated[
        bool | None,
        typer.Option(
            "--crops/--no-crops",
            help="Whether pictures of the person's references may be kept; --no-crops removes those that are.",
            show_default=False,
        ),
    ] = None,
    yes: options.Yes = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Settle something about a person: consent that ends, notes, tags, thresholds of their own, pictures."""
    from gallery.bootstrap import Bootstrap
    from gallery.domain.errors import BadArgument

    if everybodys and (cosine, euclidean) != (None, None):
        raise BadArgument("A threshold was given together with --default-thresholds.", "Leave one of them out.")
    boot = Bootstrap.of(db)
    wanted: dict[str, Any] = {"keep_crops": crops, "notes": "" if notes == "-" else notes}
    wanted = {field: value for field, value in wanted.items() if value is not None}
    if expires is not None:
        wanted["expires"] = options.day(expires)
    limits = everybodys or (cosine, euclidean) != (None, None)
    if not (wanted or limits or tag or untag):
        raise BadArgument("There is nothing to set.", "See 'gallery set --help' for what can be.")

    def settled(now: Details) -> Details:
        return _replaced(now, **wanted, tags=_retagged(now.tags, tag or [], untag or []))

    if limits:
        _set_limits(boot, name, (cosine, euclidean), settled, yes)
    else:
        with boot.store() as store:
            store.edit(name, settled)
    _say_settled(boot, name, as_json)


_Given = tuple[float | None, float | None]
"""A cosine and a Euclidean threshold; None for one that was not given."""


def _set_limits(boot: Bootstrap, name: str, given: _Given, settled: Callable[[Details], Details], yes: bool) -> None:
    """Gives a person limits made of those they have, and again of newer ones where somebody changed them meanwhile."""
    from gallery.domain.errors import GalleryChanged

    confirmed: Thresholds | None = None
    for attempt in range(_ATTEMPTS):
        with boot.store() as store:
            generation = store.generation()
            own = boot.own_thresholds(store, name, *given)
            if own != confirmed:
                _agree_to(boot, store, name, own, yes)
                confirmed = own
            try:
                store.edit(name, partial(_with_limits, settled, own), generation)
                return
            except GalleryChanged:
                if attempt == _ATTEMPTS - 1:
                    raise


_ATTEMPTS = 10
"""How often limits are computed again while others change the gallery."""


def _with_limits(settled: Callable[[Details], Details], own: Thresholds | None, now: Details) -> Details:
    return _replaced(settled(now), thresholds=own)


def _agree_to(boot: Bootstrap, store: Store, name: str, own: Thresholds | None, yes: bool) -> None:
    """Asks before a person gets limits that are looser than the model's own."""
    from gallery.cli.asking import agree
    from gallery.domain.calibrated import InForce, lax

    yardstick = boot.yardstick_here(store)
    said = lax(InForce(yardstick.thresholds, {name: own}), yardstick) if yardstick and own else ""
    agree(said, "Set them all the same?", yes, "Add --yes to set them without being asked.")


def undo(yes: options.Yes = False, db: options.Db = None, as_json: options.Json = False) -> None:
    """Take the last change to the gallery's people back; once, and until the next change.

    Asks where another command came after that change: a manual decision, or one that changed nothing.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.asking import confirm

    with Bootstrap.of(db).store() as store:
        change = store.last_change()
        if change is None:
            change = store.undo()  # says that there is none
        if not (yes or change.latest):
            confirm(
                f"The last command changed nothing that can be undone. Take back {_of(change)}?",
                f"The last change is {_of(change)}, not the last command's, and nobody is at a terminal to confirm "
                "that it is to be taken back.",
                "Add --yes to take it back without being asked.",
            )
        store.undo(change.number)
    _say(f"Undone: {_of(change)}.", {"undone": change.what, "made": change.made.isoformat()}, as_json)


def _of(change: Change) -> str:
    return f"{change.what}, of {change.made:%Y-%m-%d %H:%M} (UTC)"


def _replaced(details: Details, **wanted: Any) -> Details:
    from dataclasses import replace

    return replace(details, **wanted)


def _retagged(tags: tuple[str, ...], more: list[str], fewer: list[str]) -> tuple[str, ...]:
    from gallery.domain.people import name_key

    gone = {name_key(word) for word in fewer}
    return tuple(word for word in (*tags, *more) if name_key(word) not in gone)


def _edit(name: str, change: Callable[[Details], Details], db: Any, as_json: bool) -> None:
    from gallery.bootstrap import Bootstrap

    boot = Bootstrap.of(db)
    with boot.store() as store:
        store.edit(name, change)
    _say_settled(boot, name, as_json)


def _say_settled(boot: Bootstrap, name: str, as_json: bool) -> None:
    from gallery.cli import documents, people_tables
    from gallery.cli.output import console, print_json

    with boot.store() as store:
        identity = store.identity(name)
    if as_json:
        print_json({"name": identity.name, **documents.of_details(identity.details, boot.today())})
    else:
        console().print(identity.name, people_tables.person_facts(identity, boot.today()), sep="\n", markup=False)


def _say(sentence: str, document: dict[str, Any], as_json: bool) -> None:
    from gallery.cli.output import console, print_json

    if as_json:
        print_json(document)
    else:
        console().print(sentence, markup=False)
