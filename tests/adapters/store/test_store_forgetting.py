"""Who is forgotten has left nothing in any file, and everybody else is as they were.

The files are read here byte by byte, without the program's own search.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import gallery
from gallery.adapters.photos.atomic import hidden_beside
from gallery.adapters.store import SqliteStore, erasing, files, forgetting, runs, upgrade
from gallery.adapters.store.backup import back_up_and_record
from gallery.adapters.store.connection import connect
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.schema import make_file
from gallery.domain import marks
from gallery.domain.by_hand import Override
from gallery.domain.calibrated import Calibration
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import BadArgument, GalleryError, NothingToUndo, StoreUnusable, UnknownName
from gallery.domain.faces import Detection, Quality
from gallery.domain.forgetting import KeptOutput
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import FaceCrop, NewReference, Reference, clean_name, name_key
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus, Verification, withdrawn

ROOT = Path(gallery.__file__).resolve().parent.parent
FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"
SPACE = EmbeddingSpace("tiny", "a" * 64, "l2", 64)
OTHER = EmbeddingSpace("other", "b" * 64, "l2", 48)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
DETECTION, QUALITY = Detection(Box(10, 20, 30, 40), 0.875), Quality(30, 12.5, True)


def reference(n: int, source: str | None = None, box: Box | None = None, vector_of: int | None = None) -> NewReference:
    """The nth reference, with a template and a picture that are nowhere by chance."""
    detection = replace(DETECTION, box=box or DETECTION.box)
    own = n if vector_of is None else vector_of
    return NewReference(
        Reference(source or f"photos/{n}.jpg", f"{n:064x}", detection, QUALITY, "yunet"),
        vector(own),
        FaceCrop(picture(own), 0, 0, 1.0),
    )


def vector(n: int, space: EmbeddingSpace = SPACE) -> np.ndarray:
    return np.random.default_rng([n, space.dimension]).standard_normal(space.dimension).astype(np.float32)


def picture(n: int) -> bytes:
    return np.random.default_rng([n, 7]).bytes(2000)


def face(decision: Decision) -> DecidedFace:
    return DecidedFace(DETECTION, QUALITY, decision)


def kept(name: str, number: int, second: str | None = None) -> DecidedFace:
    runner_up = None if second is None else Candidate(second, 1, 0.9, 1.9)
    reason = f"matches {name} within both thresholds"
    return face(Decision(Verdict.KEEP, Rule.MATCH, reason, Candidate(name, number, 0.1, 0.2), runner_up))


def close_call(name: str, second: str) -> DecidedFace:
    reason = f"{second} is only 0.016 farther than {name}, below the margin of 0.1"
    return face(
        Decision(Verdict.BLUR, Rule.CLOSE_CALL, reason, Candidate(name, 1, 0.1, 0.2), Candidate(second, 2, 0.2, 0.3))
    )


def run_settings(**personal: Thresholds) -> RunSettings:
    own = {name: {"cosine": t.cosine, "euclidean": t.euclidean, "origin": t.origin} for name, t in personal.items()}
    policy = {"grey_band": 0.05, **({"personal": own} if own else {})}
    return RunSettings("0", SPACE, "yunet", "d" * 64, Thresholds(0.5, 1.0, "made up"), policy, {}, 2, 3, "out")


def record(
    store: SqliteStore, *faces: DecidedFace, photo: str = "party.jpg", settings: RunSettings | None = None
) -> int:
    number = store.begin_run(settings or run_settings())
    store.record(
        number, ImageRecord(f"in/{photo}", ImageStatus.OK, "b" * 64, 640, 480, f"out/{photo}", "c" * 64, faces)
    )
    store.end_run(number, RunStatus.FINISHED)
    return number


def calibration(**personal: Thresholds) -> Calibration:
    made = datetime(2026, 2, 1, tzinfo=UTC)
    return Calibration(
        SPACE, Thresholds(0.5, 1.0, "calibrated"), personal, 1e-3, "best", "x", "yunet", 1, 2, 3, 4, 5, made
    )


def content(folder: Path) -> dict[str, bytes]:
    """Every byte of every file in a folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def holders(folder: Path, *wanted: bytes) -> list[str]:
    """The files that hold any of the byte strings, or 16 bytes of a longer one; capitals count as small letters."""
    parts = {one[i : i + 16] for one in wanted for i in range(0, max(1, len(one) - 15), 16)}
    small = {part.lower() for part in parts}
    return [
        name
        for name, data in sorted(content(folder).items())
        if any(part in data for part in parts) or any(part in lowered for lowered in [data.lower()] for part in small)
    ]


def spellings(*names: str) -> list[bytes]:
    return [unicodedata.normalize(form, name).encode() for name in names for form in ("NFC", "NFD")]


@pytest.fixture
def store(path, new_gallery):
    shutil.copyfile(new_gallery, path)
    path.chmod(0o600)
    with SqliteStore.open(path, create=True, timeout=0.3) as opened:
        yield opened


@pytest.fixture
def folder(path) -> Path:
    return path.parent


def state(store: SqliteStore, *without: str) -> dict[str, object]:
    """All that a gallery holds of everybody else."""
    others = [person.name for person in store.identities() if person.name not in without]
    calibrated = store.calibration()
    whitelist = store.whitelist()
    templates = {
        int(number): (whitelist.names[owner], template.tobytes())
        for number, owner, template in zip(whitelist.references, whitelist.owners, whitelist.templates, strict=True)
    }
    return {
        "people": [store.identity(name) for name in others],
        "crops": {name: store.crops(name) for name in others},
        "templates": {number: one for number, one in templates.items() if one[0] not in without},
        "by hand": {name: own for name, own in store.by_hand().items() if name not in without},
        "calibrated": calibrated and {n: own for n, own in calibrated.personal.items() if n not in without},
        "everybody's": calibrated and calibrated.thresholds,
    }


