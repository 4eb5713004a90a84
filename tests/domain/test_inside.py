"""Whether a path leads into a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gallery.domain.errors import BadArgument
from gallery.domain.inside import lies_in, require_outside


@pytest.fixture
def web(tmp_path) -> Path:
    (tmp_path / "web" / "2026").mkdir(parents=True)
    (tmp_path / "desk").mkdir()
    return tmp_path / "web"


@pytest.fixture
def mounted(tmp_path):
    """Mounts a folder at a second place, as `mount --bind` does; skips where that is not allowed."""
    places = []

    def mount(folder: Path) -> Path:
        place = tmp_path / f"mounted{len(places)}"
        place.mkdir()
        done = subprocess.run(["mount", "--bind", str(folder), str(place)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("mounting is not allowed here")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


def test_what_lies_in_it(web, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert all(lies_in(path, web) for path in (web, web / "x.html", web / "2026" / "x" / "y.html", Path("web/x")))
    outside = tmp_path, tmp_path / "x.html", tmp_path / "desk" / "x", Path("webb")
    assert not any(lies_in(path, web) for path in outside)
    assert lies_in(Path("desk/../web/x.html"), Path("web"))


def test_links_are_followed(web, tmp_path):
    (tmp_path / "desk" / "link").symlink_to(web / "2026")
    (tmp_path / "desk" / "file.html").symlink_to(web / "x.html")
    assert lies_in(tmp_path / "desk" / "link" / "x.html", web)
    assert lies_in(tmp_path / "desk" / "file.html", web)
    (tmp_path / "public").symlink_to(web)
    assert lies_in(web / "x.html", tmp_path / "public")


def test_a_folder_that_is_not_there_yet(tmp_path):
    assert lies_in(tmp_path / "new" / "web" / "x.html", tmp_path / "new" / "web")
    assert not lies_in(tmp_path / "new" / "desk" / "x.html", tmp_path / "new" / "web")


def test_a_folder_that_is_mounted_twice_is_one(web, tmp_path, mounted):
    whole, part, above = mounted(web), mounted(web / "2026"), mounted(tmp_path / "desk")
    assert lies_in(whole / "x.html", web)
    assert lies_in(whole / "new" / "x.html", web)
    assert lies_in(part / "x.html", web)
    assert lies_in(web / "x.html", whole)
    assert lies_in(above / "out" / "x.html", tmp_path / "desk" / "out"), "it is not there yet"
    assert not lies_in(above / "x.html", web)


def test_the_sentence(web):
    with pytest.raises(BadArgument, match=r"lies in the output folder .*web, but shows everybody"):
        require_outside(web / "x.html", web, "shows everybody")
