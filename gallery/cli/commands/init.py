"""`gallery init`: make an empty gallery."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = "Example: gallery init --encrypt --db school.db"


def init(
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt",
            help="Encrypt it with SQLCipher. The key is taken from GALLERY_KEY, the system's keyring, or asked for; "
            "without it, nobody can read the gallery again.",
        ),
    ] = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Make an empty gallery. Enrolling somebody makes one, too, but never an encrypted one."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import console, print_json

    boot = Bootstrap.of(db)
    boot.init(encrypt)
    if as_json:
        print_json({"gallery": str(boot.db), "encrypted": encrypt})
    else:
        kind = "encrypted gallery" if encrypt else "gallery"
        console().print(f"Made an empty {kind}: {boot.db}", markup=False, soft_wrap=True)
