"""Copies of a gallery file, made while it may be in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.files import GalleryFile, make_private
from gallery.domain.errors import StoreUnusable


def back_up(file: GalleryFile, revision: str) -> Path:
    """Copies a gallery through SQLite's backup API, beside itself and for its owner's eyes only.

    Args:
        file: The gallery.
        revision: Of its schema, for the copy's name.

    Returns:
        The copy, such as `gallery.db.0001-20260131T120000.000000Z.backup`.

    Raises:
        StoreUnusable: If there can be no file beside the gallery.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = file.path.with_name(f"{file.path.name}.{revision}-{stamp}.backup")
    try:
        make_private(target)
    except OSError as error:
        raise StoreUnusable(
            f"The backup {target} cannot be made: {error.strerror or error}.", "Allow writing to the gallery's folder."
        ) from error
    try:
        with closing(connect_bare(file)) as source, closing(connect_bare(GalleryFile(target))) as copy:
            source.backup(copy)
    except sqlite3.Error:
        target.unlink(missing_ok=True)
        raise
    return target