NAMES = [
    "Al",
    "Anna",
    "Anna Schmidt-Meier",
    "José Ñandú",
    "محمد علي",
    "李雷",
    "Person 3",
    "O'Brien; --",
    "Zoë 😀",
    "Identity",
]
OTHERS = ["Joanna", "Alan", "Anna Maria Schmidt", "李雷雷", "Person 33", "Grace Hopper"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_who_is_forgotten_and_nothing_else_changes(store, path, folder, name):
    for n, other in enumerate(OTHERS, 100):
        store.add(other, reference(n), SPACE)
        store.edit(other, lambda details: replace(details, notes="Kommt gern.", tags=("5b",)))
    numbers = [store.add(name, reference(n, f"photos/{name}/{n}.jpg"), SPACE) for n in (1, 2)]
    nfd = unicodedata.normalize("NFD", name)
    store.add(name, reference(3, f"mac/{nfd}.jpg"), SPACE)
    store.add_template(numbers[0], vector(1, OTHER), OTHER)
    store.edit(
        name, lambda d: replace(d, notes=f"{name} herself", tags=("own",), thresholds=Thresholds(0.1, 0.2, name))
    )
    store.edit("Grace Hopper", lambda d: replace(d, thresholds=Thresholds(0.3, 0.4, "by hand")))
    store.set_calibration(calibration(**{name: Thresholds(0.1, 0.2, f"{name}'s own"), "Joanna": Thresholds(0.3, 0.4)}))
    own = {name: Thresholds(0.1, 0.2, f"set for {name}"), "Joanna": Thresholds(0.3, 0.4, "set for Joanna")}
    first = record(store, kept(name, numbers[0], "Joanna"), kept("Joanna", 1, name), settings=run_settings(**own))
    second = record(store, close_call("Grace Hopper", name), kept("Alan", 2), photo=f"{name} & co.jpg")
    third = record(store, kept("Alan", 2, "Joanna"), photo="others.jpg")
    back_up_and_record(store._file, folder / "elsewhere.copy")
    before, untouched = state(store, name), store.run(third)

    receipt = store.forget(name)

    assert receipt.pseudonym == f"forgotten person {len(OTHERS) + 1}"
    assert (receipt.references, receipt.templates, receipt.crops, receipt.decisions) == (3, 4, 3, 3)
    assert receipt.outputs == (KeptOutput(first, "out/party.jpg", "c" * 64),)
    assert receipt.backups == (str(folder / "elsewhere.copy"),)
    assert receipt.missing_backups == ()
    assert {str(path), str(folder / "elsewhere.copy")} <= set(receipt.searched)
    assert receipt.traces > 0
    store.close()
    secrets = [vector(n).tobytes() for n in (1, 2, 3)] + [picture(n) for n in (1, 2, 3)] + [vector(1, OTHER).tobytes()]
    assert holders(folder, *secrets) == []
    if name not in ("Al", "Anna", "李雷", "Person 3", "Identity"):  # others have these in theirs
        assert holders(folder, *spellings(name)) == []
    assert texts_naming(path, name) == []
    assert texts_naming(folder / "elsewhere.copy", name) == []
    assert state(store) == before
    assert store.run(third) == untouched
    personal = store.run(first).settings.personal
    assert personal == {
        receipt.pseudonym: Thresholds(0.1, 0.2, f"set for {receipt.pseudonym}"),
        "Joanna": Thresholds(0.3, 0.4, "set for Joanna"),
    }
    faces = [face.decision for number in (first, second) for face in store.run(number).images[0].faces]
    assert [(one.candidate.identity, one.runner_up and one.runner_up.identity) for one in faces] == [
        (receipt.pseudonym, "Joanna"),
        ("Joanna", receipt.pseudonym),
        ("Grace Hopper", receipt.pseudonym),
        ("Alan", None),
    ]
    assert [one.reason for one in faces] == [
        f"matches {receipt.pseudonym} within both thresholds",
        "matches Joanna within both thresholds",
        f"{receipt.pseudonym} is only 0.016 farther than Grace Hopper, below the margin of 0.1",
        "matches Alan within both thresholds",
    ]
    assert store.run(second).images[0].source == f"in/{receipt.pseudonym} & co.jpg"
    with SqliteStore.open(folder / "elsewhere.copy", create=False) as copy:
        assert state(copy) == before
        assert copy.run(first) == store.run(first)
    with pytest.raises(NothingToUndo):
        store.undo()
    with pytest.raises(UnknownName):
        store.identity(name)
    store.close()
    assert sorted(content(folder)) == ["elsewhere.copy", "gallery.db"]


def texts_naming(path: Path, name: str) -> list[str]:
    """Every text in a gallery that holds a name as words of its own; other people's names do not count."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = lambda text: text.decode(errors="surrogateescape")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = {
            value.decode(errors="replace") if isinstance(value, bytes) else str(value)
            for table in tables
            if table not in ("sqlite_sequence", "alembic_version", "template", "crop", "backup")
            for row in connection.execute(f'SELECT * FROM "{table}"')
            for value in row
        }
    found = []
    for value in values:
        left = unicodedata.normalize("NFC", value)
        for other in sorted(OTHERS, key=len, reverse=True):
            left = left.replace(other, "").replace(name_key(other), "")
        if re.search(rf"(?<![^\W_]){re.escape(unicodedata.normalize('NFC', name))}(?![^\W_])", left, re.IGNORECASE):
            found.append(value)
    return found


def test_what_somebody_else_has_too_stays(store, folder):
    """The same face under two names; photos of both."""
    store.add("Anna", reference(1), SPACE)
    store.add("Joanna", reference(1), SPACE)
    store.add("Joanna", reference(2, box=Box(0, 0, 5, 5)), SPACE)
    store.add("Anna", reference(2, box=Box(50, 50, 60, 60), vector_of=3), SPACE)
    back_up_and_record(store._file, folder / "b")
    before = state(store, "Anna")

    store.forget("Anna")

    assert state(store) == before
    with SqliteStore.open(folder / "b", create=False) as copy:
        assert state(copy) == before
    assert holders(folder, vector(3).tobytes(), picture(3)) == []
    assert "gallery.db" in holders(folder, vector(1).tobytes())


def test_photos_and_notes_of_others_that_name_somebody_are_rewritten(store, folder):
    store.add("Anna Schmidt", reference(1), SPACE)
    store.add("Grace", reference(2, "photos/anna_schmidt and grace.jpg"), SPACE)
    store.add("Kurt", reference(3, "caf\udce9/ANNA SCHMIDT.jpg"), SPACE)
    store.edit(
        "Grace", lambda d: replace(d, notes="Sister of Anna Schmidt.\nNot Joanna.", tags=("Anna Schmidt's", "5b"))
    )
    store.edit(
        "Kurt", lambda d: replace(d, thresholds=Thresholds(0.1, 0.2, "as Anna Schmidt has"), tags=("anna schmidt",))
    )
    store.set_calibration(calibration(Grace=Thresholds(0.1, 0.2, "Anna Schmidt is closest")))
    run = store.begin_run(
        replace(run_settings(Kurt=Thresholds(0.1, 0.1, "like Anna Schmidt's")), output="for Anna Schmidt")
    )
    store.record(run, ImageRecord("Anna Schmidt.jpg", ImageStatus.FAILED, error="Anna Schmidt.jpg is cut off"))

    word = store.forget("anna schmidt").pseudonym

    assert word == "forgotten person 1"
    grace, kurt = store.identity("Grace"), store.identity("Kurt")
    assert grace.references[0].reference.source == f"photos/{word} and grace.jpg"
    assert kurt.references[0].reference.source == f"caf\udce9/{word}.jpg"
    assert grace.details.notes == f"Sister of {word}.\nNot Joanna."
    assert grace.details.tags == ("5b", f"{word}'s")
    assert kurt.details.tags == (word,)
    assert kurt.details.thresholds.origin == f"as {word} has"
    assert store.calibration().personal["Grace"].origin == f"{word} is closest"
    recorded = store.run(run)
    assert recorded.settings.output == f"for {word}"
    assert recorded.settings.personal["Kurt"].origin == f"like {word}'s"
    assert (recorded.images[0].source, recorded.images[0].error) == (f"{word}.jpg", f"{word}.jpg is cut off")
    store.close()
    assert holders(folder, b"anna schmidt", b"anna_schmidt") == []


def test_what_was_said_and_remarked_with_a_name_is_rewritten(store, folder):
    store.add("Anna Schmidt", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    word = Override(
        0,
        "b" * 64,
        DETECTION.box,
        Verdict.KEEP,
        "caf\udce9/anna_schmidt.jpg",
        "anna-schmidt",
        moment,
        "Anna Schmidt said so",
    )
    said = store.add_override(word)
    by_hand = face(Decision(Verdict.KEEP, Rule.BY_HAND, said.reason))
    of_grace = replace(by_hand, decision=replace(by_hand.decision, candidate=Candidate("Grace", 2, 0.9, 1.2)))
    settings = replace(
        run_settings(), policy={"by_hand": {"all_of": ["Anna Schmidt", "Grace"], "regions": [[1, 2, 3, 4]]}}
    )
    run = store.begin_run(settings)
    other = store.begin_run(run_settings())
    done = ImageRecord(
        "in/1.jpg",
        ImageStatus.OK,
        "1" * 64,
        output="out/1.jpg",
        output_sha256="2" * 64,
        faces=(by_hand, of_grace),
        remarks=("A preview of Anna Schmidt was left out.", "So was a caf\udce9."),
        verified=Verification.FULL,
        state="3" * 64,
    )
    for number in (run, other):
        store.record(number, done)

    name = store.forget("anna schmidt").pseudonym

    (now,) = store.overrides()
    assert now == replace(said, source=f"caf\udce9/{name}.jpg", by=name, note=f"{name} said so")
    recorded = store.run(run)
    assert recorded.images[0].remarks == (f"A preview of {name} was left out.", "So was a caf\udce9.")
    assert [one.decision.reason for one in recorded.images[0].faces] == [
        f"kept by hand by {name} on 2026-03-04: {name} said so"
    ] * 2
    assert recorded.settings.policy == {"by_hand": {"all_of": [name, "Grace"], "regions": [[1, 2, 3, 4]]}}
    found = {
        number: store.done_before(one.fingerprint, "1" * 64, "3" * 64, "2" * 64)
        for number, one in ((run, settings), (other, run_settings()))
    }
    assert found[run] is None, "a hash of a name could be guessed"
    assert found[other].run == other
    store.close()
    assert holders(folder, b"anna schmidt", b"anna_schmidt", b"anna-schmidt", settings.fingerprint.encode()) == []


def test_a_part_of_somebody_elses_name_stays(store):
    store.add("Anna", reference(1), SPACE)
    store.add("Anna Schmidt-Meier", reference(2, "photos/anna_schmidt_meier/Anna 2.jpg"), SPACE)
    run = record(store, close_call("Anna Schmidt-Meier", "Anna"), kept("Anna Schmidt-Meier", 2))

    word = store.forget("Anna").pseudonym

    assert (
        store.identity("Anna Schmidt-Meier").references[0].reference.source == f"photos/anna_schmidt_meier/{word} 2.jpg"
    )
    first, second = (face.decision for face in store.run(run).images[0].faces)
    assert first.reason == f"{word} is only 0.016 farther than Anna Schmidt-Meier, below the margin of 0.1"
    assert second.reason == "matches Anna Schmidt-Meier within both thresholds"


def test_a_former_name_goes_with_the_person(store, folder):
    store.add("Annegret", reference(1), SPACE)
    store.add("Grace", reference(2, "photos/Annegret and Grace.jpg"), SPACE)
    run = record(store, kept("Annegret", 1, "Grace"))
    back_up_and_record(store._file, folder / "b")
    store.rename("Annegret", "Theodora")
    record(store, kept("Theodora", 1))

    receipt = store.forget("Theodora")

    assert receipt.decisions == 2
    assert [output.run for output in receipt.outputs] == [1, 2]
    assert store.run(run).images[0].faces[0].decision.candidate.identity == receipt.pseudonym
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"annegret", b"theodora") == []
    with SqliteStore.open(folder / "b", create=False) as copy:
        assert [person.name for person in copy.identities()] == ["Grace"]
        assert copy.run(run).images[0].faces[0].decision.candidate.identity == receipt.pseudonym


def test_a_former_name_that_only_a_backup_knows_goes_with_the_person(store, folder):
    """There, the person has a reference that was removed since, too."""
    store.add("Annegret", reference(1), SPACE)
    gone = store.add("Annegret", reference(5), SPACE)
    store.add("Grace", reference(2), SPACE)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE identity SET notes = 'Annegret is her sister' WHERE name = 'Grace'")
    back_up_and_record(store._file, folder / "b")
    store.edit("Grace", lambda details: replace(details, notes=""))
    store.rename("Annegret", "Theodora")
    store.remove_reference(gone)
    store.edit("Grace", lambda details: replace(details, tags=("5b",)))

    receipt = store.forget("Theodora")

    with SqliteStore.open(folder / "b", create=False) as copy:
        assert [person.name for person in copy.identities()] == ["Grace"]
        assert copy.identity("Grace").details.notes == f"{receipt.pseudonym} is her sister"
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), vector(5).tobytes(), picture(5), b"annegret") == []


def test_who_was_merged_into_somebody_is_forgotten_with_them(store, folder):
    store.add("Annegret", reference(1), SPACE)
    store.add("Theodora", reference(2), SPACE)
    store.add("Grace", reference(3), SPACE)
    run = record(store, kept("Annegret", 1), kept("Theodora", 2), kept("Grace", 3))
    back_up_and_record(store._file, folder / "b")
    store.merge("Annegret", "Theodora")
    store.edit("Grace", lambda details: replace(details, tags=("5b",)))

    receipt = store.forget("Theodora")

    assert receipt.pseudonym == "forgotten person 2"
    assert (receipt.references, receipt.decisions) == (2, 2)
    for path in (store.path, folder / "b"):
        with SqliteStore.open(path, create=False) as one:
            assert [person.name for person in one.identities()] == ["Grace"]
            named = [face.decision.candidate.identity for face in one.run(run).images[0].faces]
            assert named == [receipt.pseudonym, receipt.pseudonym, "Grace"]
    store.close()
    assert holders(folder, vector(1).tobytes(), vector(2).tobytes(), b"annegret", b"theodora") == []


@pytest.mark.parametrize("later", [False, True], ids=["last change", "long ago"])
def test_who_was_merged_or_renamed_is_forgotten_under_the_present_name(store, later):
    store.add("Ann", reference(1), SPACE)
    store.add("Bea", reference(2), SPACE)
    store.add("Theodora", reference(3), SPACE)
    record(store, kept("Ann", 1), kept("Bea", 2))
    store.merge("Ann", "Theodora")
    store.rename("Bea", "Beatrix")
    if later:
        store.edit("Beatrix", lambda details: replace(details, tags=("5b",)))
    before, runs = state(store), store.run(1)

    for former, present in (("ann", "Theodora"), ("BEA", "Beatrix")):
        with pytest.raises(UnknownName, match=rf"they are named {present} now") as caught:
            store.forget(former)
        assert f"gallery forget {present}" in caught.value.hint

    assert state(store) == before
    assert store.run(1) == runs


def test_a_name_that_somebody_else_has_by_now_stays_theirs(store, folder):
    store.add("Ann", reference(1), SPACE)
    first = record(store, kept("Ann", 1))
    store.rename("Ann", "Theodora")
    store.add("Ann", reference(2, "photos/Ann.jpg"), SPACE)
    second = record(store, kept("Ann", 2))
    back_up_and_record(store._file, folder / "b")
    before, untouched = state(store, "Theodora"), store.run(second)

    receipt = store.forget("Theodora")

    assert state(store) == before
    assert store.run(second) == untouched
    decision = store.run(first).images[0].faces[0].decision
    assert decision.candidate.identity == receipt.pseudonym
    assert decision.reason == f"matches {receipt.pseudonym} within both thresholds"
    with SqliteStore.open(folder / "b", create=False) as copy:
        assert state(copy) == before
        assert copy.run(second) == untouched


@pytest.mark.parametrize("later", [False, True], ids=["last change", "long ago"])
def test_who_was_removed_is_forgotten_in_the_record_and_in_the_log_of_the_last_change(store, path, folder, later):
    store.add("Theodora", reference(1, "photos/Theodora.jpg"), SPACE)
    store.add("Grace", reference(2), SPACE)
    run = record(store, kept("Theodora", 1, "Grace"))
    back_up_and_record(store._file, folder / "b")
    store.remove("Theodora")
    if later:
        store.edit("Grace", lambda details: replace(details, tags=("5b",)))

    receipt = store.forget("theodora")

    assert receipt.pseudonym == "forgotten person 1"
    assert (receipt.references, receipt.templates, receipt.crops, receipt.decisions) == (0, 0, 0, 1)
    assert receipt.outputs == (KeptOutput(run, "out/party.jpg", "c" * 64),)
    for one in (path, folder / "b"):
        with SqliteStore.open(one, create=False) as opened:
            assert opened.run(run).images[0].faces[0].decision.candidate.identity == receipt.pseudonym
            assert [person.name for person in opened.identities()] == ["Grace"]
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"theodora") == []


def test_who_is_only_in_the_log_of_the_last_change_is_forgotten(store, folder):
    store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    store.remove("Theodora")
    assert holders(folder, b"theodora") != []

    receipt = store.forget("Theodora")

    assert receipt.pseudonym == "forgotten person 1"
    assert receipt.traces > 6
    with pytest.raises(NothingToUndo):
        store.undo()
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"theodora") == []
    with pytest.raises(UnknownName):
        store.forget("Theodora")


def test_what_the_last_change_took_from_somebody_is_forgotten_with_them(store, folder):
    number = store.add("Theodora", reference(1), SPACE)
    store.add("Theodora", reference(2), SPACE)
    store.rename("Theodora", "Annegret")
    with store.change("tidy up"):
        store.remove_reference(number)
        store.rename("Annegret", "Wilhelmina")

    receipt = store.forget("Wilhelmina")

    assert receipt.references == 1
    assert receipt.traces >= 2 * 6 + 2
    store.close()
    assert holders(folder, vector(1).tobytes(), vector(2).tobytes(), b"theodora", b"annegret", b"wilhelmina") == []


def test_what_was_removed_long_ago_has_gone_from_the_file_by_then(store, folder):
    """SQLite overwrites what is deleted, but not always what it moved about before; so the file is written anew.

    With SQLite 3.40, these changes leave a part of a removed picture in the file.
    """
    chance, pixels = random.Random(47), np.random.default_rng(47)
    hers, removed = {}, []
    with closing(connect(store._file)) as connection:
        connection.execute("BEGIN")
        for name in ("theodora", "grace"):
            connection.execute(SOMEBODY, {"name": name})
        for n in range(1, 61):
            if len(hers) > 4 and chance.random() < 0.4:
                number = chance.choice(list(hers))
                connection.execute("DELETE FROM reference WHERE id = ?", (number,))
                removed.append(hers.pop(number))
            else:
                picture = pixels.bytes(chance.choice([500, 1500, 3000, 6000]))
                owner = chance.choice([1, 2])
                connection.execute(REFERENCE, {"id": n, "owner": owner, "sha256": f"{n:064x}"})
                connection.execute("INSERT INTO crop VALUES (?, ?, 0, 0, 1.0)", (n, picture))
                if owner == 1:
                    hers[n] = picture
        connection.execute("COMMIT")

    assert store.forget("Theodora").references == len(hers)

    store.close()
    assert holders(folder, *removed, *hers.values()) == []


SOMEBODY = """
    INSERT INTO identity (name, name_key, added, enabled, notes, keep_crops)
    VALUES (:name, :name, '2026-01-01 00:00:00.000000', 1, '', 1)
"""
REFERENCE = """
    INSERT INTO reference (id, identity_id, source, sha256, detector, added, flaws, box_x, box_y, box_width, box_height,
        score, size, sharpness, as_meant)
    VALUES (:id, :owner, 'x', :sha256, 'y', '2026-01-01 00:00:00.000000', '[]', 1, 1, 1, 1, 0.5, 3, 1, 1)
"""


def test_two_people_whose_numbers_the_record_does_not_know_are_told_apart(store):
    """As those who were removed before decisions kept the numbers."""
    store.add("Grace", reference(1), SPACE)
    record(store, kept("Theodora", 8), kept("Annegret", 9), kept("THEODORA", 8))

    first, second = store.forget("Theodora"), store.forget("Annegret")

    assert first.decisions == 2
    assert len({first.pseudonym, second.pseudonym}) == 2
    named = [face.decision.candidate.identity for face in store.run(1).images[0].faces]
    assert named == [first.pseudonym, second.pseudonym, first.pseudonym]
    store.add("Emmy", reference(2), SPACE)
    assert f"forgotten person {store.identity('Emmy').id}" not in {first.pseudonym, second.pseudonym}


def test_who_was_there_twice_under_one_name_is_forgotten_twice(store):
    store.add("Theodora", reference(1), SPACE)
    record(store, kept("Theodora", 1))
    store.remove("Theodora")
    store.add("Theodora", reference(2), SPACE)
    record(store, kept("Theodora", 2))

    receipt = store.forget("Theodora")

    assert receipt.pseudonym == "forgotten person 2"
    assert [run.images[0].faces[0].decision.candidate.identity for run in map(store.run, (1, 2))] == [
        receipt.pseudonym
    ] * 2


@pytest.mark.parametrize("name", ["Theodora", "Zoë", "  "])
def test_who_is_unknown_is_not_forgotten(store, name):
    store.add("Theodor", reference(1), SPACE)
    store.rename("Theodor", "Theo")
    before = state(store)

    with pytest.raises((UnknownName, BadArgument)):
        store.forget(name)

    assert state(store) == before
    assert store.undo().what == "rename Theodor to Theo"


def test_who_has_no_reference_is_forgotten(store, folder):
    number = store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    store.remove_reference(number)
    store.add("Grace", reference(3), SPACE)

    receipt = store.forget("Theodora")

    assert (receipt.references, receipt.templates) == (0, 0)
    store.close()
    assert holders(folder, b"theodora") == []


def test_the_last_person_is_forgotten(store, folder):
    store.add("Theodora", reference(1), SPACE)

    store.forget("Theodora")

    assert store.identities() == []
    assert len(store.whitelist()) == 0
    store.close()
    assert holders(folder, vector(1).tobytes(), b"theodora") == []
    store.add("Theodora", reference(1), SPACE)
    assert store.identity("Theodora").id == 2


def test_who_is_forgotten_twice_has_two_pseudonyms(store):
    store.add("Theodora", reference(1), SPACE)
    record(store, kept("Theodora", 1))
    first = store.forget("Theodora").pseudonym
    store.add("Theodora", reference(1), SPACE)
    record(store, kept("Theodora", 2))
    second = store.forget("Theodora").pseudonym

    assert first != second
    assert [run.images[0].faces[0].decision.candidate.identity for run in map(store.run, (1, 2))] == [first, second]


def test_the_log_of_a_change_that_was_tampered_with_is_no_obstacle(store, path, folder):
    store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO undo_step (statement) VALUES ('DROP TABLE run; -- Theodora')")

    store.forget("Theodora")

    store.close()
    assert holders(folder, vector(1).tobytes(), b"theodora") == []
    assert store.runs() == []


# Backups.


def test_backups_beside_the_gallery_and_where_it_put_them_are_cleaned(store, path, folder, tmp_path_factory):
    away = tmp_path_factory.mktemp("away") / "Sicherung É.db"
    store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    record(store, kept("Theodora", 1))
    back_up_and_record(store._file, away)
    back_up_and_record(store._file, folder / "gone")
    (folder / "gone").unlink()
    unrecorded = folder / "gallery.db.0003-x.backup"
    shutil.copyfile(away, unrecorded)
    recorded_beside = folder / "gallery.db.0003-y.backup"
    back_up_and_record(store._file, recorded_beside)

    receipt = store.forget("Theodora")

    assert sorted(receipt.backups) == sorted(map(str, (away, unrecorded, recorded_beside)))
    assert receipt.missing_backups == (str(folder / "gone"),)
    store.close()
    for place in (folder, away.parent):
        assert holders(place, vector(1).tobytes(), picture(1), b"theodora") == []
    for copy in (away, unrecorded, recorded_beside):
        with SqliteStore.open(copy, create=False) as opened:
            assert [person.name for person in opened.identities()] == ["Grace"]
            assert opened.run(1).images[0].faces[0].decision.candidate.identity == receipt.pseudonym
    assert stat.S_IMODE(away.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_backup_is_known_from_any_folder(path, folder, tmp_path_factory, monkeypatch):
    shutil.copyfile(FROZEN / "0002.db", path)
    path.chmod(0o600)
    monkeypatch.chdir(folder)
    made = upgrade(Path("gallery.db"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    with SqliteStore.open(path, create=True) as store:
        receipt = store.forget("Ada Lovelace")

    assert receipt.missing_backups == ()
    assert receipt.backups == (str(folder / made),)
    assert holders(folder, b"ada lovelace") == []


def test_other_files_beside_the_gallery_are_left_alone(store, folder):
    store.add("Theodora", reference(1), SPACE)
    (folder / "gallery.dbx.backup").write_text("Theodora")
    (folder / "notes.txt").write_text("Theodora")

    assert store.forget("Theodora").backups == ()

    assert holders(folder, b"Theodora") == ["gallery.dbx.backup", "notes.txt"]


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_backup_of_an_old_schema_is_upgraded_and_leaves_no_copy_of_itself(store, folder, revision):
    old = folder / f"gallery.db.{revision}-x.backup"
    shutil.copyfile(FROZEN / f"{revision}.db", old)
    store.add("Ada Lovelace", reference(1), SPACE)

    receipt = store.forget("Ada Lovelace")

    assert receipt.backups == (str(old),)
    store.close()
    assert sorted(content(folder)) == ["gallery.db", old.name]
    assert holders(folder, b"ada lovelace", b"lovelace") == []
    with SqliteStore.open(old, create=False) as opened:
        assert [person.name for person in opened.identities()] == ["Grace Hopper"]
        decisions = [face.decision for face in opened.run(1).images[0].faces]
        assert decisions[0].candidate.identity == receipt.pseudonym
        assert decisions[0].reason == f"matches {receipt.pseudonym} within both thresholds"


def test_a_reference_that_came_to_somebody_later_is_found_under_the_former_owner_in_a_backup(store, folder):
    moved = store.add("Grace", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    only = store.add("Kurt", reference(3), SPACE)
    store.add("Theodora", reference(4), SPACE)
    store.add("Emmy", reference(1, box=Box(90, 90, 9, 9), vector_of=9), SPACE)
    back_up_and_record(store._file, folder / "b")
    store.move(moved, "Theodora")
    store.move(only, "Theodora")

    store.forget("Theodora")

    with SqliteStore.open(folder / "b", create=False) as copy:
        assert [(person.name, person.references) for person in copy.identities()] == [("Emmy", 1), ("Grace", 1)]
    store.close()
    assert holders(folder, *(vector(n).tobytes() for n in (1, 3, 4))) == []


def test_a_backup_of_another_gallery_with_the_same_numbers_loses_nobody_else(store, folder, new_gallery):
    """As one from before an older copy of the gallery was put back."""
    store.add("Theodora", reference(1), SPACE)
    other = folder / "gallery.db.0003-z.backup"
    shutil.copyfile(new_gallery, other)
    with SqliteStore.open(other, create=True) as made:
        made.add("Kurt", reference(11), SPACE)
        made.add("Theodora", reference(12), SPACE)
        record(made, kept("Kurt", 1), kept("Theodora", 2))

    store.forget("Theodora")

    with SqliteStore.open(other, create=False) as made:
        assert [person.name for person in made.identities()] == ["Kurt"]
        named = [face.decision.candidate.identity for face in made.run(1).images[0].faces]
        assert named == ["Kurt", "forgotten person 1"]
    store.close()
    assert holders(folder, b"theodora", vector(12).tobytes()) == []


@pytest.mark.parametrize("spoiled", ["not a gallery", "newer", "in use"])
def test_where_a_backup_cannot_be_cleaned_the_gallery_still_knows_whom_to_forget(store, folder, spoiled):
    store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    bad = folder / "gallery.db.0003-x.backup"
    back_up_and_record(store._file, bad)
    before = state(store)
    other = sqlite3.connect(bad, isolation_level=None)
    if spoiled == "not a gallery":
        bad.write_bytes(b"not a database at all" * 100)
    elif spoiled == "newer":
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    else:
        other.execute("BEGIN IMMEDIATE")

    with closing(other), pytest.raises(GalleryError) as caught:
        store.forget("Theodora")

    assert str(bad) in caught.value.message
    assert state(store) == before


# Other programs.

HOLD = """
import sys
from pathlib import Path
from gallery.adapters.store import SqliteStore
with SqliteStore.open(Path(sys.argv[1]), create=False) as store:
    store.whitelist()
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_process_that_has_the_gallery_open_is_an_obstacle_before_anything_is_deleted(store, path, folder):
    store.add("Theodora", reference(1), SPACE)
    back_up_and_record(store._file, folder / "b")
    before, copied = state(store), (folder / "b").read_bytes()
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreUnusable, match=r"^The gallery \S+ is in use by another program\.$") as caught:
            store.forget("Theodora")
        assert caught.value.hint
        assert state(store) == before
        assert (folder / "b").read_bytes() == copied
        assert store.last_change().what == "enrol Theodora"
    finally:
        other.communicate("\n")

    store.forget("Theodora")

    store.close()
    assert holders(folder, vector(1).tobytes(), b"theodora") == []


