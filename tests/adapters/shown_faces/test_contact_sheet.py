"""The contact sheet: what is on it, in which order, and who may read it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image

from decided_faces import blurred, kept, record
from gallery.adapters.shown_faces.contact_sheet import FRAME, ContactSheet
from gallery.adapters.shown_faces.sheet_layout import BAND, lay_out
from gallery.domain.deciding import Rule
from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds

LIMIT = Thresholds(0.363, 1.0)
COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220), "yellow": (230, 220, 20), "violet": (150, 40, 180)}


def plain(colour: str) -> np.ndarray:
    return np.full((60, 60, 3), COLOURS[colour], np.uint8)


def sheet(file, photos, personal=None) -> np.ndarray:
    with ContactSheet(file, LIMIT, personal or {}) as page:
        for image, photo in photos:
            page.add(image, photo)
        page.write()
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def at(pixels: np.ndarray, sections: list[int], section: int, index: int) -> tuple[str, bool]:
    """The colour of a face, and whether it is framed."""
    layout = lay_out(sections)
    assert pixels.shape == (layout.height, layout.width, 3)
    x, y = layout.place(section, index)
    middle = pixels[y + layout.cell.width // 2, x + layout.cell.width // 2]
    edge = pixels[y + layout.cell.width // 2, x + layout.cell.pad - layout.cell.frame // 2 - 1]
    name = min(COLOURS, key=lambda colour: np.abs(middle - COLOURS[colour]).sum())
    return name, bool(np.abs(edge - FRAME).max() < 40)


BOX = Box(10, 10, 40, 40)
PHOTOS = [
    (plain("red"), record(blurred(BOX, "Anna", 0.7), source="r.jpg")),
    (plain("blue"), record(kept(BOX, "Anna", 0.3), source="b.jpg")),
    (plain("yellow"), record(blurred(BOX, "Ben", 0.1, Rule.SMALL), source="y.jpg")),
    (plain("violet"), record(blurred(BOX, None), source="v.jpg")),
    (plain("red"), record(blurred(BOX, "Anna", 0.5), kept(BOX, "Ben", 0.2), source="a.jpg")),
]


def test_faces_are_sorted_by_distance_with_a_break_at_the_threshold_and_kept_ones_framed(tmp_path):
    pixels = sheet(tmp_path / "page.png", PHOTOS)
    sizes = [3, 2, 1]
    assert [at(pixels, sizes, 0, index) for index in range(3)] == [("yellow", False), ("red", True), ("blue", True)]
    assert [at(pixels, sizes, 1, index) for index in range(2)] == [("red", False), ("red", False)]
    assert at(pixels, sizes, 2, 0) == ("violet", False)
    for section in range(3):
        line = pixels[lay_out(sizes).top(section) :][:BAND].max(axis=-1) < 60
        assert line.all(axis=1).any(), "a line across the whole page"


def test_a_person_with_a_threshold_of_their_own_is_on_their_side_of_it(tmp_path):
    pixels = sheet(tmp_path / "page.png", PHOTOS[1:3], {"Ben": Thresholds(0.05, 0.3)})
    assert at(pixels, [1, 1], 0, 0) == ("blue", True)
    assert at(pixels, [1, 1], 1, 0) == ("yellow", False)


def test_the_order_of_the_photos_makes_no_difference(tmp_path):
    twins = [(plain(colour), record(blurred(BOX), source=f"{colour}.jpg")) for colour in COLOURS]
    broken = [(plain("red"), record(blurred(BOX, "Anna", float("nan")), source="n.jpg"))]
    photos = PHOTOS + twins + broken
    sheet(tmp_path / "one.png", photos)
    sheet(tmp_path / "two.png", photos[::-1])
    sheet(tmp_path / "three.png", photos[5:] + photos[:5])
    assert len({(tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "three")}) == 1


def test_a_face_at_the_edge_is_not_stretched(tmp_path):
    image = np.concatenate([plain("red"), plain("blue")], axis=1)
    pixels = sheet(tmp_path / "page.png", [(image, record(kept(Box(0, 0, 60, 60))))])
    assert at(pixels, [1, 0], 0, 0) == ("red", True)


@pytest.mark.parametrize("name", ["page.png", "page.jpg", "page.JPEG"])
def test_only_its_owner_may_read_it(tmp_path, name):
    sheet(tmp_path / "new" / name, PHOTOS)
    file = tmp_path / "new" / name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [name]
    with Image.open(file) as image:
        assert image.format == ("PNG" if name.endswith("png") else "JPEG")
        assert not image.getexif()


def test_a_run_without_faces_has_a_page(tmp_path):
    assert sheet(tmp_path / "page.png", []).shape == (lay_out([0, 0]).height, 900, 3)
    assert sheet(tmp_path / "page.png", [(plain("red"), record())]).shape[1] == 900


@pytest.mark.parametrize("name", ["page.gif", "page", "page.png.txt"])
def test_another_suffix_is_refused_before_anything_is_done(tmp_path, name):
    with pytest.raises(BadArgument, match="PNG or JPEG") as caught:
        ContactSheet(tmp_path / "new" / name, LIMIT, {})
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(NotWritten, match="a file, not a folder"):
        ContactSheet(tmp_path / "file" / "page.png", LIMIT, {})
    (tmp_path / "page.png").mkdir()
    with pytest.raises(NotWritten, match="is there already"):
        ContactSheet(tmp_path / "page.png", LIMIT, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "page.png"]


def test_a_run_that_comes_to_no_end_leaves_the_former_page(tmp_path):
    file = tmp_path / "page.png"
    with ContactSheet(file, LIMIT, {}) as page:
        page.write()
    before = file.read_bytes()
    with ContactSheet(file, LIMIT, {}) as page:
        page.add(*PHOTOS[0])
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_faces_that_found_no_room_are_not_on_the_page(tmp_path):
    """On a disk that is full (here: the largest file that the process may write) the photo is refused as a whole."""
    resource = pytest.importorskip("resource")
    photos = [(plain("blue"), record(*[kept(BOX)] * 400)), PHOTOS[1]]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with ContactSheet(tmp_path / "page.png", LIMIT, {}) as page:
            page.add(*PHOTOS[0])
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
            with pytest.raises(NotWritten):
                page.add(*photos[0])
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            page.add(*photos[1])
            page.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, former)
    with Image.open(tmp_path / "page.png") as image:
        assert image.size == (900, lay_out([1, 1]).height)


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_killed_run_leaves_nothing(tmp_path):
    program = """
        import os, signal, sys
        from pathlib import Path
        import numpy as np
        from decided_faces import kept, record
        from gallery.adapters.shown_faces.contact_sheet import ContactSheet
        from gallery.domain.geometry import Box
        from gallery.domain.models import Thresholds
        page = ContactSheet(Path(sys.argv[1]) / "page.png", Thresholds(0.3, 1.0), {})
        page.add(np.zeros((60, 60, 3), np.uint8), record(kept(Box(1, 1, 9, 9))))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []
