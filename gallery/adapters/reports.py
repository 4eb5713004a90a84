"""The folder that an evaluation writes its results to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gallery.adapters.figures import draw
from gallery.adapters.photos.atomic import write_atomically
from gallery.domain.charts import Chart
from gallery.domain.errors import NotWritten
from gallery.domain.paths import shown


class ReportFolder:
    """Writes files into a folder, each all or nothing. The folder is made at once.

    Raises:
        NotWritten: If it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotWritten(
                f"The folder {shown(folder)} cannot be made: {error.strerror}.", "Choose another folder."
            ) from error

    def write_json(self, name: str, document: Any) -> Path:
        """Writes a JSON document.

        Raises:
            NotWritten: If it could not be written.
        """
        return self._write(name, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")

    def write_figures(self, charts: Mapping[str, Chart]) -> list[Path]:
        """Draws figures, by file name.

        Raises:
            GalleryError: If matplotlib is not installed.
            NotWritten: If one could not be written.
        """
        return [self._write(name, draw(chart)) for name, chart in charts.items()]

    def _write(self, name: str, data: bytes) -> Path:
        target = self._folder / name
        try:
            write_atomically(data, target)
        except OSError as error:
            raise NotWritten(
                f"{shown(target)} cannot be written: {error.strerror}.", "Check the folder and the disk."
            ) from error
        return target