def test_another_store_of_this_process_is_an_obstacle_too(store, path):
    store.add("Theodora", reference(1), SPACE)
    with SqliteStore.open(path, create=False) as other:
        other.whitelist()
        with pytest.raises(StoreUnusable, match="in use by another program"):
            store.forget("Theodora")
        assert len(other.identity("Theodora").references) == 1


def test_a_process_that_was_killed_is_no_obstacle_and_its_log_is_cleaned(store, path, folder):
    """It leaves a write-ahead log behind, with everything it wrote."""
    script = (
        "import sys, os, pathlib; sys.path.insert(0, sys.argv[2]); import test_store_forgetting as t\n"
        "s = t.SqliteStore.open(pathlib.Path(sys.argv[1]), create=True)\n"
        "s.add('Theodora', t.reference(1), t.SPACE); s.add('Grace', t.reference(2), t.SPACE)\n"
        "print(os.path.getsize(sys.argv[1] + '-wal'), flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(Path(__file__).parent)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert int(done.stdout) > 0, done.stderr
    assert "gallery.db-wal" in holders(folder, b"theodora")

    receipt = store.forget("Theodora")

    assert receipt.references == 1
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"theodora") == []
    assert [person.name for person in store.identities()] == ["Grace"]


def test_a_read_only_gallery_is_refused(open_folder, as_ordinary_user):
    path = open_folder / "gallery.db"
    with SqliteStore.open(path, create=True) as made:
        made.add("Theodora", reference(1), SPACE)
    path.chmod(0o400)
    with (
        as_ordinary_user(open_folder),
        SqliteStore.open(path, create=False) as opened,
        pytest.raises(StoreUnusable, match="read-only"),
    ):
        opened.forget("Theodora")


