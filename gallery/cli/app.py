"""All commands, by name. Their modules are imported when they are needed: for the one that is called, or for help."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gallery import __version__
from gallery.cli import options
from gallery.cli.boundary import DEBUG
from gallery.cli.usage_errors import PlainUsage

COMMANDS = {
    "init": "init.init",
    "enroll": "enroll.enroll",
    "list": "list_.list_people",
    "show": "show.show",
    "remove": "remove.remove",
    "rename": "people.rename",
    "merge": "people.merge",
    "move": "people.move",
    "disable": "people.disable",
    "enable": "people.enable",
    "set": "people.settle",
    "undo": "people.undo",
    "forget": "forget.forget",
    "check": "check.check",
    "export": "export.export",
    "import": "import_.import_archive",
    "reembed": "reembed.reembed",
    "anonymise": "anonymise.anonymise",
    "calibrate": "calibrate.calibrate",
    "review": "review.review",
    "report": "report.report",
    "bench": "bench.bench",
    "demo": "demo.demo",
}
"""Of each command its function, in a module of `gallery.cli.commands`; in the order of the help."""
GROUPS = ("audit", "override", "evaluate", "models", "db")
"""Groups of commands, each the `app` of the module of that name."""
SPELLINGS = {"enrol": "enroll", "anonymize": "anonymise"}
_WITH_VALUE = ("--db", "--models-dir")


def app_for(words: Sequence[str] = ("--help",)) -> typer.Typer:
    """The program with the command that is called; with all of them where that is none of them, as for help.

    Args:
        words: The command line.
    """
    app = typer.Typer(
        cls=PlainUsage,
        help=root.__doc__,
        epilog="Start with: gallery demo. Exit codes: 0 all well, 1 failed, 2 wrong usage, 3 finished but some inputs "
        "failed, were rejected or wait for review.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    called = _called(words)
    every = (*COMMANDS, *SPELLINGS, *GROUPS)
    for name in (called,) if called in every else every:
        if name in GROUPS:
            app.add_typer(importlib.import_module(f"gallery.cli.commands.{name}").app, name=name)
        else:
            _add(app, name)
    return app


def _called(words: Sequence[str]) -> str:
    """The first word that is neither an option of the program's own nor its value; empty if there is none."""
    left = iter(words)
    for word in left:
        if word in _WITH_VALUE:
            next(left, None)
        elif not word.startswith("-"):
            return word
        elif word != "--debug" and not word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            return ""
    return ""


def _add(app: typer.Typer, name: str) -> None:
    module_name, _, function_name = COMMANDS[SPELLINGS.get(name, name)].partition(".")
    module = importlib.import_module(f"gallery.cli.commands.{module_name}")
    epilog = getattr(module, "EXAMPLES", {}).get(name) or module.EXAMPLE
    app.command(name, hidden=name in SPELLINGS, epilog=epilog)(getattr(module, function_name))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gallery {__version__}")
        raise typer.Exit


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
