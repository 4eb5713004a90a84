"""A command line to call, with a gallery and photos of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.cli.boundary import run
from portraits import collins, hopper, scaled


@dataclass
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, the current one, with a gallery file and a models folder that do not exist yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GALLERY_DB", str(tmp_path / "gallery.db"))
    monkeypatch.setenv("GALLERY_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("GALLERY_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def gallery(here, capsys):
    """Calls the program in this process."""

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = run([str(word) for word in words])
        caught = capsys.readouterr()
        return Said(code, caught.out, caught.err)

    return call


@pytest.fixture
def photos(here) -> Path:
    """A folder with portraits and a pair picture of the two public-domain portraits."""
    folder = here / "photos"
    folder.mkdir()
    pair = [scaled(collins(), 480 / 512), scaled(hopper(), 480 / 600)]
    pictures = {
        "hopper.png": hopper(),
        "hopper-small.jpg": scaled(hopper(), 0.5),
        "collins.png": collins(),
        "pair.png": np.concatenate(pair, axis=1),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name)
    return folder