def test_what_is_left_is_told(store, monkeypatch):
    """As if writing anew did not do what it is for."""
    store.add("Theodora", reference(1), SPACE)
    monkeypatch.setattr(erasing, "write_anew", lambda file: file.path.write_bytes(file.path.read_bytes() + b"theodora"))

    with pytest.raises(
        StoreUnusable, match=r"was deleted from .* but the file still holds bytes of the name"
    ) as caught:
        store.forget("Theodora")

    assert "gallery db compact" in caught.value.hint


def test_a_program_that_begins_to_read_meanwhile_is_told_of(store, path, folder):
    """It keeps the old state of the file alive, and with it the log."""
    store.add("Theodora", reference(1), SPACE)
    back_up_and_record(store._file, folder / "b")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:

        def open_copy(copy: Path) -> GalleryFile:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM template").fetchall()
            return files.find(copy, 0.3)

        store.close()
        with pytest.raises(StoreUnusable, match=r"could not be written anew, .* in use by another program") as caught:
            erasing.forget(store._file, "Theodora", open_copy, datetime(2026, 2, 1, tzinfo=UTC))
        assert f"gallery db compact --db {path}" in caught.value.hint

    store.compact()
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"theodora") == []


FULL = """
import resource, sys
from pathlib import Path
from gallery.adapters.store import SqliteStore
from gallery.domain.errors import StoreUnusable
path = Path(sys.argv[1])
size = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
with SqliteStore.open(path, create=False) as store:
    try:
        store.forget("Theodora")
    except StoreUnusable as error:
        print(error.message, error.hint)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of that kind")
def test_a_disk_that_is_full_is_told_with_the_way_out(store, path, folder):
    """Whoever is forgotten is deleted; only the file cannot be written anew beside itself."""
    for n in range(2, 40):
        store.add("Grace", replace(reference(n), crop=FaceCrop(picture(n) * 20, 0, 0, 1.0)), SPACE)
    store.add("Theodora", reference(1), SPACE)
    store.close()

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], cwd=ROOT, capture_output=True, text=True, check=True, env=ENVIRONMENT
    )

    assert "may still hold old bytes" in done.stdout
    assert "the disk is full" in done.stdout
    assert "gallery db compact" in done.stdout
    with pytest.raises(UnknownName):
        store.identity("Theodora")
    assert len(store.identity("Grace").references) == 38
    store.compact()
    store.close()
    assert holders(folder, vector(1).tobytes(), picture(1), b"theodora") == []


def test_compacting_leaves_nothing_of_what_was_removed(store, folder):
    store.add("Theodora", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    store.remove("Theodora")
    store.edit("Grace", lambda details: replace(details, tags=("5b",)))
    before = state(store)

    store.compact()

    store.close()
    assert holders(folder, vector(1).tobytes(), b"theodora") == []
    assert state(store) == before


def test_names_that_the_tables_themselves_hold_are_no_trace(store):
    """`reference` is a table; who is so called is forgotten all the same."""
    for n, name in enumerate(["Reference", "Template", "Identity", "sqlite_sequence", "Finished", "yunet"]):
        store.add(name, reference(n), SPACE)
    record(store)
    for name in ["Reference", "Template", "Identity", "sqlite_sequence", "Finished", "yunet"]:
        store.forget(name)
    assert store.identities() == []


def test_a_long_text_of_somebody_else_is_no_trace(store):
    """A file holds it in several pieces."""
    store.add("Anna-Lena", reference(1), SPACE)
    store.add("Grace", reference(2), SPACE)
    notes = "Joanna-Lenas 😀 " * 600
    store.edit("Grace", lambda details: replace(details, notes=notes))

    store.forget("Anna-Lena")

    assert store.identity("Grace").details.notes == notes.strip()


# Any name, any path.

characters = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
names = st.text(characters, min_size=1, max_size=20).filter(lambda text: text.strip())
around = st.sampled_from(["", "/", "_", "-", " ", ".", "x/", "/x", "1", "IMG_"])


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("empty") / "gallery.db"
    SqliteStore.open(made, create=True).close()
    return made


def forget_one_of(
    folder: Path, empty: Path, name: str, others: Iterable[str], before: str, after: str, form: str
) -> None:
    path = folder / "gallery.db"
    for old in folder.iterdir():
        old.unlink()
    shutil.copyfile(empty, path)
    path.chmod(0o600)
    written = unicodedata.normalize(form, clean_name(name))
    with SqliteStore.open(path, create=True, timeout=0.3) as store:
        for n, other in enumerate(others, 100):
            store.add(other, reference(n, f"{n}.jpg"), SPACE)
        store.add(name, reference(1, f"photos/{before}{written}{after}.jpg"), SPACE)
        store.edit(name, lambda details: replace(details, notes=f"about {written}", expires=date(2027, 1, 1)))
        record(store, kept(clean_name(name), 1), kept("Grace", 100), photo=f"{before}{written}{after}.jpg")
        back_up_and_record(store._file, folder / "b")
        expected = state(store, clean_name(name))
        store.remove_reference(store.identity(name).references[0].id)
        store.undo()

        receipt = store.forget(name.swapcase() if name_key(name.swapcase()) == name_key(name) else name)

        assert (receipt.references, receipt.decisions) == (1, 1)
        assert state(store) == expected
        run = store.run(1)
    assert [face.decision.candidate.identity for face in run.images[0].faces] == [receipt.pseudonym, "Grace"]
    with SqliteStore.open(folder / "b", create=False) as copy:
        assert state(copy) == expected
        assert copy.run(1) == run
    assert holders(folder, vector(1).tobytes(), picture(1)) == []


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names, around, around, st.sampled_from(["NFC", "NFD"]))
@example(":0", "", "", "NFC")
def test_anybody_can_be_forgotten(tmp_path, empty, name, before, after, form):
    others = ["Grace", "Joanna", "李雷雷", "Æsa"]
    assume(name_key(name) not in {name_key(other) for other in others})
    forget_one_of(tmp_path, empty, name, others, before, after, form)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names, st.lists(names, max_size=4), around, around, st.sampled_from(["NFC", "NFD"]))
def test_anybody_can_be_forgotten_among_anybody(tmp_path, empty, name, others, before, after, form):
    keys = {name_key(other): other for other in ["Grace", *others]}
    assume(name_key(name) not in keys)
    forget_one_of(tmp_path, empty, name, keys.values(), before, after, form)


def test_the_folder_in_which_a_run_was_made_names_nobody_who_was_forgotten(store, path):
    store.add("Zoë Fischer", reference(1), SPACE)
    number = record(store, settings=replace(run_settings(), base="/home/Zoë Fischer/party"))
    store.forget("Zoë Fischer")
    settings = store.run(number).settings
    assert settings.base.startswith("/home/forgotten person")
    assert settings.base.endswith("/party")
    assert store.check_trail().misfit is None
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT settings_sha256 FROM run").fetchone() == (settings.fingerprint,)


def by_hand(name: str, closest: str | None = None) -> DecidedFace:
    candidate = None if closest is None else Candidate(closest, 1, 0.9, 1.9)
    return face(Decision(Verdict.KEEP, Rule.BY_HAND, "kept by hand by anna on 2026-03-04", candidate, None, name))


def test_a_decision_to_keep_goes_with_whom_it_keeps(path):
    """So it does where they were merged, renamed or removed since; other people's decisions stay."""
    with SqliteStore.open(path, create=True) as store:
        for n, name in enumerate(("Anna Schmidt", "Ann", "Bo"), 1):
            store.add(name, reference(n), SPACE)
        word = Override(
            0,
            "b" * 64,
            DETECTION.box,
            Verdict.KEEP,
            "a.jpg",
            "x",
            datetime(2026, 3, 4, tzinfo=UTC),
            keeps="Anna Schmidt",
        )
        for n, (name, verdict) in enumerate(
            (("Anna Schmidt", Verdict.KEEP), ("Ann", Verdict.KEEP), ("Bo", Verdict.KEEP), (None, Verdict.BLUR))
        ):
            store.add_override(replace(word, sha256=f"{n:064x}", keeps=name, verdict=verdict))
        store.merge("Ann", "Anna Schmidt")
        store.rename("Anna Schmidt", "Anna Weber")
        receipt = store.forget("Anna Weber")

        assert receipt.overrides == 2
        assert [(one.keeps, one.verdict) for one in store.overrides()] == [("Bo", Verdict.KEEP), (None, Verdict.BLUR)]


