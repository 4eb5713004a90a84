"""`gallery evaluate`, from the command line."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from portraits import collins, hopper, scaled

SHRUNK = {"1": 1.0, "2": 0.7, "3": 0.5}
BOX = (183, 120, 170, 212)


def sentence(said) -> str:
    text = " ".join((said.err + said.out).split())
    assert "Traceback" not in text
    return text


@pytest.fixture
def people(here):
    """Two people, three portraits each: the portrait in three sizes, the second mirrored."""
    for name, portrait in (("Hopper", hopper()), ("Collins", collins())):
        (here / "people" / name).mkdir(parents=True)
        for number, factor in SHRUNK.items():
            pixels = scaled(portrait[:, ::-1] if number == "2" else portrait, factor)
            Image.fromarray(np.ascontiguousarray(pixels)).save(here / "people" / name / f"{name}_000{number}.png")
    return here / "people"


@pytest.fixture
def pairs(here):
    file = here / "pairs.txt"
    file.write_text("2 1\nHopper 1 2\nHopper 1 Collins 1\nCollins 1 3\nHopper 2 Collins 3\n")
    return file


@pytest.mark.models
def test_verification(gallery, people, pairs, here):
    (here / "errors.txt").write_text("Somebody Nobody\n")

    said = gallery(
        *("evaluate", "verification", "--pairs", pairs, "--images", people, "--model", "sface", "--all-impostors"),
        *("--exclude-labels", here / "errors.txt", "--output", here / "out"),
    )

    assert said.code == 0, said.err
    assert "100.00 ± 0.00 %" in said.out
    assert "too few" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert sorted(p.name for p in (here / "out").iterdir()) == ["det.png", "result.json", "scores-yunet-sface.png"]


@pytest.mark.models
def test_verification_as_json(gallery, people, pairs):
    said = gallery("evaluate", "verification", "--pairs", pairs, "--images", people, "--model", "sface", "--json")

    (result,) = said.json["results"]
    (scores,) = result["scores"]
    assert (result["detector"], result["model"], result["images"]) == ("yunet", "sface", 4)
    assert result["failures"] == {"no_face": [], "unreadable": [], "not_as_meant": []}
    assert set(scores["metrics"]) == {"cosine", "euclidean", "both"}
    assert scores["metrics"]["cosine"]["points"][0]["supported"] is False
    assert scores["all_impostors"] is None


@pytest.mark.models
def test_a_portrait_that_cannot_be_read_is_said_by_the_exit_code(gallery, people, pairs):
    (people / "Hopper" / "Hopper_0002.png").write_bytes(b"cut")

    said = gallery("evaluate", "verification", "--pairs", pairs, "--images", people, "--model", "sface", "--json")

    assert said.code == 3
    assert said.json["results"][0]["failures"]["unreadable"] == ["Hopper_0002"]


@pytest.mark.models
def test_without_matplotlib_the_tables_and_the_json_still_come_out(gallery, people, pairs, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    said = gallery(
        *("evaluate", "verification", "--pairs", pairs, "--images", people, "--model", "sface", "-o", here / "out")
    )

    assert said.code == 1
    assert "pip install" in said.err
    assert "accuracy" in said.out
    assert [p.name for p in (here / "out").iterdir()] == ["result.json"]


@pytest.mark.models
def test_identification_from_folders(gallery, people, here):
    said = gallery(
        *("evaluate", "identification", "--gallery-from", people, "--probes", people, "--references", 1),
        *("--references", 2, "--fusion", "best", "--fusion", "mean", "--model", "sface", "--output", here / "out"),
    )

    assert said.code == 0, said.err
    assert said.out.count("thresholds only") == 4
    assert "all but once per photo" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert sorted(p.name for p in (here / "out").iterdir()) == ["det.png", "result.json", "scores.png", "sweep.png"]


@pytest.mark.models
def test_identification_from_labels(gallery, people, here):
    (here / "groups").mkdir()
    row = [scaled(collins(), 600 / 512), hopper()]
    Image.fromarray(np.concatenate(row, axis=1)).save(here / "groups" / "pair.png")
    x, y, width, height = BOX
    (here / "faces.json").write_text(
        f'{{"photos": {{"pair.png": [{{"box": [{x + 600}, {y}, {width}, {height}], "name": "hopper"}}]}}}}'
    )

    said = gallery(
        *("evaluate", "identification", "--gallery-from", people, "--probes", here / "groups", "--json"),
        *("--labels", here / "faces.json", "--references", 1, "--seed", 3, "--repeats", 2, "--model", "sface"),
    )

    document = said.json
    assert said.code == 0
    assert document["probes"] | {"unreadable": []} == {
        "photos": 1,
        "unreadable": [],
        "faces": 2,
        "named": 1,
        "strangers": 0,
        "unlabelled": 1,
        "undetected": 0,
    }
    rules = document["settings"][0]["all_rules"]
    assert (rules["fnir"]["hits"], rules["fnir"]["trials"]) == (0, 2)
    assert len(rules["repeats"]) == 2


@pytest.mark.models
def test_detection(gallery, here):
    (here / "pictures").mkdir()
    Image.fromarray(hopper()).save(here / "pictures" / "hopper.png")
    x, y, width, height = BOX
    (here / "faces.txt").write_text(f"hopper.png {x} {y} {x + width} {y + height}\nhopper.png 2 2 30 30\n")
    words = ("evaluate", "detection", "--boxes", here / "faces.txt", "--images", here / "pictures")

    said = gallery(*words, "--detector", "yunet", "--detector", "haar", "--output", here / "out")
    document = gallery(*words, "--json").json

    assert said.code == 0, said.err
    assert "50.00 %" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert sorted(p.name for p in (here / "out").iterdir()) == ["recall.png", "result.json"]
    default = document["results"][0]["default"]
    assert (default["recall"]["hits"], default["recall"]["trials"]) == (1, 2)


@pytest.mark.models
def test_detection_on_a_few_real_pictures(gallery, here, shared_data):
    folder = shared_data / "detection" / "cmu-mit"
    lines = [line for line in (folder / "faces.txt").read_text().splitlines() if line.startswith(("people", "voyager"))]
    (here / "faces.txt").write_text("\n".join(lines))

    found = gallery("evaluate", "detection", "--boxes", here / "faces.txt", "--images", folder, "--json").json

    default = found["results"][0]["default"]
    assert default["recall"]["value"] >= 0.8
    assert default["recall"]["trials"] == len(lines)


@pytest.mark.models
def test_verification_on_a_few_real_pairs(gallery, here, shared_data):
    """The first pairs of two folds, from the archive as it is."""
    archive = shared_data / "lfw" / "lfw-deepfunneled-view2.zip"
    lines = (shared_data / "lfw" / "pairs.txt").read_text().splitlines()[1:]
    few = [line for start in (0, 300, 600, 900) for line in lines[start : start + 6]]
    (here / "pairs.txt").write_text("\n".join(["2 6", *few]))
    small = here / "lfw.zip"
    extract(archive, small, few)

    said = gallery(
        *("evaluate", "verification", "--pairs", here / "pairs.txt", "--images", small, "--model", "sface", "--json")
    )

    cosine = said.json["results"][0]["scores"][0]["metrics"]["cosine"]
    assert (cosine["genuine"], cosine["impostors"]) == (12, 12)
    assert cosine["own_threshold"]["fmr"]["hits"] == 0
    assert cosine["auc"] > 0.98


def extract(archive, target, lines):
    """Repacks only the images that some pairs name."""
    import zipfile

    wanted = set()
    for words in (line.split() for line in lines):
        wanted.add((words[0], words[1]))
        wanted.add((words[0], words[2]) if len(words) == 3 else (words[2], words[3]))
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as small:
        for name, number in sorted(wanted):
            path = f"lfw-deepfunneled/{name}/{name}_{int(number):04d}.jpg"
            small.writestr(path, source.read(path))


@pytest.mark.models
def test_identification_on_a_few_real_photos(gallery, here, shared_data):
    """Two presidents, one portrait each, found in portraits and in a photo of both."""
    presidents = shared_data / "groups" / "presidents"
    for name, files in {"Obama": ["obama.jpg", "obama2.jpg"], "Biden": ["biden.jpg", "biden2.jpg"]}.items():
        (here / "people" / name).mkdir(parents=True)
        for file in files:
            (here / "people" / name / file).symlink_to(presidents / file)

    found = gallery(
        *("evaluate", "identification", "--gallery-from", here / "people", "--probes", here / "people"),
        *("--references", 1, "--model", "sface", "--json"),
    ).json

    rules = found["settings"][0]["all_rules"]
    assert (rules["fpir"]["trials"], rules["fnir"]["trials"]) == (2, 2)
    assert rules["fpir"]["hits"] == 0


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ("2 1\nAda 1 2\n", "holds 1 pairs"),
        ("2 1\nAda 1 2\nAda 1\nBen 1 2\nAda 1 Ben 2\n", "pairs.txt, line 3"),
        ("2 1\nAda 1 2\nAda 1 Ben 1\nBen 1 2\nAda 1 Ben 2\n", "4 of the 4 images that"),
    ],
)
def test_bad_pairs(gallery, here, pairs, said):
    (here / "pairs.txt").write_text(pairs)
    (here / "images").mkdir()

    told = gallery("evaluate", "verification", "--pairs", here / "pairs.txt", "--images", here / "images")

    assert told.code == 1
    assert said in sentence(told)


@pytest.fixture
def labels(here):
    """One labelled photo, and two people without a usable reference."""
    for name in ("Ada", "Ben"):
        (here / "people" / name).mkdir(parents=True)
        Image.fromarray(np.zeros((80, 80, 3), np.uint8)).save(here / "people" / name / "1.png")
    (here / "photos").mkdir()
    Image.fromarray(np.zeros((80, 80, 3), np.uint8)).save(here / "photos" / "a.png")
    file = here / "faces.json"
    file.write_text('{"photos": {"a.png": [{"box": [1, 2, 30, 40], "name": "Ada"}]}}')
    return file


def test_bad_people(gallery, here, labels):
    words = ("evaluate", "identification", "--probes", here / "photos", "--labels", labels, "--gallery-from")
    (here / "empty").mkdir()

    for folder, said in (
        (here / "empty", "holds no folders of people"),
        (here / "photos", "holds no folders of people"),
        (here / "gone", "no folder"),
    ):
        told = gallery(*words, folder)
        assert told.code == 1
        assert said in sentence(told)


@pytest.mark.models
def test_people_without_references(gallery, here, labels):
    words = ("evaluate", "identification", "--probes", here / "photos", "--labels", labels, "--model", "sface")

    told = gallery(*words, "--gallery-from", here / "people")
    assert told.code == 2
    assert "0 of 2 people have 3 photos" in sentence(told)

    (here / "people" / "Ben" / "1.png").unlink()
    (here / "people" / "Ben").rmdir()
    told = gallery(*words, "--gallery-from", here / "people")
    assert told.code == 2
    assert "only Ada" in sentence(told)


def test_bad_labels(gallery, here, labels):
    words = ("evaluate", "identification", "--gallery-from", here / "people")
    (here / "empty").mkdir()
    (here / "bad.json").write_text("{}")

    for more, said in (
        (("--probes", here / "photos"), "Nothing says who"),
        (("--probes", here / "empty", "--labels", labels), "names the photo 'a.png'"),
        (("--probes", here / "photos", "--labels", here / "bad.json"), "no field 'photos'"),
        (("--probes", here / "photos", "--labels", here / "gone.json"), "no file"),
    ):
        told = gallery(*words, *more)
        assert told.code == 1
        assert said in sentence(told)


@pytest.mark.parametrize("value", ["0", "-0.1", "1.5", "nan"])
def test_overlaps_that_make_no_sense(gallery, here, value):
    said = gallery("evaluate", "detection", "--boxes", "x", "--images", here, "--overlap", value)

    assert said.code == 2
    assert "overlap" in sentence(said)


def test_plans_that_make_no_sense(gallery, here, labels):
    words = ("evaluate", "identification", "--gallery-from", here / "people", "--probes", here / "photos")

    assert gallery(*words, "--labels", labels, "--references", 0).code == 2
    assert gallery(*words, "--labels", labels, "--repeats", 3).code == 2


def test_bad_boxes(gallery, here):
    (here / "faces.txt").write_text("a.jpg 1 2 3\n")

    said = gallery("evaluate", "detection", "--boxes", here / "faces.txt", "--images", here)

    assert said.code == 1
    assert "faces.txt, line 1" in sentence(said)


@pytest.mark.models
def test_redaction(gallery, people, here):
    said = gallery("evaluate", "redaction", people, "--model", "sface", "--size", 100, "--output", here / "out")

    assert said.code == 0, said.err
    for words in ("clear gallery", "redacted the same way", "the very photo", "Gaussian", "box blur", "solid *"):
        assert words in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert [p.name for p in (here / "out").iterdir()] == ["result.json"]


@pytest.mark.models
def test_redaction_as_json(gallery, people):
    said = gallery("evaluate", "redaction", people, "--model", "sface", "--size", 100, "--json")

    found = said.json
    assert (found["people"], found["chance"], found["left_out"]) == (2, 0.5, 0)
    by_way = {tuple(map(str, list(r["redaction"].values())[:4])): r["attacks"] for r in found["results"]}
    (notebook,) = [attacks for way, attacks in by_way.items() if way[0] == "box blur"]
    assert notebook["itself"]["rank_one"]["hits"] == 2
    (default,) = [r for r in found["results"] if r["default"] and r["redaction"]["method"] == "blur"]
    for attack in ("clear", "itself"):
        assert default["attacks"][attack]["passing"]["hits"] == 0
    assert default["redaction"]["film"] == 1


@pytest.mark.parametrize(("option", "value"), [("--people", 1), ("--size", 3)])
def test_a_sampling_of_redaction_that_makes_no_sense_is_refused(gallery, here, option, value):
    said = gallery("evaluate", "redaction", here, option, value)

    assert said.code == 2
    assert str(value) in sentence(said)


@pytest.mark.parametrize(
    "words", [("identification", "--probes", "people", "--gallery-from", "people"), ("redaction", "people")]
)
def test_a_person_without_photos_is_refused(gallery, people, words):
    """Enrolment passes over such a person and says so; a measurement says it before anything is measured."""
    (people / "Nobody").mkdir()

    said = gallery("evaluate", *words)

    assert said.code == 1
    assert "Nobody holds no photo" in sentence(said)


@pytest.fixture
def labelled(here):
    """Portraits of two people, some of them twice, as if each were another's; and what is known of them."""
    (here / "faces").mkdir()
    rows = ["file,age,sex"]
    for number, factor in enumerate((1.0, 0.7, 0.5, 0.8)):
        for name, portrait in (("hopper", hopper()), ("collins", collins())):
            Image.fromarray(scaled(portrait, factor)).save(here / "faces" / f"{name}-{number}.png")
            rows.append(f"{name}-{number}.png,{'30-39' if name == 'collins' else 'over 39'},{'f' if number else ''}")
    (here / "labels.csv").write_text("\n".join(rows))
    return here / "faces"


