"""Measures the limits of a good reference (`gallery.domain.reference_quality`).

Takes LFW (one folder per person) and folders of ordinary photos. People with several photos get their first one as
reference, as it is and made worse step by step; it is compared with their other photos, and these with everybody's
references. Pose is taken as LFW has it: the photos that are turned most are the references. Prints

1.  for each step, the measures and how often the reference misses its own person: beyond the model's threshold, and
    with somebody else's reference closer (rank); and how many others' references are within the threshold ("let in"),
2.  the same for real photos by their pose,
3.  for each flaw, the references that have it against those that have none,
4.  the share of ordinary photos that each limit refuses,
5.  how far the nose stands before the face, from the landmarks of all LFW photos looked at.

Two busy cores take about 20 minutes.

Run: python tests/benchmarks/measure_reference_quality.py MODEL LFW FOLDER...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from rich.console import Console
from rich.table import Table

from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central
from gallery.domain.errors import GalleryError
from gallery.domain.faces import Detection, Quality
from gallery.domain.reference_quality import Flaw, Limits, Measures, flaws, limits_for, measure
from gallery.domain.sharpness import sharpness
from gallery.usecases.faces import Recogniser

PEOPLE = 80
"""People of LFW whose reference is made worse."""
PROBES = 3
"""Other photos of each, at most."""
LOOKED_AT = 2500
"""Photos of LFW in which turned faces are looked for."""
TURNED = 50
"""References of each kind of pose, and as many from the front."""
ORDINARY = 600
"""Photos of each folder in which flaws are counted, at most."""

MEASURES = ("size", "sharpness", "brightness", "contrast", "burnt", "outside", "yaw", "roll", "nose")


@dataclass
class Seen:
    """A photo with the face that is meant."""

    image: np.ndarray
    face: Detection


@dataclass
class Case:
    """One reference, with other photos of the same person to be recognised by it."""

    person: str
    what: str
    measures: Measures
    embedding: np.ndarray
    probes: np.ndarray
    own: np.ndarray = field(default_factory=lambda: np.empty(0))
    overtaken: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    strangers: int = 0


class Looker:
    """Reads, detects and describes."""

    def __init__(self, model: str) -> None:
        self.boot = Bootstrap.of()
        self.card = self.boot.registry().card(model)
        self.recogniser: Recogniser = self.boot.recogniser(self.card, "yunet")
        self.photos = self.boot.photos()

    def see(self, file: Path) -> Seen | None:
        try:
            image = self.photos.read(file).opaque().pixels
        except GalleryError:
            return None
        found = self.recogniser.detect(image)
        return Seen(image, central(found, image.shape[1], image.shape[0])) if found else None

    def largest(self, image: np.ndarray) -> Seen | None:
        found = self.recogniser.detect(image)
        return Seen(image, max(found, key=lambda d: d.box.area)) if found else None

    def measures(self, seen: Seen) -> Measures:
        chip = self.recogniser.cropper.crop(seen.image, [seen.face]).pixels[0]
        box = seen.face.box
        return measure(seen.image, seen.face, chip, Quality(min(box.width, box.height), sharpness(chip), True))

    def embedding(self, seen: Seen) -> np.ndarray:
        vector = self.recogniser.describe(seen.image, [seen.face])[0].embedding.astype(np.float64)
        return vector / np.linalg.norm(vector)


def smaller(seen: Seen, size: int) -> np.ndarray:
    factor = size / min(seen.face.box.width, seen.face.box.height)
    target = round(seen.image.shape[1] * factor), round(seen.image.shape[0] * factor)
    return np.asarray(Image.fromarray(seen.image).resize(target, Image.Resampling.BOX))


def blurred(seen: Seen, share: float) -> np.ndarray:
    return np.asarray(Image.fromarray(seen.image).filter(ImageFilter.GaussianBlur(share * seen.face.box.width)))


def exposed(seen: Seen, factor: float) -> np.ndarray:
    """Every grey multiplied, with a camera's noise where that is dark."""
    noise = np.random.default_rng(0).normal(0, 2 if factor < 1 else 0, seen.image.shape)
    return np.clip(np.round(seen.image * factor + noise), 0, 255).astype(np.uint8)


def pale(seen: Seen, share: float) -> np.ndarray:
    return np.round(128 + (seen.image - 128.0) * share).astype(np.uint8)


def turned(seen: Seen, degrees: float) -> np.ndarray:
    x, y = seen.face.box.centre
    image = Image.fromarray(seen.image)
    return np.asarray(image.rotate(degrees, Image.Resampling.BICUBIC, center=(x, y), fillcolor=(110, 110, 110)))


def cut(seen: Seen, side: str, share: float) -> np.ndarray:
    """Without the part of the photo that holds that share of the square an aligned face is cut out as."""
    assert seen.face.landmarks is not None
    points = np.array(seen.face.landmarks.as_tuple())
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    half = 2.75 * np.linalg.norm(mouth - eyes) / 2
    left, top = eyes + 0.11 * (mouth - eyes) - half
    if side == "left":
        return np.ascontiguousarray(seen.image[:, max(0, round(left + 2 * half * share)) :])
    if side == "above":
        return np.ascontiguousarray(seen.image[max(0, round(top + 2 * half * share)) :])
    return np.ascontiguousarray(seen.image[: max(1, round(top + 2 * half * (1 - share)))])


