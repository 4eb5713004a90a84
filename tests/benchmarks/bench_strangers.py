"""How often strangers are kept among children, look-alikes and in larger galleries, against this project's bounds.

Of FairFace only the pictures count that had no part in the cohort (`make_cohort.py`). FairFace says that no two show
one person; some do (`tests/assets/labels/fairface-same.txt`, found by eye). Rates are given with those pairs left out,
and as FairFace has it.

The limits are those of a gallery of 20 references, the strictest that a smaller one has, or of the gallery simulated.
Needs ../shared/data or GALLERY_TEST_DATA, and about eight minutes on two cores, nearly all of them for embedding.

Run: python tests/benchmarks/bench_strangers.py
"""

from __future__ import annotations

import csv
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from make_cohort import in_cohort
from PIL import Image
from rich.console import Console
from rich.table import Table

from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central
from gallery.domain.cohorts import Cohort, Standing, normalised
from gallery.domain.deciding import trusted
from gallery.domain.matching import Whitelist, candidates
from gallery.domain.models import ModelCard
from gallery.domain.score_limits import AS_IF, ScoreLimits, score_limits
from gallery.usecases.faces import Recogniser

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("GALLERY_TEST_DATA", ROOT.parent / "shared" / "data"))
SAME = ROOT / "tests" / "assets" / "labels" / "fairface-same.txt"
CHILDREN = ("0-2", "3-9", "10-19")
BLOCK = 512


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces that are good enough to be kept.

    Attributes:
        embeddings: `(N, D) float32`.
        standing: `(N, 3)` how they stand to the cohort.
        people: `(N,)` of each a number of whom it shows.
    """

    embeddings: np.ndarray
    standing: Standing
    people: np.ndarray

    def __len__(self) -> int:
        return len(self.embeddings)

    def only(self, which: np.ndarray) -> Faces:
        return Faces(self.embeddings[which], self.standing[which], self.people[which])


@dataclass(frozen=True)
class Judge:
    """Whether two faces match by all three numbers."""

    card: ModelCard
    scores: ScoreLimits

    def matches(self, one: Faces, other: Faces, strict: bool = True) -> np.ndarray:
        """`(N, M) bool`; the vectors are of length one, where both distances say the same."""
        cosine = 1 - one.embeddings.astype(np.float64) @ other.embeddings.T.astype(np.float64)
        found = np.empty(cosine.shape, bool)
        least = self.scores.strict if strict else self.scores.lax
        for row in range(len(one)):
            score = normalised(cosine[row], one.standing[row][None], other.standing)
            found[row] = (cosine[row] <= self.card.spec.thresholds.cosine) & (score >= least)
        return found


def pictures(files: Iterator[tuple[str, np.ndarray]], recogniser: Recogniser) -> Iterator[tuple[str, np.ndarray]]:
    """Names with the embedding of each picture's central face, where that can be trusted."""
    floors = recogniser.embedder.card.spec.floors
    for name, pixels in files:
        found = recogniser.detect(pixels)
        if found:
            (face,) = recogniser.describe(pixels, [central(found, pixels.shape[1], pixels.shape[0])])
            if trusted(face.quality, floors):
                yield name, face.embedding


def fairface(recogniser: Recogniser, cohort: Cohort) -> tuple[Faces, list[dict[str, str]]]:
    folder = DATA / "fairface"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labels = {row["file"]: row for row in csv.DictReader(lines) if not in_cohort(row["file"])}
    files = ((file, np.asarray(Image.open(folder / "images" / file).convert("RGB"))) for file in labels)
    names, embeddings = zip(*pictures(files, recogniser), strict=True)
    numbers = {int(Path(name).stem): place for place, name in enumerate(names)}
    people = np.arange(len(names))
    for line in SAME.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            places = [numbers[int(word)] for word in line.split() if int(word) in numbers]
            people[places] = min(places, default=0)
    vectors = np.stack(embeddings)
    return Faces(vectors, cohort.standing(vectors), people), [labels[name] for name in names]