def test_outputs_in_which_somebody_was_kept_by_hand_are_theirs_whoever_was_closest(path):
    with SqliteStore.open(path, create=True) as store:
        for n, name in enumerate(("Anna Schmidt", "Bo"), 1):
            store.add(name, reference(n), SPACE)
        run = record(store, by_hand("Anna Schmidt", "Bo"))
        record(store, by_hand("Bo", "Anna Schmidt"), photo="other.jpg")
        receipt = store.forget("Anna Schmidt")

        assert [output.path for output in receipt.outputs] == ["out/party.jpg"]
        (decided,) = store.run(run).images[0].faces
        assert (decided.decision.keeps, decided.decision.candidate.identity) == (receipt.pseudonym, "Bo")
        assert store.check_trail().misfit is None


def test_a_former_name_goes_wherever_it_is_on_record(path):
    """Be it one from before a renaming or a merging; only the settings of a run name it."""
    with SqliteStore.open(path, create=True) as store:
        for n, name in enumerate(("Anna Schmidt", "Anneliese", "Bo"), 1):
            store.add(name, reference(n), SPACE)
        limits = {"Anna Schmidt": Thresholds(0.3, 0.6, "own"), "Anneliese": Thresholds(0.2, 0.4, "own")}
        run = store.begin_run(run_settings(**limits))
        store.merge("Anneliese", "Anna Schmidt")
        store.rename("Anna Schmidt", "Anna Weber")
        store.forget("Anna Weber")

        assert set(store.run(run).settings.personal) == {"forgotten person 1"}
        assert store.check_trail().misfit is None
    assert b"Schmidt" not in path.read_bytes()
    assert b"Anneliese" not in path.read_bytes()


