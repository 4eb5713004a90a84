"""The three ways to have the program: a checkout, an editable install, a wheel. Each from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(words, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def run(code_home: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gallery", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(code_home), "GALLERY_DB": str(folder / "g.db")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_carries_migrations_and_registry_and_nothing_private(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert "gallery/_data/models/registry.toml" in names
    assert any(n.startswith("gallery/_data/migrations/versions/0001") for n in names)
    assert "gallery/py.typed" in names
    assert {f"gallery/adapters/report/page.{kind}" for kind in ("html.jinja", "css", "js")} <= set(names)
    assert not [n for n in names if n.startswith("tests/") or n.endswith((".db", ".onnx", ".h5"))]


@pytest.mark.models
def test_an_installed_wheel_works_from_another_folder(wheel, tmp_path):
    home = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home), str(wheel)], check=True
    )

    out = run(home, tmp_path, "demo", "--output", "shown")

    assert "1 kept, 2 blurred" in out
    assert (tmp_path / "shown" / "after" / "group.png").is_file()
    where = "import gallery, gallery.resources as r; print(gallery.__file__, r.resource('migrations'))"
    paths = subprocess.run(
        [sys.executable, "-P", "-c", where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert all(path.startswith(str(home)) for path in paths)


@pytest.mark.models
def test_a_plain_checkout_works_from_another_folder(tmp_path):
    assert "1 kept, 2 blurred" in run(ROOT, tmp_path, "demo", "--output", "shown")


def test_an_editable_install_finds_what_travels_with_it():
    from gallery.resources import resource

    assert resource("migrations", "env.py").is_file()
    assert resource("models", "registry.toml").is_file()
    with pytest.raises(FileNotFoundError, match="install it again"):
        resource("nothing", "here")
