"""Forms of weights beside them, with networks that are easily made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from adapters.embedders.test_vgg_face import with_spec

from gallery.adapters.converted import CHIPS, ConvertedWeights, fixed_chips
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing, NotWritten
from gallery.domain.models import Precision, Thresholds

CARD = with_spec(grey_band=0.05, thresholds=Thresholds(0.4, 120), precisions=tuple(Precision))


def network(seed: int):
    def forward(chips: np.ndarray) -> np.ndarray:
        means = chips.reshape(len(chips), -1).mean(axis=1)
        return np.random.default_rng(seed).standard_normal((1, 50)).astype(np.float32) * means[:, None]

    return forward


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "w.h5"
    path.write_bytes(b"weights")
    return path


def forms(folder: Path, seed: int = 1) -> ConvertedWeights:
    return ConvertedWeights(
        folder,
        lambda path: np.frombuffer(path.read_bytes()[::-1], np.uint8),
        lambda _: network(seed),
        lambda _: network(1),
    )


def test_it_is_made_kept_and_found_again(tmp_path, weights):
    made = forms(tmp_path / "models").make(CARD, weights)
    again = forms(tmp_path / "models")
    assert made.path.read_bytes() == b"sthgiew"
    assert again.verified(CARD) == made
    assert again.find(CARD) == made.path
    assert again.compared(CARD, weights) == made
    assert made.cosine < 1e-6
    assert sorted(path.name for path in made.path.parent.iterdir()) == sorted(
        (made.path.name, made.path.with_suffix(".json").name)
    )


def test_without_it_the_remedy_is_named(tmp_path):
    with pytest.raises(ModelMissing) as caught:
        forms(tmp_path).verified(CARD)
    assert "gallery models install vgg-face" in caught.value.text
    assert forms(tmp_path).find(CARD) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("form", "expected SHA-256"),
        ("no form", r"json is there without the form"),
        ("record", r"its record .*\.json cannot be read"),
        ("list", "cannot be read"),
        ("no field", "cannot be read"),
        ("source", "says its record"),
        ("no record", r"tflite is there without its record .*\.json"),
    ],
)
def test_what_was_changed_is_not_used(tmp_path, weights, change, said):
    made = forms(tmp_path).make(CARD, weights)
    record = made.path.with_suffix(".json")
    if change == "form":
        made.path.write_bytes(b"another")
    elif change == "no form":
        made.path.unlink()
    elif change == "record":
        record.write_text("{")
    elif change == "list":
        record.write_text("[]")
    elif change == "no field":
        record.write_text("{}")
    elif change == "source":
        record.write_text(json.dumps({**json.loads(record.read_text()), "source_sha256": "b" * 64}))
    else:
        record.unlink()
    with pytest.raises(ModelChanged, match=said) as caught:
        forms(tmp_path).verified(CARD)
    assert "gallery models install vgg-face" in caught.value.hint
    assert (forms(tmp_path).find(CARD) is None) == (change in ("no form", "no record"))


def test_one_that_strays_is_not_kept(tmp_path, weights):
    folder = tmp_path / "models"
    with pytest.raises(ModelFailed, match=r"strays from its weights: .* 0\.0100 is the most"):
        forms(folder, seed=2).make(CARD, weights)
    assert list(folder.iterdir()) == []
    made = forms(folder).make(CARD, weights)
    with pytest.raises(ModelFailed, match="strays"):
        forms(folder, seed=2).compared(CARD, weights)
    assert not made.path.exists()


@pytest.mark.parametrize("length", [1.2, 0.8, 0, np.nan])
def test_one_of_the_right_directions_and_other_lengths_is_not_kept(tmp_path, weights, length):
    folder = tmp_path / "models"
    made = of_lengths(folder, 1.1).make(CARD, weights)
    assert made.cosine < 1e-6
    assert made.relative == pytest.approx(0.1, abs=1e-6)
    with pytest.raises(ModelFailed, match=r"20\.0% of their length .* 14\.1% is the most" if length > 0 else "strays"):
        of_lengths(folder, length).compared(CARD, weights)
    with pytest.raises(ModelFailed, match="strays"):
        of_lengths(folder, length).make(CARD, weights)
    assert list(folder.iterdir()) == []


def of_lengths(folder: Path, length: float) -> ConvertedWeights:
    return ConvertedWeights(
        folder,
        lambda path: np.frombuffer(path.read_bytes(), np.uint8),
        lambda _: lambda chips: np.float32(length) * network(1)(chips),
        lambda _: network(1),
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"cosine": 1.9}', r"up to 1\.9000 \(cosine distance\) .* So says its record"),
        ('{"relative": 0.2}', r"20\.0% of their length .* So says its record"),
        ('{"cosine": NaN}', "cannot be read"),
        ('{"relative": NaN}', "cannot be read"),
        ('{"euclidean": 1e999999}', "cannot be read"),
        ('{"cosine": -1}', "cannot be read"),
        ('{"cosine": "0"}', "cannot be read"),
        ('{"cosine": true}', "cannot be read"),
        ('{"euclidean": 1%s}' % ("0" * 400), "cannot be read"),
        ("[" * 30_000, "cannot be read"),
    ],
)
def test_a_record_that_says_something_else_is_refused(tmp_path, weights, written, said):
    made = forms(tmp_path).make(CARD, weights)
    record = made.path.with_suffix(".json")
    if written.startswith("{"):  # of two fields of one name the later one counts
        written = record.read_text().strip().removesuffix("}") + "," + written.removeprefix("{")
    record.write_text(written)
    with pytest.raises(ModelChanged, match=said) as caught:
        forms(tmp_path).verified(CARD)
    assert "gallery models install vgg-face" in caught.value.hint
    assert forms(tmp_path).make(CARD, weights) == forms(tmp_path).verified(CARD)


def test_a_pipe_for_a_record_is_not_read_for_ever(tmp_path, weights):
    record = forms(tmp_path).make(CARD, weights).path.with_suffix(".json")
    record.unlink()
    os.mkfifo(record)
    with pytest.raises(ModelChanged, match="without its record"):
        forms(tmp_path).verified(CARD)


def test_a_folder_that_cannot_be_written_to(tmp_path, weights):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotWritten):
        forms(tmp_path / "file" / "models").make(CARD, weights)


def test_the_pictures_are_the_same_every_time_and_differ_from_one_another():
    chips = fixed_chips((224, 224))
    assert chips.shape == (CHIPS, 224, 224, 3)
    assert (chips == fixed_chips((224, 224))).all()
    assert chips.std(axis=(1, 2, 3)).min() > 20
    assert np.abs(chips[0].astype(int) - chips[1]).mean() > 20


def test_what_a_killed_conversion_left_is_removed_by_a_later_one(tmp_path, weights):
    folder = tmp_path / "models"
    forms(folder).make(CARD, weights)
    old, young = folder / ".gallery-abandon1.unfinished", folder / ".gallery-another2.unfinished"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (1, 1))

    forms(folder).make(CARD, weights)

    assert not old.exists()
    assert young.exists(), "another process may be at it"


def test_what_a_user_keeps_beside_it_stays(tmp_path, weights):
    folder = tmp_path / "models"
    made = forms(folder).make(CARD, weights)
    kept = [folder / f"{made.path.name}.my-backup", folder / f"{made.path.stem}.json.old"]
    for one in kept:
        one.write_bytes(b"kept")
        os.utime(one, (1, 1))
    (folder / f"{made.path.name}.link").symlink_to(folder / "nothing")

    assert forms(folder).make(CARD, weights) == made

    assert [one.read_bytes() for one in kept] == [b"kept", b"kept"]


@pytest.mark.parametrize("gone", ["nothing", "form", "record", "both"])
def test_whatever_is_there_of_it_is_removed(tmp_path, weights, gone):
    folder = tmp_path / "models"
    made = forms(folder).make(CARD, weights)
    parts = {"form": made.path, "record": made.path.with_suffix(".json")}
    (folder / "something else").write_bytes(b"")
    for name, path in parts.items():
        if gone in (name, "both"):
            path.unlink()

    assert forms(folder).parts(CARD) == tuple(path for name, path in parts.items() if gone not in (name, "both"))
    forms(folder).remove(CARD)

    assert [path.name for path in folder.iterdir()] == ["something else"]
    assert forms(folder).parts(CARD) == ()


def test_a_form_that_cannot_be_removed_is_not_used(tmp_path):
    path = forms(tmp_path).target(CARD)
    path.mkdir()
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(NotWritten, match="could not be deleted"):
        forms(tmp_path).remove(CARD)
    assert forms(tmp_path).find(CARD) is None
