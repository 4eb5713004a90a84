"""Photos are read as a real Chromium shows them."""

from __future__ import annotations

from pathlib import Path

from coloured_photos import COLOURED

from made_photos import apart, photo_of
from oriented_photos import BY_BROWSERS
from pictures_in_browser import shown_by_browser


def test_photos_lie_as_in_a_browser(tmp_path: Path) -> None:
    shown = shown_by_browser({name: made[0] for name, made in BY_BROWSERS.items()}, tmp_path)
    assert shown.keys() == BY_BROWSERS.keys()
    for name, levels in shown.items():
        read = photo_of(tmp_path, BY_BROWSERS[name][0]).pixels
        assert levels.shape[:2] == read.shape[:2], name
        assert apart(levels[..., :3], read).mean() < 3, name


def test_colours_look_as_in_a_browser(tmp_path: Path) -> None:
    shown = shown_by_browser(COLOURED, tmp_path)
    assert shown.keys() == COLOURED.keys()
    for name, levels in shown.items():
        off = apart(levels[..., :3], photo_of(tmp_path, COLOURED[name]).pixels)
        assert off.max() <= 2, name
        assert off.mean() < 0.2, name
