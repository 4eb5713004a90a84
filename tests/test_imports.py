"""What is loaded when, and what is installed."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "cv2", "matplotlib", "skimage", "scipy", "PIL", "alembic", "h5py", "requests"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules loaded after running some code in a new process."""
    report = "import sys, json; print('\\n' + json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def running(command: str, db) -> str:
    """Code that runs a command on a gallery file."""
    return f"import os; os.environ['GALLERY_DB'] = {str(db)!r}; from gallery.cli.boundary import run; run({command})"


@pytest.fixture(scope="module")
def gallery_file(tmp_path_factory):
    from gallery.bootstrap import Bootstrap

    path = tmp_path_factory.mktemp("imports") / "gallery.db"
    with Bootstrap.of(path).store(create=True):
        pass
    return path


def test_importing_the_package_is_light():
    assert not loaded_by("import gallery") & (HEAVY | {"numpy", "sqlalchemy", "typer", "rich"})


def test_help_is_light():
    assert not loaded_by("from gallery.cli.boundary import run; run(['--help'])") & (HEAVY | {"numpy", "sqlalchemy"})


@pytest.mark.parametrize("command", ["['list']", "['list', '--json']"])
def test_listing_is_light(gallery_file, command):
    assert not loaded_by(running(command, gallery_file)) & (HEAVY | {"numpy", "sqlalchemy"})


def test_listing_models_and_runs_loads_no_model_library(gallery_file):
    for command in ("['models', 'list']", "['audit']"):
        assert not loaded_by(running(command, gallery_file)) & {"tensorflow", "keras", "cv2", "matplotlib", "alembic"}


@pytest.mark.models
def test_sface_needs_no_tensorflow():
    code = "import numpy as np, gallery; gallery.load_embedder('sface').embed(np.zeros((1, 112, 112, 3), np.uint8))"

    assert not loaded_by(code) & {"tensorflow", "keras"}


def test_exactly_one_build_of_opencv_is_installed():
    """Two builds side by side overwrite each other's files."""
    builds = {
        name
        for distribution in importlib.metadata.distributions()
        if (name := distribution.metadata["Name"].lower()).startswith("opencv-") and "python" in name
    }

    assert builds == {"opencv-python-headless"}


def test_opencv_needs_no_window_system():
    code = "import cv2; print(cv2.getBuildInformation())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    (gui,) = (line for line in done.stdout.splitlines() if line.strip().startswith("GUI:"))
    assert "NONE" in gui
