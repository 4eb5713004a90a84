"""Paths as text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.domain.paths import current, joined, moved, on_disk, places, real, shown, unjoined


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"plain.jpg", "plain.jpg"),
        ("Ärger 日本.jpg".encode(), "Ärger 日本.jpg"),
        (b"odd\xff.jpg", r"odd\xff.jpg"),
        (b"red\x1b[31m.jpg", r"red\x1b[31m.jpg"),
        (b"two\nlines.jpg", r"two\nlines.jpg"),
        ("turned\u202egpj.exe".encode(), r"turned\u202egpj.exe"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(name, text):
    assert shown(Path(os.fsdecode(name))) == text


def test_links_in_a_circle_are_nowhere(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    assert real(tmp_path / "a").is_absolute()


def test_two_ways_to_one_file(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")

    assert real(tmp_path / "link") == real(tmp_path / "file")


def test_a_file_is_found_in_the_folder_that_took_its_folders_place():
    assert moved("out/5a/x.jpg", "out", None) == Path("out/5a/x.jpg")
    assert moved("out/5a/x.jpg", "out", Path("new")) == Path("new/5a/x.jpg")
    assert moved("elsewhere/x.jpg", "out", Path("new")) == Path("new/x.jpg")


@pytest.mark.parametrize("name", ["a\u2028b.jpg", "a\x1b[31mb.jpg", "a\\b.jpg"])
def test_names_that_were_recorded_otherwise_are_found(tmp_path, name):
    folder = tmp_path / "sub\u2029folder"
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    recorded = tmp_path / shown(folder.relative_to(tmp_path)) / shown((folder / name).relative_to(folder))
    assert on_disk(recorded) == folder / name
    assert on_disk(tmp_path / "no\\u2028ne" / "x.jpg") == tmp_path / "no\\u2028ne" / "x.jpg"


def test_a_relative_path_is_looked_for_where_it_was_given_and_then_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert places("in/a.jpg", "/home/ann") == (Path("/home/ann/in/a.jpg"), Path("in/a.jpg"))
    assert places("in/a.jpg", "") == (Path("in/a.jpg"),), "an earlier version did not record where"
    assert places("in/a.jpg", current()) == (Path("in/a.jpg"),), "both are one"
    assert places("/in/a.jpg", "/home/ann") == (Path("/in/a.jpg"),)


@pytest.mark.parametrize(
    ("path", "base", "whole"),
    [
        ("in/a.jpg", "/home/ann", "/home/ann/in/a.jpg"),
        ("in/a.jpg", "", "in/a.jpg"),
        ("/in/a.jpg", "/home", "/in/a.jpg"),
    ],
)
def test_paths_as_they_are_seen_from_anywhere(path, base, whole):
    assert joined(path, base) == whole
    assert unjoined(whole, base) == path


def test_a_current_folder_that_was_removed_is_none(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert current() == ""
    assert places("a.jpg", "/home/ann") == (Path("/home/ann/a.jpg"), Path("a.jpg"))


def test_a_current_folder_that_was_removed_is_no_crash(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert real(Path("out/a.png")) == Path("out/a.png")
    assert current() == ""