def test_an_output_is_known_by_a_keyed_hash_of_the_path_that_was_replaced(path):
    """Of the next run into the folder, it takes the former one's place on record; nobody else's path is kept so."""
    named = replace(run_settings(), output="/home/x/out")
    with SqliteStore.open(path, create=True) as store:
        for n, name in enumerate(("Anna Schmidt", "Bo"), 1):
            store.add(name, reference(n), SPACE)

        def did(photo: str, content: str, error: str | None = None) -> None:
            run = store.begin_run(named)
            status = ImageStatus.OK if error is None else ImageStatus.FAILED
            output = (f"/home/x/out/{photo}", content * 64) if error is None else (None, None)
            store.record(run, ImageRecord(f"/home/x/in/{photo}", status, "b" * 64, 64, 48, *output, error=error))

        did("Anna_Schmidt_0012.jpg", "c")
        did("Anna_Schmidt_0013.jpg", "d")
        did("Bo.jpg", "e")
        receipt = store.forget("Anna Schmidt")

        first, second, other = store.outputs_on_record()
        assert first.path == f"/home/x/out/{receipt.pseudonym}_0012.jpg"
        assert marks.is_output(first.mark, "/home/x/out/Anna_Schmidt_0012.jpg")
        assert marks.is_source(first.mark, "/home/x/in/Anna_Schmidt_0012.jpg")
        assert not marks.is_output(first.mark, second.path)
        assert not marks.is_output(first.mark, "/home/x/out/Anna_Schmidt_0013.jpg")
        assert (other.mark, store.photos_of("c" * 64)[0].mark) == ("", first.mark)
        assert store.check_trail().misfit is None
        did("Anna_Schmidt_0012.jpg", "f")
        did("Anna_Schmidt_0013.jpg", "", "Torn." + withdrawn("/home/x/out/Anna_Schmidt_0013.jpg"))
        assert [one.sha256[0] for one in store.outputs_on_record()] == ["e", "f"]
        store.forget("Bo")
        assert first.mark in {one.mark for one in store.photos_of("c" * 64)}
        assert store.check_trail().misfit is None


