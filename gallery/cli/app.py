"""All commands, by name. Modules of commands import nothing heavy at their top, so that `--help` is quick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gallery import __version__
from gallery.cli import options
from gallery.cli.boundary import DEBUG
from gallery.cli.commands import (
    anonymise,
    audit,
    bench,
    calibrate,
    check,
    db,
    demo,
    enroll,
    evaluate,
    export,
    forget,
    import_,
    init,
    list_,
    models,
    override,
    people,
    reembed,
    remove,
    report,
    review,
    show,
)

app = typer.Typer(
    help="Blurs every face in a photo but those of the people you enrolled, and records why each one stayed visible.",
    epilog="Start with: gallery demo. Exit codes: 0 all well, 1 failed, 2 wrong usage, 3 finished but some inputs "
    "failed, were rejected or wait for review.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gallery {__version__}")
        raise typer.Exit


@app.callback()
def root(
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Blurs every face in a photo but those of the people you enrolled, and records why each one stayed visible."""
    # Given before the command, these two hold for it unless it is given them again; the environment carries them.
    for variable, value in (("GALLERY_DB", db), ("GALLERY_MODELS", models_dir)):
        if value is not None:
            os.environ[variable] = str(Path(value))
    if debug:
        os.environ[DEBUG] = "1"


app.command("init", epilog=init.EXAMPLE)(init.init)
app.command("enroll", epilog=enroll.EXAMPLE)(enroll.enroll)
app.command("enrol", hidden=True, epilog=enroll.EXAMPLE)(enroll.enroll)
app.command("list", epilog=list_.EXAMPLE)(list_.list_people)
app.command("show", epilog=show.EXAMPLE)(show.show)
app.command("remove", epilog=remove.EXAMPLE)(remove.remove)
app.command("rename", epilog=people.RENAME)(people.rename)
app.command("merge", epilog=people.MERGE)(people.merge)
app.command("move", epilog=people.MOVE)(people.move)
app.command("disable", epilog=people.DISABLE)(people.disable)
app.command("enable", epilog=people.ENABLE)(people.enable)
app.command("set", epilog=people.SET)(people.settle)
app.command("undo", epilog=people.UNDO)(people.undo)
app.command("forget", epilog=forget.EXAMPLE)(forget.forget)
app.command("check", epilog=check.EXAMPLE)(check.check)
app.command("export", epilog=export.EXAMPLE)(export.export)
app.command("import", epilog=import_.EXAMPLE)(import_.import_archive)
app.command("reembed", epilog=reembed.EXAMPLE)(reembed.reembed)
app.command("anonymise", epilog=anonymise.EXAMPLE)(anonymise.anonymise)
app.command("anonymize", hidden=True, epilog=anonymise.EXAMPLE)(anonymise.anonymise)
app.command("calibrate", epilog=calibrate.EXAMPLE)(calibrate.calibrate)
app.command("review", epilog=review.EXAMPLE)(review.review)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.command("bench", epilog=bench.EXAMPLE)(bench.bench)
app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.add_typer(audit.app, name="audit")
app.add_typer(override.app, name="override")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(models.app, name="models")
app.add_typer(db.app, name="db")