def worse(seen: Seen) -> Iterator[tuple[str, np.ndarray]]:
    yield "as it is", seen.image
    for size in (12, 16, 20, 24, 32, 48):
        yield f"smaller, {size} px", smaller(seen, size)
    for share in (0.01, 0.015, 0.02, 0.03, 0.04):
        yield f"blurred by {share:.1%} of the face", blurred(seen, share)
    for factor in (0.3, 0.2, 0.15, 0.1, 0.07):
        yield f"darker, × {factor:g}", exposed(seen, factor)
    for factor in (1.3, 1.6, 1.8, 2.0, 2.5):
        yield f"overexposed, × {factor:g}", exposed(seen, factor)
    for share in (0.4, 0.3, 0.2, 0.1):
        yield f"pale, contrast × {share:g}", pale(seen, share)
    for degrees in (10, 15, 20, 30, 45):
        yield f"tilted by {degrees}°", turned(seen, degrees)
    for side in ("left", "above", "below"):
        for share in (0.1, 0.2, 0.3, 0.4):
            yield f"{share:.0%} cut off {side}", cut(seen, side, share)


def compare(cases: Sequence[Case], gallery: dict[str, np.ndarray], limit: float) -> None:
    """Fills in what comes of each case.

    Args:
        cases: The references.
        gallery: A reference of everybody.
        limit: The cosine threshold.
    """
    names, references = np.array(list(gallery)), np.array(list(gallery.values()))
    for case in cases:
        others = references[names != case.person]
        case.own = 1 - case.probes @ case.embedding
        case.overtaken = (1 - case.probes @ others.T).min(axis=1) < case.own
        case.strangers = int((1 - others @ case.embedding <= limit).sum())


def row(table: Table, what: str, cases: Sequence[Case], limit: float, tried: int | None = None) -> None:
    if not cases:
        table.add_row(what, "0" if tried is None else f"0/{tried}")
        return
    own = np.concatenate([case.own for case in cases])
    overtaken = np.concatenate([case.overtaken for case in cases])
    medians = [np.median([abs(getattr(case.measures, name) or 0) for case in cases]) for name in MEASURES]
    table.add_row(
        what,
        str(len(cases)) if tried is None else f"{len(cases)}/{tried}",
        f"{np.median(own):.3f}",
        f"{np.quantile(own, 0.9):.3f}",
        f"{(own > limit).mean():.1%}",
        f"{overtaken.mean():.1%}",
        str(sum(case.strangers for case in cases)),
        *(f"{value:.2f}" if value < 2 else f"{value:.0f}" for value in medians),
    )


def table_of(title: str) -> Table:
    table = Table(title=title)
    columns = ("reference", "faces", "median", "90 %", "missed", "rank", "let in", *MEASURES)
    for column in columns:
        table.add_column(column, justify="left" if column == "reference" else "right", no_wrap=True)
    return table


def progress(what: str, done: int, every: int) -> None:
    if done % every == 0:
        print(what, done, file=sys.stderr)


def made_worse(look: Looker, people: dict[str, list[Path]], console: Console) -> list[Case]:
    gallery: dict[str, np.ndarray] = {}
    cases: list[Case] = []
    tried: dict[str, int] = {}
    for done, (person, files) in enumerate(people.items()):
        progress("people", done, 10)
        reference, *others = [seen for seen in map(look.see, files[: PROBES + 1]) if seen]
        probes = np.array([look.embedding(seen) for seen in others])
        for what, image in worse(reference):
            tried[what] = tried.get(what, 0) + 1
            seen = reference if what == "as it is" else look.largest(image)
            if seen:
                cases.append(Case(person, what, look.measures(seen), look.embedding(seen), probes))
                gallery.setdefault(person, cases[-1].embedding)
    limit = look.card.spec.thresholds.cosine
    compare(cases, gallery, limit)
    table = table_of(
        f"{look.card.name}: {len(people)} people's references made worse (cosine distances; missed > {limit})"
    )
    for what, count in tried.items():
        row(table, what, [case for case in cases if case.what == what], limit, count)
    console.print(table)
    return cases


