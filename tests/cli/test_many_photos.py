"""Trees, lists, long runs, outputs to look at, and decisions by hand, on the command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gallery.domain.runs import FULL_UP_TO

pytestmark = pytest.mark.models


@pytest.fixture
def tree(gallery, photos, here):
    """Grace Hopper is enrolled; photos lie in two levels of folders."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    root = here / "tree"
    (root / "class" / "private").mkdir(parents=True)
    with Image.open(photos / "pair.png") as pair:
        pair.save(root / "a.png")
        pair.convert("RGB").save(root / "class" / "b.jpg", exif=pair.getexif(), comment=b"secret")
        pair.save(root / "class" / "private" / "c.webp")
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    return root


def outputs(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class TestWhatIsTaken:
    def test_the_output_tree_mirrors_the_input_tree(self, gallery, tree, here):
        said = gallery("anonymise", tree, "-o", here / "out", "--recursive", "--exclude", "private", "--json")

        assert said.code == 3
        assert outputs(here / "out") == {"a.png", "class/b.jpg"}
        assert {image["status"] for image in said.json["images"]} == {"ok", "failed"}
        assert b"secret" not in (here / "out/class/b.jpg").read_bytes()

    def test_a_folder_inside_itself_is_not_done_again(self, gallery, tree):
        gallery("anonymise", tree, "-o", tree / "out", "-r")
        again = gallery("anonymise", tree, "-o", tree / "out", "-r", "--json")
        assert len(again.json["images"]) == 4

    def test_patterns(self, gallery, tree, here):
        assert gallery("anonymise", tree / "*/*.jpg", "-o", here / "out").code == 0
        assert outputs(here / "out") == {"class/b.jpg"}

    @pytest.mark.parametrize("end", ["\n", "\0"])
    def test_a_list_on_standard_input(self, gallery, tree, here, monkeypatch, end):
        listed = end.join([str(tree / "a.png"), str(tree / "class/b.jpg"), ""])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed.encode())))
        assert gallery("anonymise", "-", "-o", here / "out").code == 0
        assert outputs(here / "out") == {"a.png", "class/b.jpg"}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    def test_a_list_as_windows_writes_it(self, gallery, tree, here, monkeypatch, encoding):
        listed = "\r\n".join([str(tree / "a.png"), str(tree / "class/b.jpg"), ""])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed.encode(encoding))))
        assert gallery("anonymise", "-", "-o", here / "out").code == 0
        assert outputs(here / "out") == {"a.png", "class/b.jpg"}

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "latin-1"])
    def test_a_list_in_no_known_encoding_is_refused(self, gallery, tree, here, monkeypatch, encoding):
        (here / "a").write_bytes((tree / "a.png").read_bytes())  # a name that letters of the list spell
        monkeypatch.chdir(here)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a.jpg\r\nß.jpg\r\n".encode(encoding))))
        said = gallery("anonymise", "-", "-o", here / "out")
        assert said.code == 2
        assert "cannot be read" in said.err
        assert "UTF-8" in said.err
        assert not (here / "out").exists()

    def test_an_empty_list_is_refused(self, gallery, here, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
        said = gallery("anonymise", "-", "-o", here / "out")
        assert said.code == 2
        assert "empty" in said.err

    def test_another_format(self, gallery, tree, here):
        said = gallery("anonymise", tree / "a.png", "-o", here / "out", "--format", "jpeg", "--quality", "80")
        assert said.code == 0
        with Image.open(here / "out/a.jpg") as image:
            assert image.format == "JPEG"

    def test_photos_that_are_too_large_are_refused(self, gallery, tree, here):
        said = gallery("anonymise", tree / "a.png", "-o", here / "out", "--max-pixels", "1000")
        assert said.code == 1
        assert "0.001 million pixels" in " ".join(said.out.split())
        assert gallery("override", tree / "a.png", "--face", 1, "blur", "--max-pixels", "1000").code == 1

    def test_times_only_if_asked_for(self, gallery, tree, here):
        os.utime(tree / "a.png", (1e9, 1e9))
        gallery("anonymise", tree / "a.png", "-o", here / "new")
        gallery("anonymise", tree / "a.png", "-o", here / "old", "--keep-times")
        assert (here / "new/a.png").stat().st_mtime > 1.5e9
        assert (here / "old/a.png").stat().st_mtime == 1e9


class TestRuns:
    def test_a_resumed_run_passes_over_what_is_done(self, gallery, tree, here):
        gallery("anonymise", tree, "-o", here / "out")
        said = gallery("anonymise", tree, "-o", here / "out", "-r", "--resume")

        assert said.code == 3
        assert "done before, in run 1" in said.out
        assert "1, in earlier runs" in " ".join(said.out.split())
        assert "matches" in gallery("audit", "2", "--image", "a.png").out, "what was decided then is shown again"
        again = gallery("audit", "2", "--json").json
        assert [image["earlier_run"] for image in again["images"]].count(1) == 1

    def test_the_number_at_work_makes_no_difference(self, gallery, tree, here):
        for jobs in (1, 3):
            gallery("anonymise", tree, "-o", here / f"out{jobs}", "-r", "--jobs", jobs)
        for name in outputs(here / "out1"):
            assert (here / "out1" / name).read_bytes() == (here / "out3" / name).read_bytes()
        assert outputs(here / "out1") == outputs(here / "out3")

    def test_the_first_failure_ends_it(self, gallery, tree, here):
        said = gallery("anonymise", tree / "broken.jpg", tree / "a.png", "-o", here / "out", "--fail-fast")
        assert said.code == 1
        assert "Stopped at the first photo that failed, with 1 photo" in said.err
        assert not (here / "out/a.png").exists()

    def test_outputs_are_verified(self, gallery, tree, here):
        few = gallery("anonymise", tree / "a.png", "-o", here / "out", "--json").json
        assert few["images"][0]["verified"] == "full"
        blurred = [face for face in few["images"][0]["faces"] if face["decision"] == "blur"]
        assert blurred
        assert all(face["residual"] > face["thresholds"]["cosine"] for face in blurred)
        quick = gallery("anonymise", tree / "a.png", "-o", here / "quick", "--verify", "written", "--json").json
        assert quick["images"][0]["verified"] == "written"
        assert FULL_UP_TO == 100, "as the help says"

    def test_another_run_into_the_same_folder_waits(self, gallery, tree, here):
        from gallery.adapters.photos.files import PillowPhotoFiles

        with PillowPhotoFiles().reserve(here / "out"):
            said = gallery("anonymise", tree / "a.png", "-o", here / "out")
        assert said.code == 1
        assert "Another run is writing" in said.err
        assert gallery("anonymise", tree / "a.png", "-o", here / "out").code == 0

    def test_pipes_are_no_photos(self, gallery, tree, here):
        os.mkfifo(here / "pipe.jpg")
        said = gallery("anonymise", here / "pipe.jpg", tree / "a.png", "-o", here / "out")
        assert said.code == 3
        assert "not a regular file" in " ".join(said.out.split())
        os.mkfifo(here / "out" / "b.jpg")
        assert gallery("anonymise", tree / "class" / "b.jpg", "-o", here / "out").code == 1

    def test_faces_on_their_side_are_found_if_asked_for(self, gallery, tree, here):
        with Image.open(tree / "a.png") as image:
            image.transpose(Image.Transpose.ROTATE_90).save(here / "side.png")
        (image,) = gallery("anonymise", here / "side.png", "-o", here / "out", "--turned", "--json").json["images"]
        assert [face["decision"] for face in image["faces"]].count("keep") == 1
        assert len(image["faces"]) == 2


class TestByHand:
    def test_nobody_stays(self, gallery, tree, here):
        said = gallery("anonymise", tree / "a.png", "-o", here / "out", "--always-blur")
        assert said.code == 0
        assert "nobody" in said.out
        assert "0 kept, 2 blurred" in said.out

    def test_a_part_is_always_blurred(self, gallery, tree, here):
        gallery("anonymise", tree / "a.png", "-o", here / "out", "--box", "0,0,60,40")
        with Image.open(tree / "a.png") as before, Image.open(here / "out/a.png") as after:
            first, second = np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB"))
        assert (first[:40, :60] != second[:40, :60]).any(axis=2).mean() > 0.9
        assert (first[41:60, :20] == second[41:60, :20]).all()

    @pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5", ""])
    def test_a_box_that_is_none(self, gallery, tree, here, box):
        assert gallery("anonymise", tree / "a.png", "-o", here / "out", f"--box={box}").code == 2

    def test_somebody_who_is_not_enrolled_cannot_be_kept(self, gallery, tree, here):
        said = gallery("anonymise", tree / "a.png", "-o", here / "out", "--keep-all-of", "Bob")
        assert said.code == 1
        assert "nobody called 'Bob'" in said.err

    def test_contradictions(self, gallery, tree, here):
        words = ["--always-blur", "--keep-all-of", "Grace Hopper"]
        assert gallery("anonymise", tree / "a.png", "-o", here / "out", *words).code == 2
        assert gallery("anonymise", tree / "a.png", "--dry-run", "--resume").code == 2

    def test_an_override_holds_in_every_run(self, gallery, tree, here):
        faces = gallery("anonymise", tree / "a.png", "--dry-run", "--json").json["images"][0]["faces"]
        stranger = next(number for number, face in enumerate(faces, 1) if face["decision"] == "blur")
        words = ["override", tree / "a.png", "--face", stranger, "keep", "--note", "agreed"]
        assert "Say whose face it is with --for NAME" in gallery(*words).err
        assert gallery(*words, "--for", "Grace Hopper").code == 0

        said = gallery("anonymise", tree / "a.png", "-o", here / "out")

        assert "2 kept, 0 blurred" in said.out
        assert "by hand" in said.out


class TestLookingAtARun:
    def test_copies_and_a_sheet(self, gallery, tree, here):
        words = ["--annotate", here / "look", "--contact-sheet", here / "sheet.png"]
        assert gallery("anonymise", tree, "-o", here / "out", "-r", *words).code == 3
        assert outputs(here / "look") == {"a.png.jpg", "class/b.jpg.jpg", "class/private/c.webp.jpg"}
        for path in [here / "sheet.png", *(here / "look").rglob("*.jpg")]:
            assert path.stat().st_mode & 0o077 == 0
            with Image.open(path) as image:
                image.load()

    @pytest.mark.parametrize(
        "words", [["--annotate", "out"], ["--annotate", "."], ["--contact-sheet", "out/sheet.png"]]
    )
    def test_not_into_what_is_published(self, gallery, tree, words):
        said = gallery("anonymise", tree / "a.png", "-o", "out", *words)
        assert said.code == 2
        assert "output folder" in said.err


def test_json_stays_pure_and_piped_tables_have_no_bar(gallery, tree, here):
    words = [sys.executable, "-m", "gallery", "anonymise", tree, "-o", here / "out"]
    done = subprocess.run([*map(str, words), "--json"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["planned"] == 2
    assert done.stderr == ""


@pytest.mark.slow
def test_memory_stays_flat(gallery, tree, here):
    """At most 1 GiB above the models for any number of photos of 50 megapixels."""
    with Image.open(tree / "a.png") as pair:
        large = pair.convert("RGB").resize((8660, 5774))
        for number in range(6):
            folder = here / ("few" if number < 2 else "more")
            folder.mkdir(exist_ok=True)
            large.save(folder / f"{number}.jpg", quality=88 + number)
    code = (
        "import resource, sys; from gallery.cli.boundary import run; code = run(sys.argv[1:]); "
        "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peak = {}
    for name, source in (("none", tree / "a.png"), ("few", here / "few"), ("more", here / "more")):
        words = ["anonymise", source, "-o", here / f"out-{name}", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=True
        )
        returned, kilobytes = done.stdout.splitlines()[-1].split()
        assert returned == "0", done.stdout
        peak[name] = int(kilobytes) / 2**20
    assert peak["more"] - peak["none"] <= 1.0, peak
    assert peak["more"] - peak["few"] <= 0.1, peak
