"""A run for the tests of its report: drawn pictures, and names that a careless page would execute."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from gallery.adapters.report.glances import FileGlancer
from gallery.adapters.report.page import HtmlPages
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import (
    DecidedFace,
    ImageRecord,
    ImageStatus,
    RunSettings,
    RunStatus,
    Verification,
)
from gallery.testing import FakeStore
from gallery.usecases.report import MakeReport
from made_photos import drawn

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LIMIT = Thresholds(0.5, 1.0, "FMR 1e-5 over pairs")
EVIL = (
    "<script>window.evil=1</script>",
    '</script><script>window.evil=2</script><img src="x" onerror="window.evil=3">',
    '"onmouseover="window.evil=4" autofocus onfocus="window.evil=5" x="',
    "a\u2028window.evil=6\u2029b",
    "{{ 7 * 7 }}{% raw %}<!--<svg/onload=window.evil=7>",
    "'-alert(1)-' javascript:alert(1)",
)
"""Names of people; with `.jpg` after them, of photos."""
FIRST, SECOND, THIRD, FOURTH = Box(40, 30, 30, 40), Box(90, 40, 30, 40), Box(150, 40, 30, 40), Box(200, 90, 30, 40)
SPACE = EmbeddingSpace("sface", "ab" * 32, "aligned, l2", 128)


def settings(output: str = "out", **policy) -> RunSettings:
    return RunSettings("1.2", SPACE, "yunet", "cd" * 32, LIMIT, policy, {"method": "blur"}, 6, 12, output)


def face(box: Box, verdict: Verdict, rule: Rule, reason: str, name: str | None, cosine: float) -> DecidedFace:
    closest = None if name is None else Candidate(name, 1, cosine, math.sqrt(2 * cosine))
    other = None if name is None else Candidate("Zoë Other", 2, cosine + 0.25, math.sqrt(2 * cosine + 0.5))
    quality = Quality(min(box.width, box.height), 50.0, True)
    return DecidedFace(Detection(box, 0.9), quality, Decision(verdict, rule, reason, closest, other))


def kept(name: str, cosine: float = 0.2, box: Box = FIRST) -> DecidedFace:
    return face(box, Verdict.KEEP, Rule.MATCH, f"matches {name} within both thresholds", name, cosine)


def too_far(name: str, cosine: float = 0.7, box: Box = SECOND) -> DecidedFace:
    reason = f"cosine distance {cosine:.3f} is above the threshold 0.500"
    return face(box, Verdict.BLUR, Rule.COSINE, reason, name, cosine)


def waiting(name: str, cosine: float = 0.49, box: Box = THIRD) -> DecidedFace:
    reason = f"only just under the threshold: a person should confirm that this is {name}"
    return face(box, Verdict.BLUR, Rule.GREY_BAND, reason, name, cosine)


def by_hand(who: str, box: Box = FOURTH) -> DecidedFace:
    return face(box, Verdict.KEEP, Rule.BY_HAND, f"kept by hand by {who} on 2026-01-01", None, 0)


def written(path: Path, pixels: np.ndarray, **options) -> str:
    """Writes a picture and returns its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def done(folder: Path, name: str, *faces: DecidedFace, number: int = 0) -> ImageRecord:
    """A photo that came out: the original is light, the output has its faces painted over."""
    original, output = folder / "photos" / name, folder / "out" / name
    pixels = np.roll(drawn(300, 200), 7 * number, axis=1)
    sha256 = written(original, pixels, quality=90)
    for one in faces:
        box = one.detection.box
        if not one.decision.kept:
            pixels[box.y : box.bottom, box.x : box.right] = 90
    return ImageRecord(
        str(original),
        ImageStatus.OK,
        sha256,
        300,
        200,
        str(output),
        written(output, pixels, quality=90),
        faces,
        verified=Verification.FULL,
    )


def evil_run(folder: Path, photos: int = 60) -> list[ImageRecord]:
    """Photos with every kind of decision, of evil names; two failed, and one has no face."""
    images = []
    for number in range(photos):
        name = EVIL[number % len(EVIL)]
        faces = [
            kept(name, 0.1 + 0.3 * number / photos),
            too_far(EVIL[(number + 1) % len(EVIL)], 0.55 + 0.4 * number / photos),
            *([waiting(name)] if number % 10 == 3 else []),
            *([by_hand(EVIL[2])] if number % 20 == 5 else []),
            too_far("Zoë Other", 0.9 - number / 200, Box(5, 5, 12, 15)),
            too_far("Mia", 0.8, Box(270, 170, 30, 30)),
        ]
        images.append(done(folder, f"{number:03} {name.replace('/', '')}.jpg", *faces, number=number))
    images[7] = ImageRecord(f"{folder}/photos/<b>7.jpg", ImageStatus.FAILED, error=f"{EVIL[0]} is broken.")
    images[8] = replace(images[8], faces=(), remarks=(EVIL[1],))
    return images


def report_of(folder: Path, images: list[ImageRecord], status: RunStatus = RunStatus.FINISHED, **policy) -> MakeReport:
    """The use case over a gallery that holds one run of these photos."""
    store = FakeStore(recorded=[(settings(str(folder / "out"), **policy), images, status)], runners=["root"])
    return MakeReport(store, FileGlancer(10**8), HtmlPages(), lambda: NOW, "1.2", threads=2)
