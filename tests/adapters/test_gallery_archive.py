"""Archives: what is written is read again, and nothing that is wrong with a file gets past."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exchanged import MOMENT, RAW, UNIT, contents, everything, person, picture, reference
from gallery import __version__
from gallery.adapters import gallery_archive
from gallery.adapters.gallery_archive import ZipArchives
from gallery.domain.errors import BadArchive, BadArgument, NotWritten
from gallery.domain.exchanging import Content, whole
from gallery.domain.people import FaceCrop
from gallery.installed import updating


def write(target: Path, given=None, crops: bool = True, force: bool = False):
    return ZipArchives().write(everything() if given is None else given, target, crops, force)


def read(path: Path):
    """People, and the bytes of what is large."""
    with ZipArchives().open(path) as found:
        return [
            (who, [([(space, vector.tobytes()) for space, vector in one.templates], one.crop) for one in large])
            for who, large in whole(found)
        ]


def expected(given):
    return [
        (who, [([(space, vector.tobytes()) for space, vector in one.templates], one.crop) for one in large])
        for who, large in given.everybody
    ]


@pytest.fixture
def archive(tmp_path) -> Path:
    write(tmp_path / "a.gallery")
    return tmp_path / "a.gallery"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rebuilt(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in content.items():
            file.writestr(name, data)
    return path


def edited(path: Path, change) -> Path:
    """The archive with its manifest changed."""
    content = members(path)
    manifest = json.loads(content["manifest.json"])
    changed = change(manifest)
    content["manifest.json"] = json.dumps(manifest if changed is None else changed).encode()
    return rebuilt(path, content)


def with_member(path: Path, name: str, data: bytes) -> Path:
    """The archive with a member changed, and recorded as it should be."""
    content = members(path)
    manifest = json.loads(content["manifest.json"])
    content[name] = data
    for member in [model["member"] for model in manifest["models"]] + [
        one["crop"]["member"] for who in manifest["people"] for one in who["references"] if one["crop"]
    ]:
        if member["name"] == name:
            member.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    content["manifest.json"] = json.dumps(manifest).encode()
    return rebuilt(path, content)


def refusal(path: Path) -> str:
    """The one sentence and its hint that an archive is refused with."""
    with pytest.raises(BadArchive) as caught, ZipArchives().open(path):
        pass
    message = caught.value.message
    assert caught.value.exit_code == 1
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.hint
    return message


class TestWritten:
    def test_is_read_again(self, archive):
        assert read(archive) == expected(everything())

    def test_says_what_is_in_it(self, tmp_path):
        said = write(tmp_path / "a.gallery")

        assert said.size == (tmp_path / "a.gallery").stat().st_size
        assert (said.people, said.references, said.crops) == (3, 4, 3)
        assert said.templates == (("raw", 3), ("unit", 3))

    def test_models_and_the_galleries_own_come_along(self, archive):
        with ZipArchives().open(archive) as found:
            assert found.models == (RAW, UNIT)
            assert found.own == RAW

    def test_is_as_documented(self, archive):
        content = members(archive)
        manifest = json.loads(content["manifest.json"])

        assert list(content) == [
            "templates/1.f32",
            "templates/2.f32",
            "crops/1.jpg",
            "crops/2.jpg",
            "crops/3.jpg",
            "manifest.json",
        ]
        assert (manifest["format"], manifest["version"]) == ("gallery archive", 1)
        assert manifest["program"] == f"gallery {__version__}"
        rows = np.frombuffer(content["templates/1.f32"], "<f4").reshape(-1, 4)
        assert np.array_equal(rows, np.stack(list(everything().templates(RAW))))
        assert manifest["models"][0]["own"] is True
        assert [one["templates"] for one in manifest["people"][0]["references"]] == [[0, 1], [0]]
        for named in [model["member"] for model in manifest["models"]]:
            data = content[named["name"]]
            assert named["size"] == len(data)
            assert named["sha256"] == hashlib.sha256(data).hexdigest()

    def test_has_the_same_bytes_each_time(self, archive, tmp_path):
        write(tmp_path / "b.gallery")

        assert (tmp_path / "b.gallery").read_bytes() == archive.read_bytes()

    def test_can_leave_pictures_out(self, tmp_path):
        said = write(tmp_path / "a.gallery", crops=False)

        assert said.crops == 0
        assert all(crop is None for _, large in read(tmp_path / "a.gallery") for _, crop in large)
        assert [who.name for who, _ in read(tmp_path / "a.gallery")] == [who.name for who, _ in everything().everybody]

    def test_may_hold_nobody(self, tmp_path):
        write(tmp_path / "a.gallery", contents(models=(), own=None))

        assert read(tmp_path / "a.gallery") == []

    def test_takes_more_than_one_block_of_templates(self, tmp_path, monkeypatch):
        monkeypatch.setattr(gallery_archive, "PIECE", 40)  # two rows of RAW, three of UNIT
        given = contents(person("Ada", [reference(n, (RAW, UNIT)) for n in range(11)]))

        write(tmp_path / "a.gallery", given)

        assert read(tmp_path / "a.gallery") == expected(given)

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
    def test_is_for_its_owner_only_from_the_first_byte(self, tmp_path, umask):
        modes = []

        def look(_done, _all):
            modes.extend(stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir())

        before = os.umask(umask)
        try:
            ZipArchives().write(everything(), tmp_path / "a.gallery", crops=True, force=False, advance=look)
        finally:
            os.umask(before)
        assert set(modes) == {0o600}
        assert stat.S_IMODE((tmp_path / "a.gallery").stat().st_mode) == 0o600

    def test_may_have_more_members_than_a_plain_zip_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)

        write(tmp_path / "a.gallery")

        assert b"PK\6\6" in (tmp_path / "a.gallery").read_bytes()
        assert read(tmp_path / "a.gallery") == expected(everything())

    def test_tells_how_far_it_has_come(self, tmp_path):
        steps = []
        ZipArchives().write(everything(), tmp_path / "a.gallery", True, False, lambda *step: steps.append(step))

        assert steps[-1] == (9, 9)
        assert steps == sorted(steps)

    def test_what_a_terminal_would_obey_is_written_out(self, tmp_path):
        one, large = reference(1)
        one = replace(one, reference=replace(one.reference, source="a\x1b[2Jb\u202ec\udce9.jpg"))
        write(tmp_path / "a.gallery", contents(person("Ada", [(one, large)])))

        ((ada, _),) = read(tmp_path / "a.gallery")
        assert ada.references[0].reference.source == "a\\x1b[2Jb\\u202ec\udce9.jpg"


class TestNotWritten:
    def test_over_a_file(self, archive):
        before = archive.read_bytes()

        with pytest.raises(BadArgument, match="already") as caught:
            write(archive, contents(person("Ada", [reference(1)])))

        assert "--force" in caught.value.hint
        assert archive.read_bytes() == before
        write(archive, contents(person("Ada", [reference(1)])), force=True)
        assert [who.name for who, _ in read(archive)] == ["Ada"]

    def test_over_a_file_that_came_meanwhile(self, tmp_path):
        target = tmp_path / "a.gallery"

        with pytest.raises(BadArgument, match="already"):
            ZipArchives().write(everything(), target, True, False, lambda *_: target.write_bytes(b"mine"))

        assert target.read_bytes() == b"mine"
        assert list(tmp_path.iterdir()) == [target]

    @pytest.mark.parametrize("end", ["", "-wal", "-shm"])
    def test_over_the_gallery_itself(self, tmp_path, end):
        db = tmp_path / "gallery.db"
        (tmp_path / f"gallery.db{end}").write_bytes(b"gallery")
        (tmp_path / "other").hardlink_to(tmp_path / f"gallery.db{end}")

        with pytest.raises(BadArgument, match="the gallery itself"):
            ZipArchives(db).write(everything(), tmp_path / "other", crops=True, force=True)

        assert (tmp_path / "other").read_bytes() == b"gallery"

    def test_over_a_folder_or_a_link(self, tmp_path):
        (tmp_path / "folder").mkdir()
        (tmp_path / "link").symlink_to("elsewhere")

        for name in ("folder", "link"):
            with pytest.raises(BadArgument, match="already"):
                write(tmp_path / name)
            with pytest.raises(BadArgument, match="not a file"):
                write(tmp_path / name, force=True)
        assert not (tmp_path / "elsewhere").exists()

    def test_into_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(NotWritten, match="no such folder"):
            write(tmp_path / "nowhere" / "a.gallery")
        with pytest.raises(NotWritten, match="could not be written"):
            write(tmp_path / "nul\0")

    @pytest.mark.parametrize("force", [False, True])
    def test_where_something_fails_nothing_is_left(self, archive, force):
        before = archive.read_bytes()
        target = archive if force else archive.with_name("b.gallery")

        def interrupt(_done, _all):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ZipArchives().write(everything(), target, True, force, interrupt)
        assert list(archive.parent.iterdir()) == [archive]
        assert archive.read_bytes() == before

    def test_a_full_disk_is_said(self, tmp_path):
        def full(_done, _all):
            raise OSError(28, "No space left on device")

        with pytest.raises(NotWritten, match="the disk is full"):
            ZipArchives().write(everything(), tmp_path / "a.gallery", True, False, full)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("values", [[2, 0, 0], [np.nan, 0, 0]])
    def test_templates_that_could_not_be_imported(self, tmp_path, values):
        one, _ = reference(1, (UNIT,))
        given = contents(person("Ada", [(one, Content(((UNIT, np.array(values, np.float32)),), None))]))

        with pytest.raises(NotWritten, match="under unit holds a v"):
            write(tmp_path / "a.gallery", given, crops=False)
        assert list(tmp_path.iterdir()) == []

    def test_pictures_that_could_not_be_imported(self, tmp_path):
        one, large = reference(1)
        given = contents(person("Ada", [(one, replace(large, crop=FaceCrop(b"no picture", 0, 0, 1)))]))

        with pytest.raises(NotWritten, match="no JPEG file"):
            write(tmp_path / "a.gallery", given)
        write(tmp_path / "a.gallery", given, crops=False)


class TestRefusedFiles:
    def test_none(self, tmp_path):
        assert "No such file" in refusal(tmp_path / "gone.gallery")

    def test_a_folder_or_a_pipe(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")

        assert "not a file" in refusal(tmp_path)
        assert "not a file" in refusal(tmp_path / "pipe")

    @pytest.mark.parametrize(
        "content",
        [b"", b"SQLite format 3\0" + bytes(100), b"PK\3\4", b"{}", bytes(5000)],
        ids=["empty", "database", "cut", "JSON", "zeros"],
    )
    def test_not_a_zip_file(self, tmp_path, content):
        (tmp_path / "x").write_bytes(content)

        assert "no archive of a gallery, or its end is missing" in refusal(tmp_path / "x")

    def test_a_zip_file_of_something_else(self, tmp_path):
        assert "no archive of a gallery" in refusal(rebuilt(tmp_path / "x", {"photo.jpg": picture()}))
        assert "not that of a gallery" in refusal(rebuilt(tmp_path / "y", {"manifest.json": b'{"format": "docx"}'}))

    def test_packed_members(self, archive):
        assert "is packed" in refusal(rebuilt(archive, members(archive), zipfile.ZIP_DEFLATED))

    def test_a_zip_bomb(self, tmp_path):
        rebuilt(tmp_path / "x", {"manifest.json": b" " * 50_000_000}, zipfile.ZIP_DEFLATED)

        assert (tmp_path / "x").stat().st_size < 100_000
        assert "is packed" in refusal(tmp_path / "x")

    def test_a_manifest_beyond_the_limit(self, archive, monkeypatch):
        monkeypatch.setattr(gallery_archive, "LARGEST_MANIFEST", 1000)

        assert "its manifest is larger than" in refusal(archive)

    def test_a_list_of_members_beyond_the_limit(self, archive, monkeypatch):
        monkeypatch.setattr("gallery.adapters.archive_members.LARGEST_DIRECTORY", 100)

        assert "its list of members is too long" in refusal(archive)

    @pytest.mark.parametrize("size", [2**31, 0xFFFFFFFE])
    def test_sizes_beyond_the_file(self, archive, size):
        data = bytearray(archive.read_bytes())
        place = data.index(b"PK\1\2")
        struct.pack_into("<LL", data, place + 20, size, size)
        archive.write_bytes(data)

        assert "larger than the file" in refusal(archive)

    def test_members_that_share_their_bytes(self, archive):
        data = bytearray(archive.read_bytes())
        places = [i for i in range(len(data)) if data[i : i + 4] == b"PK\1\2"]
        for place in places[1:]:
            data[place + 42 : place + 46] = data[places[0] + 42 : places[0] + 46]
        archive.write_bytes(data)

        refusal(archive)

    def test_encrypted_members(self, archive):
        data = bytearray(archive.read_bytes())
        for i in range(len(data)):
            if data[i : i + 4] == b"PK\1\2":
                data[i + 8] |= 1
        archive.write_bytes(data)

        assert "is encrypted" in refusal(archive)

    @pytest.mark.parametrize(
        "name",
        ["/etc/cron.d/x", "../x", "crops/../../x", "..\\x", "\\\\host\\x", "C:\\x", "c:x", "crops/..", "a\0b"],
    )
    def test_names_that_lead_outside(self, archive, name):
        content = {**members(archive), "m" * len(name): b"evil"}
        rebuilt(archive, content)
        archive.write_bytes(archive.read_bytes().replace(b"m" * len(name), name.encode()))

        assert "leads outside; nothing of it was written" in refusal(archive)
        assert list(archive.parent.iterdir()) == [archive]

    @pytest.mark.parametrize("name", ["crops/4.jpg", "readme.txt", "crops/", "Manifest.json", "templates/3.f32"])
    def test_members_that_the_manifest_does_not_name(self, archive, name):
        assert "which its manifest does not name" in refusal(rebuilt(archive, {**members(archive), name: b""}))

    @pytest.mark.parametrize("name", ["templates/1.f32", "crops/2.jpg", "manifest.json"])
    def test_missing_members(self, archive, name):
        content = members(archive)
        del content[name]

        said = refusal(rebuilt(archive, content))
        assert "is missing" in said if name != "manifest.json" else "no archive of a gallery" in said

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize("name", ["crops/1.jpg", "manifest.json"])
    def test_members_that_are_there_twice(self, archive, name):
        with zipfile.ZipFile(archive, "a") as file:
            file.writestr(name, b"another")

        assert "have one name" in refusal(archive)

    @pytest.mark.parametrize("name", ["templates/1.f32", "crops/2.jpg"])
    def test_members_that_were_changed(self, archive, name):
        content = members(archive)
        content[name] = content[name][:-1] + bytes([content[name][-1] ^ 1])
        assert "its SHA-256 is not the one on record" in refusal(rebuilt(archive, content))

        content[name] += b"abcd"
        assert f"bytes, not {len(content[name]) - 4}" in refusal(rebuilt(archive, content))

    def test_a_later_version(self, archive):
        edited(archive, lambda m: {"format": m["format"], "version": 3, "program": "gallery 3.1.4", "new": {}})
        with pytest.raises(BadArchive, match=r"written by gallery 3\.1\.4 as an archive of version 3") as caught:
            read(archive)
        assert updating("3.1.4") in caught.value.hint

        edited(archive, lambda m: {"format": m["format"], "version": 4, "program": "; rm -rf / #"})
        with pytest.raises(BadArchive, match="a later version of this program") as caught:
            read(archive)
        assert caught.value.hint == f"Update the program: {updating()}"

    @pytest.mark.parametrize("values", [[1, 2, np.nan, 4], [1, 2, np.inf, 4], [1, 2, -np.inf, 4]])
    def test_numbers_that_are_not_finite(self, archive, values):
        rows = np.array([*values, *range(8)], "<f4").tobytes()

        assert "not a finite number" in refusal(with_member(archive, "templates/1.f32", rows))

    def test_vectors_that_are_not_of_length_one(self, archive):
        rows = np.array([[1, 0, 0], [0.6, 0.8, 0.1], [0, 0, 1]], "<f4").tobytes()

        assert "not of length one" in refusal(with_member(archive, "templates/2.f32", rows))

    def test_fewer_or_more_templates_than_said(self, archive):
        for rows in (2, 4):
            assert "templates of 4 values in" in refusal(with_member(archive, "templates/1.f32", bytes(16 * rows)))

    @pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", b"GIF89a" + bytes(20)])
    def test_pictures_that_are_none(self, archive, data):
        assert "no JPEG file" in refusal(with_member(archive, "crops/1.jpg", data))

    @pytest.mark.parametrize("size", [(1025, 1), (65000, 65000)])
    def test_pictures_that_are_too_large(self, archive, size):
        file = io.BytesIO()
        Image.new("L", (16, 16)).save(file, "JPEG")
        data = bytearray(file.getvalue())
        place = data.index(b"\xff\xc0")
        struct.pack_into(">HH", data, place + 5, size[1], size[0])

        refusal(with_member(archive, "crops/1.jpg", bytes(data)))

    def test_what_changes_between_the_check_and_the_import(self, tmp_path):
        given = contents(person("Ada", [reference(n) for n in range(100)]))
        write(tmp_path / "a.gallery", given)
        last = picture(99)

        with ZipArchives().open(tmp_path / "a.gallery") as found:
            data = (tmp_path / "a.gallery").read_bytes()
            (tmp_path / "a.gallery").write_bytes(data.replace(last, bytes(len(last))))
            with pytest.raises(BadArchive, match="damaged"):
                list(found.crops())


def change_person(field, value):
    def change(manifest):
        manifest["people"][0][field] = value

    return change


def change_reference(field, value):
    def change(manifest):
        manifest["people"][0]["references"][0][field] = value

    return change


def change_model(field, value, number=0):
    def change(manifest):
        manifest["models"][number][field] = value

    return change


NOT_TEXT = [None, 1, True, [], {}]
MANIFESTS = [
    *[
        change_person("name", name)
        for name in ["", "  ", "\u200b", "x" * 101, "a\x00b", "a\x1b[2J", "a\u202eb", None, 1]
    ],
    *[change_person("name", name) for name in ["NOBODY YET", "Nobody\u200b yet", " \uff2eobody  yet"]],
    *[
        change_person("added", moment)
        for moment in ["", "yesterday", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00+01:00", None, 5]
    ],
    *[change_person("expires", day) for day in ["", "20260131", "2026-02-30", "2026-W01-1", 5, True]],
    *[change_person("enabled", value) for value in [None, 0, "yes"]],
    *[change_person("notes", value) for value in ["x" * 10_001, "a\x00b", *NOT_TEXT]],
    *[change_person("tags", value) for value in [None, "5b", [1], [""], ["a\x00b"], ["x" * 101], ["a"] * 1001]],
    *[change_person("references", value) for value in [None, {}, [1]]],
    *[
        change_person("thresholds", [{"model": 0, "cosine": 0.5, "euclidean": 1.0, "origin": "", **wrong}])
        for wrong in [
            {"model": 2},
            {"model": -1},
            {"model": True},
            {"cosine": -0.1},
            {"cosine": 2.1},
            {"cosine": "0.5"},
            {"euclidean": -1},
            {"origin": "a\x07"},
            {"more": 1},
        ]
    ],
    change_person("thresholds", [{"model": 0, "cosine": 0.5, "euclidean": 1.0, "origin": ""}] * 2),
    change_person("more", 1),
    *[change_reference("source", value) for value in ["a\x1b[2J", "a\u202eb", "a\nb", "x" * 10_001, *NOT_TEXT]],
    *[change_reference("sha256", value) for value in ["", "0" * 63, "G" * 64, "A" * 64, None]],
    *[change_reference("added", value) for value in ["2026", None]],
    *[change_reference("detector", value) for value in ["x" * 101, "a\x1b", None]],
    *[
        change_reference("box", value)
        for value in [
            None,
            [1, 2, 3],
            [1, 2, 3, 4, 5],
            [1, 2, 0, 4],
            [1, 2, 3, 0],
            [-1, 2, 3, 4],
            [1, 2, 3, 2**31],
            [1.5, 2, 3, 4],
            [True, 2, 3, 4],
            "abcd",
        ]
    ],
    *[change_reference("score", value) for value in ["1", None, True, 10**400]],
    *[
        change_reference("landmarks", value)
        for value in [[], [[1, 2]] * 4, [[1, 2]] * 6, [[1, 2, 3]] * 5, [[1, "2"]] * 5, [[1, None]] * 5, 5, [1] * 5]
    ],
    *[change_reference("size", value) for value in [0, -1, 1.5, True, None, 2**31]],
    *[change_reference("sharpness", value) for value in [None, "1", [1]]],
    *[change_reference("as_meant", value) for value in [None, 1]],
    *[change_reference("flaws", value) for value in [None, "dark", [1], ["a\x1b"], ["x" * 101]]],
    *[
        change_reference("templates", value)
        for value in [None, [2], [-1], [0, 0], [1, 0], [0, 1, 1], [True], ["0"], []]
    ],
    *[
        change_reference("crop", value)
        for value in [
            5,
            {},
            {"x": 0, "y": 0, "scale": 0, "member": {}},
            {"x": 0, "y": 0, "scale": 1.5, "member": {}},
            {"x": -1, "y": 0, "scale": 1, "member": {}},
            {"x": 0, "y": 0, "scale": 1, "member": None},
            {"x": 0, "y": 0, "scale": 1, "member": {"name": "crops/1.jpg", "size": 2**40, "sha256": "0" * 64}},
            {"x": 0, "y": 0, "scale": 1, "member": {"name": "crops/2.jpg", "size": 1, "sha256": "0" * 64}},
            {"x": 0, "y": 0, "scale": 1, "member": {"name": "manifest.json", "size": 1, "sha256": "0" * 64}},
        ]
    ],
    change_reference("more", 1),
    *[change_model("name", value) for value in ["a\x1b", "x" * 101, *NOT_TEXT]],
    *[change_model("sha256", value) for value in ["", "A" * 64, None]],
    *[change_model("dimension", value) for value in [0, -4, 5, 2, 65_537, True, 4.0, None]],
    *[change_model("templates", value) for value in [-1, 0, 2, 4, 2**31, None]],
    *[change_model("own", value) for value in [None, 1]],
    change_model("own", True, 1),
    change_model("member", None),
    change_model("member", {"name": "../x", "size": 48, "sha256": "0" * 64}),
    change_model("member", {"name": "templates/2.f32", "size": 48, "sha256": "0" * 64}),
    change_model("more", 1),
    lambda m: m["models"].append(m["models"][0]),
    lambda m: m["models"].reverse(),
    lambda m: m["people"][0]["references"].append(m["people"][0]["references"][1]),
    lambda m: m["people"].append(m["people"][2]),
    lambda m: m["people"].append(None),
    lambda m: m.update(more=1),
    lambda m: m.pop("people"),
    lambda m: m.pop("models"),
    lambda m: m.update(version=0),
    lambda m: m.update(version="1"),
    lambda m: m.update(version=True),
    lambda m: m.update(people={}),
    lambda m: m.update(models=None),
    lambda m: m.update(program="a\x1b[2J"),
    lambda m: [m],
    lambda _: 5,
    lambda _: "gallery archive",
]


@pytest.mark.parametrize("number", range(len(MANIFESTS)))
def test_manifests_that_say_what_cannot_be(archive, number):
    said = refusal(edited(archive, MANIFESTS[number]))

    assert "damaged, or not all" not in said, "the sentence says what is wrong"
    assert said.isprintable()
    assert len(said) < 400 + len(str(archive))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"format": "gallery archive", "version": NaN}',
        b'{"format": "gallery archive", "version": Infinity}',
        b'{"format": "gallery archive", "version": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
    ids=["empty", "cut", "no UTF-8", "NaN", "Infinity", "long number", "deep list", "deep object"],
)
def test_manifests_that_are_no_json(archive, text):
    said = refusal(rebuilt(archive, {**members(archive), "manifest.json": text}))

    assert "manifest" in said


def test_a_name_is_cleaned_as_any_other(archive):
    edited(archive, change_person("name", "  Ada   Lovelace "))

    assert read(archive)[0][0].name == "Ada Lovelace"


def test_truncated_at_every_place(tmp_path):
    write(tmp_path / "whole", contents(person("Ada", [reference(1, (RAW, UNIT))])))
    data = (tmp_path / "whole").read_bytes()
    for length in range(0, len(data), 7):
        (tmp_path / "cut").write_bytes(data[:length])
        refusal(tmp_path / "cut")


def same_or_refused(path: Path, usual) -> bool:
    """Whether an archive is read as it was; checks that it is refused in a sentence otherwise."""
    try:
        assert read(path) == usual
    except BadArchive:
        assert refusal(path).isprintable()
        return False
    return True


def test_every_byte_flipped_is_found_or_harmless(tmp_path):
    write(tmp_path / "whole", contents(person("Ada", [reference(1, (RAW, UNIT))])))
    data = bytearray((tmp_path / "whole").read_bytes())
    usual = read(tmp_path / "whole")
    broken = tmp_path / "broken"
    found = 0
    for place in range(0, len(data), 3):
        for bit in (1, 0x80):
            data[place] ^= bit
            broken.write_bytes(data)
            data[place] ^= bit
            found += not same_or_refused(broken, usual)
    assert found > len(data) / 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken", "whole"]


def test_moments_keep_their_microseconds(archive):
    assert read(archive)[0][0].added == MOMENT
