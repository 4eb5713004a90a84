"""The folder of an evaluation's results."""

from __future__ import annotations

import json

import pytest

from gallery.adapters.reports import ReportFolder
from gallery.domain.errors import NotWritten


def test_documents_are_written_whole(tmp_path):
    path = ReportFolder(tmp_path / "a" / "b").write_json("result.json", {"rate": 0.5, "who": "Zoë"})

    assert json.loads(path.read_text()) == {"rate": 0.5, "who": "Zoë"}
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_numbers_that_are_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Out of range"):
        ReportFolder(tmp_path).write_json("result.json", {"rate": float("nan")})

    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(NotWritten, match="cannot be made"):
        ReportFolder(tmp_path / "file" / "folder")
    (tmp_path / "result.json").mkdir()
    with pytest.raises(NotWritten, match="cannot be written"):
        ReportFolder(tmp_path).write_json("result.json", {})