def by_pose(look: Looker, people: dict[str, list[Path]], console: Console) -> list[Case]:
    looked: list[tuple[str, Path, Measures]] = []
    landmarks = []
    for done, (person, file) in enumerate((person, file) for person, files in people.items() for file in files):
        progress("looked at", done, 200)
        seen = look.see(file)
        if seen and seen.face.landmarks:
            looked.append((person, file, look.measures(seen)))
            landmarks.append(seen.face.landmarks.as_tuple())
    order = {
        "yaw": sorted(looked, key=lambda one: -abs(one[2].yaw or 0)),
        "roll": sorted(looked, key=lambda one: -abs(one[2].roll or 0)),
        "nose": sorted(looked, key=lambda one: one[2].nose or 0),
    }
    chosen = {
        one[1]: one for name in order for one in [*order[name][:TURNED], *order[name][TURNED :: len(looked) // TURNED]]
    }
    embeddings: dict[Path, np.ndarray] = {}

    def embedding(file: Path) -> np.ndarray:
        if file not in embeddings:
            seen = look.see(file)
            assert seen is not None
            embeddings[file] = look.embedding(seen)
            progress("embedded", len(embeddings), 100)
        return embeddings[file]

    by_person: dict[str, list[Path]] = {}
    for person, file, _ in looked:
        by_person.setdefault(person, []).append(file)
    cases = []
    for person, file, measures in chosen.values():
        others = [other for other in by_person[person] if other != file][:PROBES]
        if others:
            probes = np.array([embedding(other) for other in others])
            cases.append(Case(person, "", measures, embedding(file), probes))
    limit = look.card.spec.thresholds.cosine
    compare(cases, {case.person: case.embedding for case in reversed(cases)}, limit)
    table = table_of(f"{look.card.name}: photos of LFW by their pose ({len(looked)} looked at)")
    for name, edges in (
        ("yaw", (0, 10, 20, 30, 40, 45, 90)),
        ("roll", (0, 3, 6, 10, 15, 90)),
        ("nose", (0, 0.45, 0.47, 0.5, 0.55, 0.6, 1)),
    ):
        for low, high in pairwise(edges):
            here = [case for case in cases if low <= abs(getattr(case.measures, name)) < high]
            row(table, f"{name} {low:g} to {high:g}", here, limit)
        table.add_section()
    console.print(table)
    console.print(
        f"nose: {nose_depth(np.array(landmarks)):.2f} halves of the distance between the eyes before the face"
    )
    return cases


def nose_depth(points: np.ndarray) -> float:
    """How far the tip of the nose stands before the face, in halves of the distance between the eyes.

    In a face turned by an angle, half the distance between the eyes is seen as `a` times its cosine, and the nose off
    the middle as `a` times its depth times the sine, while the way from eyes to mouth, the unit, stays as it is. So the
    square of the one falls in a straight line with the square of the other.

    Args:
        points: `(N, 5, 2)` in the order of `Landmarks`.
    """
    right, left, nose, right_mouth, left_mouth = (points[..., 0] + 1j * points[..., 1]).T
    eyes = (right + left) / 2
    down = (right_mouth + left_mouth) / 2 - eyes
    half, off = ((left - right) / down).imag / 2, ((nose - eyes) / down).imag
    slope, _ = np.polyfit(off**2, half**2, 1)
    return float(np.sqrt(-1 / slope))


def by_flaw(cases: Sequence[Case], limits: Limits, limit: float, console: Console) -> None:
    found = [(case, {finding.flaw for finding in flaws(case.measures, limits)}) for case in cases]
    table = table_of("references by their flaws, all of the above")
    row(table, "no flaw", [case for case, mine in found if not mine], limit)
    for flaw in Flaw:
        row(table, f"{flaw}", [case for case, mine in found if flaw in mine], limit)
        row(table, f"{flaw} alone", [case for case, mine in found if mine == {flaw}], limit)
    console.print(table)


def ordinary(look: Looker, folders: Sequence[Path], limits: Limits, console: Console) -> None:
    table = Table(title="ordinary photos that each limit refuses")
    table.add_column("folder")
    for column in ("faces", *Flaw, "any"):
        table.add_column(column, justify="right")
    for folder in folders:
        files = look.photos.below(folder)
        files = files[:: max(1, len(files) // ORDINARY)][:ORDINARY]
        seen = [one for one in map(look.see, files) if one]
        found = [{finding.flaw for finding in flaws(look.measures(one), limits)} for one in seen]
        shares = [np.mean([flaw in mine for mine in found]) for flaw in Flaw]
        cells = [f"{share:.1%}" for share in [*shares, np.mean([bool(mine) for mine in found])]]
        table.add_row(folder.name, str(len(found)), *cells)
    console.print(table)


def main() -> None:
    model, lfw, *folders = sys.argv[1:]
    look, console = Looker(model), Console(width=190)
    limits = limits_for(look.card.spec.floors)
    everybody = {folder.name: sorted(folder.glob("*.jpg")) for folder in sorted(Path(lfw).iterdir())}
    several = {name: files for name, files in everybody.items() if 2 <= len(files) <= 12}
    with_probes = {name: files for name, files in several.items() if len(files) >= 3}
    names = list(with_probes)[:: len(with_probes) // PEOPLE][:PEOPLE]
    part = list(several)[:: -(-sum(map(len, several.values())) // LOOKED_AT)]
    cases = made_worse(look, {name: with_probes[name] for name in names}, console)
    cases += by_pose(look, {name: several[name] for name in part}, console)
    by_flaw(cases, limits, look.card.spec.thresholds.cosine, console)
    ordinary(look, [Path(lfw), *map(Path, folders)], limits, console)


if __name__ == "__main__":
    main()
