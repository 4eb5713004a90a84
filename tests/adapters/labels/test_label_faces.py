"""Names of faces, and folders of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gallery.adapters.labels.faces import probes, read_face_labels
from gallery.adapters.labels.folders import people_folders
from gallery.domain.errors import BadLabels, BadPhoto
from gallery.domain.geometry import Box
from gallery.domain.identification import LabelledBox, LabelledPhoto

FACE = {"box": [1, 2, 3, 4], "name": "Ross"}


def written(folder: Path, document: object) -> Path:
    file = folder / "faces.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_who_stands_where(tmp_path):
    file = written(
        tmp_path, {"about": "a test", "photos": {"a.jpg": [FACE, {"box": [5, 6, 7.6, 8], "name": None}], "b.jpg": []}}
    )

    assert read_face_labels(file) == {
        "a.jpg": (LabelledBox(Box(1, 2, 3, 4), "Ross"), LabelledBox(Box(5, 6, 8, 8), None)),
        "b.jpg": (),
    }


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "no field 'photos'"),
        ({"photos": []}, "no field 'photos'"),
        ({"photos": {"a.jpg": []}}, "labels no face"),
        ({"photos": {"a.jpg": FACE}}, "photo 'a.jpg' must be a list"),
        ({"photos": {"a.jpg": [FACE, {"box": [1, 2, 3, 4]}]}}, "photo 'a.jpg', face 2 must be an object"),
        ({"photos": {"a.jpg": [{**FACE, "box": [1, 2, 3]}]}}, "face 1 must be a box of four numbers, not [1, 2, 3]"),
        ({"photos": {"a.jpg": [{**FACE, "box": [1, 2, "3", 4]}]}}, "a box of four numbers"),
        ({"photos": {"a.jpg": [{**FACE, "box": [1, 2, 0, 4]}]}}, "at least one pixel"),
        ('{"photos": {"a.jpg": [{"box": [1, 2, NaN, 4], "name": null}]}}', "a box of four numbers"),
        ({"photos": {"a.jpg": [{**FACE, "name": 7}]}}, "a name or null"),
        ({"photos": {"a.jpg": [{**FACE, "name": " "}]}}, "name is empty"),
    ],
)
def test_malformed_labels(tmp_path, document, said):
    with pytest.raises(BadLabels) as caught:
        read_face_labels(written(tmp_path, document))

    assert said in caught.value.message
    assert "faces.json" in caught.value.message


def test_the_friends_labels_can_be_read():
    own = Path(__file__).resolve().parents[2] / "assets" / "labels" / "friends.json"

    names = {box.name for boxes in read_face_labels(own).values() for box in boxes}

    assert {"Monica", "Ross", None} <= names


@pytest.fixture
def people(tmp_path) -> Path:
    folder = tmp_path / "people"
    for name, count in (("Ada", 2), ("Ben", 11)):
        (folder / name).mkdir(parents=True)
        for number in range(1, count + 1):
            (folder / name / f"{number}.jpg").touch()
    (folder / ".thumbnails").mkdir()
    (folder / "notes.txt").touch()
    return folder


def test_a_folder_for_each_person(people):
    found = people_folders(people)

    assert list(found) == ["Ada", "Ben"]
    assert [path.name for path in found["Ben"]][:3] == ["1.jpg", "2.jpg", "3.jpg"]


def test_folders_that_are_no_people(people, tmp_path):
    with pytest.raises(BadLabels, match="no folders of people"):
        people_folders(people / "Ada")
    with pytest.raises(BadLabels, match="no folder"):
        people_folders(tmp_path / "gone")
    with pytest.raises(BadLabels, match="cannot be listed"):
        people_folders(people / "notes.txt")
    (people / "Cy").mkdir()
    with pytest.raises(BadPhoto, match="Cy holds no photo"):
        people_folders(people)


def test_two_folders_of_one_name(people):
    (people / "ADA").mkdir()
    (people / "ADA" / "1.jpg").touch()

    with pytest.raises(BadLabels, match="have one name"):
        people_folders(people)


def test_probes_from_folders(people):
    found = probes(people, None)

    assert len(found) == 13
    assert found[0] == LabelledPhoto(people / "Ada" / "1.jpg", owner="Ada")


def test_probes_from_labels(people):
    labels = written(people, {"photos": {"1.jpg": [FACE]}})

    found = probes(people / "Ada", labels)

    assert [(p.path.name, len(p.boxes)) for p in found] == [("1.jpg", 1), ("2.jpg", 0)]


def test_probes_that_nothing_speaks_of(people, tmp_path):
    with pytest.raises(BadLabels, match="Nothing says who"):
        probes(people / "Ada", None)
    with pytest.raises(BadLabels, match=r"names the photo 'x\.jpg'"):
        probes(people / "Ada", written(tmp_path, {"photos": {"x.jpg": [FACE]}}))