def test_a_path_is_seen_from_anywhere_by_its_former_folder(path):
    """The folder that a run was made in may be called after somebody, too."""
    settings = replace(run_settings(), output="out", base="/home/Anna Schmidt")
    with SqliteStore.open(path, create=True) as store:
        store.add("Anna Schmidt", reference(1), SPACE)
        record(store, settings=settings)
        store.forget("Anna Schmidt")
        (one,) = store.outputs_on_record()
        assert marks.is_output(one.mark, "/home/Anna Schmidt/out/party.jpg")


@pytest.mark.slow
def test_a_folder_called_after_somebody_is_forgotten_in_linear_time(path):
    """108 s for 20,000 photos before: an update without an index for each. The ratio bounds what is quadratic."""

    def seconds(photos: int) -> float:
        target = path.with_name(f"{photos}.db")
        settings = replace(run_settings(), output="/x/Anna Schmidt/out")
        with SqliteStore.open(target, create=True) as store:
            store.add("Anna Schmidt", reference(1), SPACE)
            run = store.begin_run(settings)
            with store._database.writing() as session:
                for n in range(photos):
                    place = f"/x/Anna Schmidt/in/{n}.jpg", f"/x/Anna Schmidt/out/{n}.jpg"
                    image = ImageRecord(
                        place[0], ImageStatus.OK, "b" * 64, 64, 48, place[1], f"{n:064x}", (kept("Anna Schmidt", 1),)
                    )
                    runs.record(session, run, image, datetime(2026, 3, 4, tzinfo=UTC))
            begun = time.perf_counter()
            receipt = store.forget("Anna Schmidt")
            taken = time.perf_counter() - begun
            assert (receipt.decisions, store.check_trail().misfit) == (photos, None)
        return taken

    few, many = seconds(1000), seconds(8000)
    assert many < 16 * few + 2, (few, many)


