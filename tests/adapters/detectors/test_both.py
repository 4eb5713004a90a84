"""Two detectors that miss different faces, and CenterFace, which is the second one."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery import load_detector
from gallery.adapters.detectors.both import Both
from gallery.adapters.detectors.centerface import FINEST, SCORE, CenterFace
from gallery.adapters.detectors.centerface_network import CenterFaceNetwork, decoded
from gallery.adapters.detectors.levelled import suppressed
from gallery.bootstrap import AUTO, Bootstrap, HaarSettings
from gallery.domain.errors import BadArgument, ModelFailed, ModelMissing
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.testing import DETECTOR
from portraits import HOPPER_FACE, backdrop, hopper, scaled


@dataclass
class Fixed:
    """Finds the same faces in every picture."""

    found: tuple[Detection, ...]
    card: object = DETECTOR
    settings: dict = field(default_factory=dict)

    def detect(self, image):
        return self.found


PICTURE = np.zeros((200, 300, 3), np.uint8)
POINTS = Landmarks(*[(20.0, 20.0)] * 5)


def test_what_either_finds_is_found_and_agreement_raises_the_score():
    both = Detection(Box(10, 10, 40, 50), 0.7, POINTS)
    first = Fixed((both, Detection(Box(200, 10, 40, 50), 0.6)))
    second = Fixed((Detection(Box(12, 8, 40, 50), 0.9), Detection(Box(100, 90, 30, 30), 0.3)))

    found = Both(first, second).detect(PICTURE)

    assert [face.box.x for face in found] == [10, 100, 200]
    assert found[0].landmarks == POINTS, "the thresholds were measured with the first one's"
    assert found[0].score == pytest.approx(1 - 0.3 * 0.1)
    assert [found[1].score, found[2].score] == pytest.approx([0.3, 0.6])


def test_both_are_on_record():
    settings = Both(Fixed((), settings={"score": 0.6}), Fixed((), settings={"score": 0.3})).settings

    assert settings == {
        "score": 0.6,
        "second": {"name": DETECTOR.name, "sha256": DETECTOR.sha256, "score": 0.3},
    }


@pytest.fixture(scope="module")
def centerface():
    try:
        return load_detector("centerface")
    except ModelMissing:
        pytest.skip("CenterFace is not installed: gallery models install centerface")


@pytest.fixture(scope="module")
def network(centerface):
    return CenterFaceNetwork(Bootstrap.of().weights().verified(centerface.card).path.read_bytes(), 1)


@pytest.mark.models
def test_the_portrait_has_one_face_with_landmarks(centerface):
    (face,) = centerface.detect(hopper())

    assert face.box.overlap(Box(*HOPPER_FACE)) > 0.5
    eyes = face.landmarks.right_eye, face.landmarks.left_eye
    assert eyes[0][0] < face.landmarks.nose[0] < eyes[1][0]
    assert max(y for _, y in eyes) < face.landmarks.nose[1] < face.landmarks.left_mouth[1]


@pytest.mark.models
def test_the_network_gives_what_opencv_gives(centerface, network):
    picture = np.ascontiguousarray(scaled(hopper(), 320 / 600)[:320, :256])
    net = cv2.dnn.readNetFromONNX(str(Bootstrap.of().weights().verified(centerface.card).path))
    net.setInput(cv2.dnn.blobFromImage(picture))
    told = [one[0].transpose(1, 2, 0) for one in net.forward(["537", "538", "539", "540"])]
    told[0] = np.log(told[0] / (1 - told[0]))  # the score's logit, as our outputs have it
    expected = suppressed(decoded(dict(zip(("score", "size", "place", "marks"), told, strict=True)), SCORE))

    (rows,) = network.run([picture[..., ::-1]], SCORE)

    assert len(expected) == 1
    assert suppressed(rows) == pytest.approx(expected, abs=0.01)


@pytest.mark.models
@pytest.mark.parametrize("height", [40, 60, 300, 1400, 2500])
def test_every_size_in_one_large_photo(centerface, height):
    picture = backdrop(4000, 3000, seed=height)
    factor = height / HOPPER_FACE[3]
    portrait = scaled(hopper(), factor)[:2990, :3990]
    picture[10 : 10 + portrait.shape[0], 10 : 10 + portrait.shape[1]] = portrait

    found = centerface.detect(picture)

    x, y, width, tall = (round(value * factor) for value in HOPPER_FACE)
    assert sum(one.box.overlap(Box(10 + x, 10 + y, width, tall)) > 0.4 for one in found) == 1


@pytest.mark.models
def test_together_they_find_a_face_that_yunet_misses(centerface):
    """Tilted by 60 degrees, which leaves YuNet three in ten."""
    turn = cv2.getRotationMatrix2D((256, 300), 60, 1)
    tilted = cv2.warpAffine(hopper(), turn, (512, 600), borderMode=cv2.BORDER_REFLECT)

    found = load_detector("yunet+centerface").detect(tilted)

    assert any(one.box.overlap(Box(150, 150, 250, 280)) > 0.3 for one in found)


@pytest.mark.models
def test_a_file_that_is_no_model_and_one_of_another_network(centerface, tmp_path):
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"not a model")
    boot = Bootstrap.of()
    other = boot.weights().verified(boot.registry().card("yunet")).path

    for wrong in (file, other):
        with pytest.raises(ModelFailed, match="centerface cannot load"):
            CenterFace(centerface.card, wrong)


@given(st.integers(1, 12_000), st.integers(1, 12_000))
def test_levels_halve_from_the_finest_to_one_that_is_small(width, height):
    finder = CenterFace.__new__(CenterFace)

    found = finder.levels(width, height)

    assert max(found[0].width, found[0].height) == min(FINEST, max(width, height))
    assert max(found[-1].width, found[-1].height) <= 320
    assert found[-1].largest is None


def test_the_best_that_is_here_is_taken(tmp_path):
    boot = Bootstrap.of(models_dir=tmp_path)
    card = boot.registry().card("centerface")
    if boot.weights().find(card) is None:
        assert boot.detector_named(AUTO) == "yunet"
        assert "gallery models install centerface" in boot.one_detector_less(AUTO)
    (tmp_path / card.file).write_bytes(b"here")

    assert boot.detector_named(AUTO) == "yunet+centerface"
    assert boot.detector_named("yunet") == "yunet", "who names one gets it"
    assert boot.one_detector_less(AUTO) == ""
    assert boot.one_detector_less("yunet") == ""
    assert Bootstrap.of(models_dir=tmp_path, haar=HaarSettings(1.2)).detector_named(AUTO) == "yunet"


@pytest.mark.models
def test_haar_cannot_be_joined():
    with pytest.raises(BadArgument, match="probabilities"):
        Bootstrap.of().detector("yunet+haar")
