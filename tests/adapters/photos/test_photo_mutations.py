"""Thousands of damaged photos, each read or refused, and written where it was read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mutated_photos
from made_photos import one_of_each

pytestmark = pytest.mark.slow

MUTATIONS, BATCHES = 5000, 20
LONGEST = 10  # seconds for one file
MOST_MEMORY = 600 * 2**20  # for pictures of at most 4 million pixels, and the libraries; measured: 180 MB


@pytest.fixture(scope="module")
def good_files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real photos, and one of every kind that is not among them."""
    folder = tmp_path_factory.mktemp("good")
    for part in ("formats", "metadata", "orientation"):
        for path in (shared_data / "awkward" / part).glob("*.*"):
            shutil.copy(path, folder)
    for name, data in one_of_each().items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("batch", range(BATCHES))
def test_damaged_photos_are_read_or_refused_and_nothing_else(good_files: Path, tmp_path: Path, batch: int) -> None:
    count = MUTATIONS // BATCHES
    command = [sys.executable, mutated_photos.__file__, good_files, tmp_path, str(batch * count), str(count)]
    roots = [str(Path(mutated_photos.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, roots))}
    process = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, check=False)
    last = (tmp_path / "seed").read_text()
    assert process.returncode == 0, f"ended by seed {last}: {process.stderr}"
    assert process.stderr == "", f"up to seed {last}"
    found = json.loads(process.stdout)
    assert sum(found["fates"].values()) == count
    assert found["fates"]["refused"] > count / 4
    assert found["fates"]["written"] > count / 10
    assert found["slowest"] < LONGEST, found
    assert found["memory"] < MOST_MEMORY, found