@pytest.mark.models
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_demographics(gallery, labelled, here, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    said = gallery(
        *("evaluate", "demographics", "--images", labelled, "--labels", here / "labels.csv", "--model", "sface"),
        *("--cosine", 0.3, "--least", 2, "--output", here / "out"),
    )

    assert said.code == 0, said.err
    assert all(len(line) <= int(columns) for line in said.out.splitlines())
    assert "cosine 0.591" in said.out
    assert "score 7." in said.out
    assert "cosine 0.3" in said.out
    assert said.out.count("By group") == {"60": 3, "80": 2, "200": 1}[columns]
    assert "100.00 %" in said.out
    assert sorted(p.name for p in (here / "out").iterdir()) == ["groups-yunet-sface.png", "result.json"]


@pytest.mark.models
def test_demographics_as_json(gallery, labelled, here):
    said = gallery(
        *("evaluate", "demographics", "--images", labelled, "--labels", here / "labels.csv", "--model", "sface"),
        *("--detector", "yunet", "--detector", "haar", "--json"),
    )
    assert [(one["detector"], one["model"]) for one in said.json["results"]] == [("yunet", "sface"), ("haar", "sface")]
    by_score, limit = said.json["results"][0]["limits"]
    assert by_score["score"] > 5
    assert limit["score"] is None
    found = {tuple(group["group"].values()): group for group in limit["groups"]}
    assert found[()]["faces"] == 8
    assert found["30-39",]["fmr"]["value"] == 1
    assert found["f",]["faces"] == 6
    assert ("30-39", "f") in found


@pytest.mark.models
def test_demographics_of_photos_that_cannot_be_read(gallery, labelled, here):
    (labelled / "hopper-1.png").write_bytes(b"cut")
    said = gallery(
        *(
            "evaluate",
            "demographics",
            "--images",
            labelled,
            "--labels",
            here / "labels.csv",
            "--model",
            "sface",
            "--json",
        )
    )
    assert said.code == 3
    assert len(said.json["results"][0]["failures"]["unreadable"]) == 1


@pytest.mark.models
@pytest.mark.parametrize("columns", ["80", "200"])
def test_identification_by_the_gallery_s_size(gallery, labelled, here, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    said = gallery(
        *("evaluate", "identification", "--faces", labelled, "--size", 1, "--size", 3, "--repeats", 4),
        *("--model", "sface", "--output", here / "out"),
    )

    assert said.code == 0, said.err
    assert all(len(line) <= int(columns) for line in said.out.splitlines())
    assert "only one picture of each" in said.out
    assert sorted(p.name for p in (here / "out").iterdir()) == ["result.json", "sizes.png"]


@pytest.mark.models
def test_identification_by_size_with_several_pictures_of_each(gallery, people):
    said = gallery("evaluate", "identification", "--faces", people, "--size", 1, "--model", "sface", "--json")
    (size,) = said.json["sizes"]
    assert size["fnir"]["trials"] == 2 * size["galleries"]
    assert size["fpir"]["hits"] == 0


@pytest.mark.parametrize(
    ("words", "said_of_it"),
    [
        ((), "--gallery-from and --probes, or --faces"),
        (("--probes", "x"), "--gallery-from and --probes, or --faces"),
        (("--faces", "x", "--probes", "y"), "--probes would not be looked at"),
        (("--faces", "x", "--labels", "y"), "--labels would not be looked at"),
        (("--gallery-from", "x", "--probes", "y", "--size", "3"), "--faces"),
    ],
)
def test_identification_of_half_a_thing(gallery, words, said_of_it):
    said = gallery("evaluate", "identification", *words)
    assert said.code == 2
    assert said_of_it in sentence(said)
