"""Makes the frozen database of the present schema: `python tests/assets/upgrade/make.py`, once per released schema.

A few names, random vectors and pictures from a fixed seed, three runs. No photographs, and nobody's real face. A
released schema's database is never made again: later schemas must be able to upgrade the file that the released
program wrote.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.schema import this_schema
from gallery.adapters.store.tables import BackupRow
from gallery.domain.by_hand import Override
from gallery.domain.calibrated import Calibration
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import CohortEntry, EmbeddingSpace, Thresholds
from gallery.domain.people import Details, FaceCrop, NewReference, Reference
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus, Verification
from gallery.domain.score_limits import ScoreLimits
from gallery.domain.vectors import directions

SPACE = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 8-d", 8)
OTHER = EmbeddingSpace("second", "b" * 64, "box margin 0.3, none, 4-d", 4)
POINTS = Landmarks((25.5, 50.25), (55.0, 50.0), (40.0, 65.0), (30.0, 80.0), (50.0, 80.0))
MADE = datetime(2026, 2, 1, 12, 0, 0, 123456, tzinfo=UTC)
COHORT = Cohort(
    CohortEntry("made-up.npz", "e" * 64, 1, 3, -3.0, 2.5, 1.0),
    directions(np.random.default_rng(2).standard_normal((10, 8)).astype(np.float32)),
    np.linspace(0, 1, 9, dtype=np.float32),
)
SCORES = ScoreLimits(7.25, 5.0, 1e-3, 2.5e-4, 5, 2, "e" * 64, 1.0)
SETTINGS = RunSettings(
    program="0.1.0",
    space=SPACE,
    detector="yunet",
    detector_sha256="d" * 64,
    thresholds=Thresholds(0.535, 1.034, "made up"),
    policy={"grey_band": 0.05, "once_per_photo": True, "scores": asdict(SCORES)},
    redaction={"cells": 6, "method": "blur"},
    identities=2,
    templates=5,
    output="anonymised",
)


CALIBRATION = Calibration(
    space=SPACE,
    thresholds=Thresholds(0.5, 1.0, "calibrated for a test"),
    personal={"Ada Lovelace": Thresholds(0.375, 0.875, "Ada Lovelace's own")},
    fmr=1e-3,
    fusion="median-of-3",
    method="made up",
    detector="yunet",
    genuine=5,
    impostors=3000,
    strangers=600,
    references=4,
    last_reference=4,
    made=MADE,
)


class Clock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move_on(self) -> None:
        self.moment += timedelta(seconds=1)


def make(target: Path) -> None:
    clock, random = Clock(), np.random.default_rng(1)
    with SqliteStore.open(target, create=True, clock=clock) as store:
        for n, name in enumerate(("Ada Lovelace", "Ada Lovelace", "Ada King", "Grace Hopper", "Grace Hopper")):
            store.add(name, reference(n, random), SPACE)
            clock.move_on()
        store.merge("Ada King", "Ada Lovelace")
        store.edit("Ada Lovelace", settle_ada)
        store.edit("Grace Hopper", settle_grace)
        for number in (1, 2):
            store.add_template(number, random.standard_normal(4).astype(np.float32), OTHER)
        record(store)
        store.rename("Grace Hopper", "Grace Murray Hopper")
        store.rename("Grace Murray Hopper", "Grace Hopper")
        clock.move_on()
        store.set_calibration(CALIBRATION)
        note_a_backup(store)
        store.add("Charles Babbage", reference(5, random), SPACE)
        store.remove("Charles Babbage")  # and it can be undone
        store.measure(COHORT)


def reference(n: int, random: np.random.Generator) -> NewReference:
    """The nth; one has no landmarks and a flaw, and every other a picture of random bytes."""
    points = POINTS if n != 4 else None
    what = Reference(
        f"photo{n}.jpg",
        f"{n:064x}",
        Detection(Box(10, 20, 64, 80), 0.875, points),
        Quality(64, 120.5, points is not None),
        "yunet" if points else "haar",
        () if points else ("too small", "cut off"),
    )
    vector = random.standard_normal(8).astype(np.float32)
    return NewReference(what, vector, FaceCrop(random.bytes(100), n, 2 * n, 0.5) if n % 2 else None)


def settle_ada(details: Details) -> Details:
    return replace(details, expires=date(2027, 7, 31), notes="Wrote Note G.\nÄ, 好", tags=("5b", "Chor"))


def settle_grace(details: Details) -> Details:
    return replace(details, enabled=False, thresholds=Thresholds(0.25, 0.75, "set by hand"))


def note_a_backup(store: SqliteStore) -> None:
    """As if one had been made; a real one would bring in a path of the machine that runs this."""
    with store._database.writing() as session:
        session.add(BackupRow(path="/backups/gallery.db.backup", made=datetime(2026, 2, 1, tzinfo=UTC)))


def record(store: SqliteStore) -> None:
    detection, quality = Detection(Box(100, 50, 80, 96), 0.9, POINTS), Quality(80, 88.25, True)
    kept = Decision(
        Verdict.KEEP,
        Rule.MATCH,
        "matches Ada Lovelace within both thresholds",
        Candidate("Ada Lovelace", 2, 0.3125, 0.75, 12.5, 1.75),
        Candidate("Grace Hopper", 4, 0.9375, 1.375, -2.5, 1.5),
    )
    blurred = Decision(
        Verdict.BLUR,
        Rule.COSINE,
        "cosine distance 0.812 is above the threshold 0.535",
        Candidate("Grace Hopper", 5, 0.8125, 1.25),
    )
    close = Decision(
        Verdict.BLUR,
        Rule.CLOSE_CALL,
        "Ada Lovelace is only 0.016 farther than Grace Hopper, below the margin of 0.1",
        Candidate("Grace Hopper", 4, 0.3125, 0.75),
        Candidate("Ada Lovelace", 1, 0.328125, 0.8125),
    )
    disabled = Decision(
        Verdict.BLUR, Rule.DISABLED, "matches Grace Hopper, who is disabled", Candidate("Grace Hopper", 5, 0.25, 0.5)
    )
    faces = tuple(DecidedFace(detection, quality, decision) for decision in (kept, blurred, close, disabled))
    run = store.begin_run(SETTINGS, "operator")
    store.record(
        run,
        ImageRecord("party.jpg", ImageStatus.OK, "b" * 64, 640, 480, "anonymised/party.jpg", "c" * 64, faces),
        crops={2: b"a picture of the third face, which waits"},
    )
    store.record(run, ImageRecord("torn.jpg", ImageStatus.FAILED, error="torn.jpg is cut off."))
    store.end_run(run, RunStatus.FINISHED)
    record_by_hand(store, store.begin_run(SETTINGS))
    record_and_prune(store)


def record_and_prune(store: SqliteStore) -> None:
    """A run of which only a stub is left."""
    run = store.begin_run(SETTINGS, "operator")
    store.record(run, ImageRecord("old.jpg", ImageStatus.FAILED, error="old.jpg is cut off."))
    store.end_run(run, RunStatus.INTERRUPTED)
    store.prune([run], "operator")


def record_by_hand(store: SqliteStore, run: int) -> None:
    """A run that goes on: a photo with a face kept by hand, one that did not hold, one that the first run had done."""
    word = Override(
        0,
        "1" * 64,
        Box(100, 50, 80, 96),
        Verdict.KEEP,
        "fête.jpg",
        "operator",
        MADE,
        "Asked, said yes.",
        "Ada Lovelace",
    )
    store.remove_override(store.add_override(word).number)
    word = store.add_override(word)
    store.add_override(replace(word, box=Box(300, 50, 80, 96), verdict=Verdict.BLUR, by="", note="", keeps=None))
    quality = Quality(80, 88.25, True)
    near = Candidate("Grace Hopper", 4, 0.5625, 1.0625)
    faces = (
        DecidedFace(
            Detection(word.box, 0.9), quality, Decision(Verdict.KEEP, Rule.BY_HAND, word.reason, keeps=word.keeps)
        ),
        DecidedFace(
            Detection(Box(300, 50, 80, 96), 0.8), quality, Decision(Verdict.BLUR, Rule.COSINE, "far", near), 0.9375
        ),
    )
    done = ImageRecord(
        "fête.jpg",
        ImageStatus.OK,
        "1" * 64,
        640,
        480,
        "anonymised/fête.jpg",
        "2" * 64,
        faces,
        remarks=("fête.jpg held a gain map, which was left out.",),
        verified=Verification.FULL,
        state="3" * 64,
    )
    store.record(run, done)
    store.record(run, ImageRecord("leaky.png", ImageStatus.UNVERIFIED, "4" * 64, 64, 48, error="It did not hold."))
    before = ImageRecord(
        "party.jpg", ImageStatus.DONE_BEFORE, "b" * 64, 640, 480, "anonymised/party.jpg", "c" * 64, earlier=1
    )
    store.record(run, before)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name(f"{this_schema().head}.db"))
