"""The options of `gallery anonymise` that say how faces are covered."""

from __future__ import annotations

import pytest


def words(said) -> str:
    text = " ".join((said.err + said.out).split())
    assert "Traceback" not in text
    return text


@pytest.mark.models
def test_what_was_asked_for_is_on_record_and_weaker_settings_are_remarked_once(gallery, photos, here):
    said = gallery(
        *("anonymise", photos / "collins.png", "-o", here / "out", "--model", "sface", "--shape", "box"),
        *("--method", "pixelate", "--face-margin", 0.3, "--strength", 4, "--feather", 0.2),
    )

    assert said.code == 0, said.err
    assert words(said).count("below the default") == 1
    redaction = gallery("audit", 1, "--json").json["redaction"]
    assert {key: redaction[key] for key in ("shape", "margin", "blocks", "feather")} == {
        "shape": "box",
        "margin": 0.3,
        "blocks": 4,
        "feather": 0.2,
    }


@pytest.mark.models
def test_nothing_is_remarked_of_the_default(gallery, photos, here):
    said = gallery("anonymise", photos / "collins.png", "-o", here / "out", "--model", "sface")

    assert said.code == 0, said.err
    assert "below" not in words(said)


@pytest.mark.models
@pytest.mark.parametrize(
    "wrong",
    [
        ("--method", "pixelate", "--strength", 0),
        ("--method", "pixelate", "--strength", 33),
        ("--method", "blur", "--strength", 4),
        ("--face-margin", -0.1),
        ("--face-margin", 3),
        ("--feather", 0.7),
        ("--feather", "nan"),
        ("--method", "solid", "--strength", 4),
    ],
)
def test_settings_that_make_no_sense_are_refused(gallery, photos, here, wrong):
    said = gallery("anonymise", photos / "collins.png", "-o", here / "out", "--model", "sface", *wrong)

    assert said.code == 2
    assert not (here / "out").exists()
    assert wrong[-2].removeprefix("--face-").removeprefix("--") in words(said).replace("grid", "strength")
