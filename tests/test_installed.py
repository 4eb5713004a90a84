"""The commands that messages print work in the environment that the program runs in."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gallery import installed
from gallery.installed import DISTRIBUTION, adding, installing, updating

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
METADATA = [
    "numpy<3,>=2.0",
    "pillow-heif<2,>=1.1; extra == 'heic'",
    'keyring>=25; (os_name != "x") and extra == "encrypted"',
]


class Made:
    """A distribution, installed from somewhere."""

    requires = METADATA

    def __init__(self, origin: dict | None) -> None:
        self._origin = origin

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self._origin is None else json.dumps(self._origin)


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An environment that holds a file, and a pip if wanted, with the program installed from somewhere."""

    def make(file: str = "pyvenv.cfg", pip: bool = True, origin: dict | None = None, found: bool = True) -> Path:
        home = tmp_path / "a tool"
        home.mkdir()
        (home / file).touch()
        monkeypatch.setattr(sys, "prefix", str(home))
        monkeypatch.setattr(sys, "executable", f"{home}/bin/python")
        monkeypatch.setattr(installed, "find_spec", lambda _: pip or None)
        monkeypatch.setattr(installed, "_installed", lambda: Made(origin) if found else None)
        return home

    return make


def test_the_distribution_has_a_name_of_its_own_everywhere():
    assert PROJECT["name"] == DISTRIBUTION != "gallery"
    assert PROJECT["scripts"] == {"gallery": "gallery.cli:main"}
    for text in (ROOT / "pyproject.toml", ROOT / "README.md", *(ROOT / "gallery").rglob("*.py")):
        assert not re.search(r"(?<!-)\bgallery\[|install (--upgrade )?'?gallery\b(?! again)", text.read_text()), text


@pytest.mark.parametrize("extra", ["demo", "encrypted", "evaluate", "heic", "large", "arcface"])
@pytest.mark.parametrize("found", [True, False])
def test_an_extra_is_named_by_what_it_consists_of(environment, monkeypatch, extra, found):
    environment(found=found)
    made = [f"{line.split(';')[0]}; extra == '{extra}'" for line in PROJECT["optional-dependencies"][extra]]
    monkeypatch.setattr(Made, "requires", [*METADATA, *made] if extra not in ("heic", "encrypted") else made)

    said = adding(extra)

    for package in PROJECT["optional-dependencies"][extra]:
        assert str(Requirement(package).name) in said
    assert DISTRIBUTION not in said
    assert "numpy" not in said


def test_with_pip(environment):
    home = environment()

    assert adding("heic") == f"'{home}/bin/python' -m pip install 'pillow-heif<2,>=1.1'"
    assert adding("encrypted").endswith("install 'keyring>=25'")
    assert updating("0.9") == f"'{home}/bin/python' -m pip install --upgrade '{DISTRIBUTION}>=0.9'"


def test_as_a_tool_of_pipx(environment):
    environment("pipx_metadata.json")

    assert adding("heic") == "pipx inject 'a tool' 'pillow-heif<2,>=1.1'"
    assert updating("0.9") == "pipx upgrade 'a tool'"


def test_as_a_tool_of_uv_and_where_there_is_no_pip(environment):
    home = environment("uv-receipt.toml", pip=False)

    assert adding("heic") == f"uv pip install --python '{home}/bin/python' 'pillow-heif<2,>=1.1'"
    assert updating() == f"uv tool upgrade {DISTRIBUTION}"


def test_in_an_environment_of_uv(environment):
    home = environment(pip=False)

    assert installing(["x<5"]) == f"uv pip install --python '{home}/bin/python' 'x<5'"


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ({"url": "file:///some%20where/checkout", "dir_info": {"editable": True}}, "/some where/checkout"),
        ({"url": "file:///downloads/x.whl", "archive_info": {}}, "/downloads/x.whl"),
    ],
)
def test_what_came_from_a_folder_or_a_file_is_brought_up_to_date_there(environment, origin, source):
    environment(origin=origin)

    assert updating("0.9") == f"bring {source} to version 0.9 or later and install it again"


def test_in_a_plain_checkout(environment):
    environment(found=False)

    assert "pillow-heif>=1.1,<2" in adding("heic")
    assert updating() == f"bring {ROOT} to the newest version and install it again"


def test_a_python_that_the_system_looks_after(environment, monkeypatch, tmp_path):
    home = environment()
    monkeypatch.setattr(sys, "base_prefix", str(home))
    monkeypatch.setattr(installed.sysconfig, "get_path", lambda _: str(tmp_path))
    (tmp_path / "EXTERNALLY-MANAGED").touch()

    assert "pip install --user --break-system-packages 'pillow-heif" in adding("heic")


def test_the_command_for_this_environment_is_understood_by_its_installer():
    command = adding("evaluate")

    words = [*shlex.split(command), "--dry-run", "--no-deps", "--no-index", "--quiet"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