def lfw(recogniser: Recogniser, cohort: Cohort) -> tuple[Faces, dict[str, int]]:
    with zipfile.ZipFile(DATA / "lfw" / "lfw-deepfunneled-view2.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        files = ((name, np.asarray(Image.open(BytesIO(archive.read(name))).convert("RGB"))) for name in names)
        known, embeddings = zip(*pictures(files, recogniser), strict=True)
    stems = [Path(name).stem for name in known]
    _, people = np.unique([stem.rsplit("_", 1)[0] for stem in stems], return_inverse=True)
    vectors = np.stack(embeddings)
    return Faces(vectors, cohort.standing(vectors), people), {stem: place for place, stem in enumerate(stems)}


def false_matches(faces: Faces, judge: Judge, strict: bool = True) -> tuple[int, int, int]:
    """Pairs of different people that match, as FairFace has it and without those who are one, and all pairs."""
    found = judge.matches(faces, faces, strict)
    one, other = np.triu_indices(len(faces), 1)
    hits = found[one, other]
    return int(hits.sum()), int((hits & (faces.people[one] != faces.people[other])).sum()), len(one)


def lfw_rates(faces: Faces, places: dict[str, int], judge: Judge) -> tuple[float, float]:
    """FMR over all pairs of different people, and FNMR over the genuine pairs of view 2."""
    hits = pairs = 0
    for start in range(0, len(faces), BLOCK):
        some = faces.only(np.arange(start, min(start + BLOCK, len(faces))))
        later = np.arange(len(faces))[None] > np.arange(start, start + len(some))[:, None]
        impostors = later & (some.people[:, None] != faces.people[None])
        hits += int((judge.matches(some, faces) & impostors).sum())
        pairs += int(impostors.sum())
    missed = genuine = 0
    for line in (DATA / "lfw" / "pairs.txt").read_text(encoding="utf-8").splitlines()[1:]:
        words = line.split("\t")
        if len(words) == 3:
            ends = [places.get(f"{words[0]}_{int(number):04d}") for number in words[1:]]
            genuine += 1
            if None in ends:
                missed += 1
                continue
            one, other = (faces.only(np.array([end])) for end in ends)
            missed += not judge.matches(one, other)[0, 0]
    return hits / pairs, missed / genuine


def simulated(
    faces: Faces, judge: Judge, people: int, strangers: int, photos: int, seed: int = 0
) -> tuple[float, float]:
    """Shares of strangers kept, and of photos that show one; everybody enrolled with one reference."""
    random, matches = np.random.default_rng(seed), judge.matches(faces, faces)
    kept = shown = count = 0
    for _ in range(photos):
        order = random.permutation(len(faces))
        enrolled, others = order[:people], order[people : people + strangers]
        others = others[~np.isin(faces.people[others], faces.people[enrolled])]
        hits = matches[np.ix_(others, enrolled)].any(axis=1)
        kept, shown, count = kept + int(hits.sum()), shown + bool(hits.any()), count + len(others)
    return kept / count, shown / photos


def matching(cohort: Cohort) -> float:
    """How many times as long matching 20 faces against 10,000 people takes with normalised scores."""
    random = np.random.default_rng(1)
    templates = random.standard_normal((10_000, cohort.members.shape[1]), np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    names = tuple(f"person {n}" for n in range(len(templates)))
    plain = Whitelist(names, np.arange(len(names)), np.arange(len(names)), templates)
    scored = replace(plain, cohort=cohort, standing=cohort.standing(templates))
    probes = templates[:20] + np.float32(0.01)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(61):
        for which, people in ((False, plain), (True, scored)):
            start = time.perf_counter()
            candidates(probes, people)
            taken[which].append(time.perf_counter() - start)
    return float(np.median(taken[True]) / np.median(taken[False]))


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"There are no photographs at {DATA}; name their folder with GALLERY_TEST_DATA.")
    table = Table(title="Strangers, with sface and yunet")
    for column in ("what", "bound", "measured", "as labelled", "reached"):
        table.add_column(column)

    def row(what: str, bound: float, value: float, raw: float | None = None, show: str = ".1e") -> None:
        shown = "" if raw is None else format(raw, show)
        table.add_row(what, f"≤ {bound:g}", format(value, show), shown, "yes" if value <= bound else "no")

    boot = Bootstrap.of()
    card = boot.registry().card("sface")
    recogniser, entry = boot.recogniser(card, "yunet"), card.spec.cohort
    assert recogniser.cohort is not None and entry is not None  # noqa: PT018
    cohort = recogniser.cohort

    def judge(references: int) -> Judge:
        return Judge(card, score_limits(entry, references, references))

    table.add_row(
        "matching 20 faces, 10,000 people, × as long",
        "≤ 1.5",
        f"{(ratio := matching(cohort)):.2f}",
        "",
        "yes" if ratio <= 1.5 else "no",
    )
    faces, labels = fairface(recogniser, cohort)
    age, race = (np.array([label[name] for label in labels]) for name in ("age", "race"))
    eastern, adult = np.isin(race, ["East Asian", "Southeast Asian"]), ~np.isin(age, CHILDREN)
    groups: dict[str, tuple[np.ndarray, float]] = {
        "aged 3–9": (age == "3-9", 1e-4),
        "aged 10–19": (age == "10-19", 1e-4),
        "aged 0–9, East and Southeast Asian": (np.isin(age, CHILDREN[:2]) & eastern, 1e-3),
        "adults": (adult, 1e-4),
        **{f"adults, {group}": (adult & (race == group), 1e-4) for group in sorted(set(race))},
    }
    for name, (which, bound) in groups.items():
        raw, hits, pairs = false_matches(faces.only(which), judge(AS_IF))
        row(f"FairFace, {name}: FMR", bound, hits / pairs, raw / pairs)
    infants, young = age == "0-2", faces.standing[:, 2] <= (entry.young or -np.inf)
    row("FairFace, aged 0–2: share that is not left for review", 0.0, float(1 - young[infants].mean()), show=".2f")
    for name, which in (("3–9", age == "3-9"), ("10–19", age == "10-19"), ("adults", adult)):
        table.add_row(
            f"FairFace, {name}: share left for review as very young", "", f"{young[which].mean():.3f}", "", ""
        )
    for people, strangers, photos, which, kept_bound, shown_bound, name in (
        (20, 10, 500, age == "3-9", 1e-3, 1e-2, "class of 20 aged 3–9, --trust-children"),
        (150, 10, 500, adult, 3e-3, 1.0, "150 adults"),
    ):
        kept, shown = simulated(faces.only(which), judge(people), people, strangers, photos)
        row(f"{name}: strangers kept", kept_bound, kept)
        if shown_bound < 1:
            row(f"{name}: photos that show a stranger", shown_bound, shown, show=".3f")
    known, places = lfw(recogniser, cohort)
    fmr, fnmr = lfw_rates(known, places, judge(AS_IF))
    row("LFW: FMR over all pairs", 1e-5, fmr)
    row("LFW view 2: FNMR", 0.045, fnmr, show=".3f")
    Console(width=120).print(table)
    print("View 2's accuracy and groups/friends: tests/benchmarks/bench_bounds.py")


if __name__ == "__main__":
    main()