def test_whom_only_a_backup_knows_is_forgotten_there(path):
    """After a removal and another change, the gallery knows nobody of that name."""
    with SqliteStore.open(path, create=True) as store:
        for n, name in enumerate(("Anna Schmidt", "Bo"), 1):
            store.add(name, reference(n), SPACE)
        backup = Path(back_up_and_record(GalleryFile(path), path.with_name("copy.backup")).path)
        store.remove("Anna Schmidt")
        store.add("Cy", replace_photo(reference(1), "same face, another name"), SPACE)
        store.edit("Bo", lambda details: replace(details, notes="x"))
        with pytest.raises(UnknownName):
            store.forget("Nobody")

        receipt = store.forget("anna schmidt")

        assert (receipt.only_in_backups, receipt.backups) == (True, (str(backup),))
        assert [one.name for one in store.identities()] == ["Bo", "Cy"]
    assert b"Schmidt" not in backup.read_bytes()
    with SqliteStore.open(backup, create=False) as copy:
        assert [one.name for one in copy.identities()] == ["Bo"]
        assert copy.check_trail().misfit is None


def replace_photo(new: NewReference, source: str) -> NewReference:
    return replace(new, reference=replace(new.reference, source=source))


def test_a_name_that_only_the_settings_of_a_run_know_is_forgotten(path):
    with SqliteStore.open(path, create=True) as store:
        store.add("Bo", reference(1), SPACE)
        settings = run_settings(**{"Old Name": Thresholds(0.3, 0.6, "own")})
        run = store.begin_run(replace(settings, policy={**settings.policy, "by_hand": {"all_of": ["Old Name"]}}))
        receipt = store.forget("old name")
        policy = store.run(run).settings.policy

        assert (list(policy["personal"]), policy["by_hand"]["all_of"]) == ([receipt.pseudonym], [receipt.pseudonym])
        assert store.check_trail().misfit is None


def test_a_former_name_says_who_it_is_now(path):
    with SqliteStore.open(path, create=True) as store:
        store.add("Anna Schmidt", reference(1), SPACE)
        store.begin_run(run_settings(**{"Anna Schmidt": Thresholds(0.3, 0.6, "own")}))
        store.rename("Anna Schmidt", "Anna Weber")
        with pytest.raises(UnknownName, match="they are named Anna Weber now"):
            store.forget("Anna Schmidt")
        assert len(store.identities()) == 1


def test_what_a_killed_export_left_is_removed(path, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    machine = hidden_beside(folder / "x").name.split("-")[1]
    left = folder / f".gallery-{machine}-{int(done.stdout)}-{'0' * 16}.tmp"
    left.write_bytes(b"templates")
    with SqliteStore.open(path, create=True) as store:
        store.add("Anna Schmidt", reference(1), SPACE)
        store.note_archive(folder / "people.zip")
        (folder / "people.zip").write_bytes(b"an archive")
        receipt = store.forget("Anna Schmidt")

    assert receipt.swept == (str(left),)
    assert not left.exists()
    assert receipt.archives == (str(folder / "people.zip"),)
    assert any("people.zip" in what for what in receipt.out_of_reach)


def test_in_an_encrypted_gallery_the_rows_are_searched(path, monkeypatch):
    pytest.importorskip("sqlcipher3")
    monkeypatch.setenv("GALLERY_KEY", "a key")
    make_file(path, encrypted=True)
    with SqliteStore.open(path, create=False) as store:
        store.add("Anna Schmidt", reference(1), SPACE)
        receipt = store.forget("Anna Schmidt")
        assert receipt.encrypted == receipt.searched
        store.add("Anna Schmidt", reference(1), SPACE)
        monkeypatch.setattr(forgetting, "_rewrite_mentions", lambda *_: 0)
        store.begin_run(replace(run_settings(), output="/x/Anna Schmidt"))
        monkeypatch.setattr(forgetting, "live_texts", lambda *_: set())
        with pytest.raises(StoreUnusable, match="still holds bytes of the name"):
            store.forget("Anna Schmidt")


def test_an_output_that_a_later_run_replaced_is_not_listed(path):
    with SqliteStore.open(path, create=True) as store:
        store.add("Anna Schmidt", reference(1), SPACE)
        record(store, kept("Anna Schmidt", 1))
        run = store.begin_run(run_settings())
        image = ImageRecord("in/party.jpg", ImageStatus.OK, "b" * 64, 64, 48, "out/party.jpg", "f" * 64)
        assert [one.path for one in store.outputs_showing("Anna Schmidt")] == ["out/party.jpg"]
        store.record(run, image)
        assert store.outputs_showing("Anna Schmidt") == ()
        assert store.forget("Anna Schmidt").outputs == ()
