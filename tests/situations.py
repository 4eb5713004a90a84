"""Situations drawn by lot: a folder of files of every kind, a command with options, and something that goes wrong.

A world is a folder with photos, people and a gallery in it; one command after another is called there, and after each
the folder is looked at: whatever was published must be on record.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.adapters.store.store import SqliteStore
from gallery.bootstrap import Bootstrap
from gallery.domain.errors import StoreUnusable
from gallery.domain.geometry import Box
from gallery.testing import DETECTOR, EMBEDDER, FakeCropper, FakeDetector, FakeEmbedder, blank, draw
from gallery.usecases.choose_model import Choice
from gallery.usecases.faces import Recogniser

ADA, GRACE = 10, 90
STRANGERS = (150, 170, 200)
PLACES = (Box(4, 6, 14, 16), Box(24, 8, 14, 18), Box(44, 20, 14, 16))
LOSSLESS = (".png", ".bmp", ".tif")
PUBLISHED = ("out", "web", "photos/out", "photos/sub/out", "deep/er/out", "link", "photos", "photos/sub", "file", "nov")
PRIVATE = "private"
SLOWEST = 60
"""Seconds that a command may take."""


def as_fakes(patch: Callable[[type, str, object], None]) -> None:
    """Has commands find drawn faces in place of real ones; everything else is as it is.

    Args:
        patch: Sets an attribute of a class, until the test is over.
    """

    def recogniser(_self: Bootstrap, _card: object, _detector: str = "yunet", _turned: bool = False) -> Recogniser:
        return Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())

    patch(Bootstrap, "recogniser", recogniser)
    patch(Bootstrap, "detector", lambda *_: FakeDetector())
    patch(Bootstrap, "_turned", lambda _self, detector: detector)
    patch(Bootstrap, "card", lambda *_: EMBEDDER)
    patch(Bootstrap, "choose", lambda *_: Choice(EMBEDDER))
    assert DETECTOR.name != EMBEDDER.name


@dataclass(frozen=True)
class Trouble:
    """What is wrong after a command.

    Attributes:
        step: Which of the world's commands it was.
        words: The command.
        disturbance: What went wrong meanwhile.
        what: In words.
    """

    step: int
    words: tuple[str, ...]
    disturbance: str
    what: str


@dataclass
class World:
    """A folder, and the commands that are called in it.

    Attributes:
        root: The folder, the current one.
        lot: Draws everything.
        troubles: What was wrong.
        step: Which of its commands is called.
        drawn: Whether drawn faces are found, rather than real ones.
    """

    root: Path
    lot: Random
    troubles: list[Trouble] = field(default_factory=list)
    step: int = 0
    drawn: bool = True

    def build(self, call: Callable[[list[str]], int]) -> None:
        """Fills the folder, and enrols two people."""
        for folder in ("photos/sub", "nov", "dec", "people", PRIVATE, "deep"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for name, person in (("ada", ADA), ("grace", GRACE)):
            Image.fromarray(draw(blank(), PLACES[0], person)).save(self.root / "people" / f"{name}.png")
        for folder in ("photos", "photos/sub", "nov", "dec"):
            for number in range(self.lot.randint(0, 4)):
                self.photo(self.root / folder / f"IMG_{number}{self.lot.choice(LOSSLESS)}")
        for _ in range(self.lot.randint(0, 4)):
            self.oddity()
        (self.root / "file").write_text("a file")
        (self.root / "link").symlink_to(self.lot.choice(("photos", "out", "web", "nowhere/at/all")))
        self.enrol(call)

    def enrol(self, call: Callable[[list[str]], int]) -> None:
        """Begins the gallery."""
        call(["enroll", "Ada", "people/ada.png", "--accept-poor"])
        call(["enroll", "Grace", "people/grace.png", "--accept-poor"])

    def photo(self, path: Path) -> None:
        """A picture of nobody, or of some of the enrolled and strangers."""
        pixels = blank(64, 48)
        people = self.lot.sample((ADA, GRACE, *STRANGERS), self.lot.randint(0, 3))
        for place, person in zip(PLACES, people, strict=False):
            draw(pixels, place, person, away=self.lot.choice((0, 0, 1, 2, 3)))
        Image.fromarray(pixels).save(path)

    def oddity(self) -> None:
        """A file that is no such photo."""
        kinds: list[Callable[[Path], object]] = [
            lambda path: path.write_bytes(b""),
            lambda path: path.write_bytes(self.lot.randbytes(200)),
            lambda path: path.write_text("no photo"),
            lambda path: path.mkdir(),
            lambda path: path.symlink_to("nowhere.png"),
            lambda path: path.symlink_to(path.name),
            lambda path: path.symlink_to("/proc/kmsg"),
            lambda path: path.symlink_to("/dev/zero"),
            lambda path: path.symlink_to("../people/ada.png"),
            os.mkfifo,
            self._cut_off,
            lambda path: Image.fromarray(blank(80, 60)).save(path, "JPEG", quality=80),
            lambda path: Image.new("RGBA", (30, 20), (200, 55, 200, 90)).save(path, "PNG"),
            lambda path: Image.new("P", (30, 20)).save(path, "GIF"),
        ]
        name = self.lot.choice(
            ("a b.jpg", "ü.png", "x.JPG", "IMG_0.PNG", "-v.png", "[1].png", "\x1b[31m.png", ".hidden.png")
        )
        with suppress(OSError):
            self.lot.choice(kinds)(self.root / self.lot.choice(("photos", "photos/sub", "nov")) / name)

    def _cut_off(self, path: Path) -> None:
        Image.fromarray(draw(blank(), PLACES[0], ADA)).save(path, "PNG")
        path.write_bytes(path.read_bytes()[: self.lot.randint(1, 150)])

    def words(self) -> list[str]:
        """A command."""
        if self.lot.random() < 0.7:
            return self._anonymise()
        runs = str(self.lot.randint(1, 3))
        some = self.lot.choice(self._files("photos") or ["photos/none.png"])
        return self.lot.choice(
            (
                ["enroll", self.lot.choice(("Ada", "Grace", "Joan")), "people/grace.png", "--accept-poor"],
                ["disable", "Ada"],
                ["enable", "Ada"],
                ["remove", "Grace", "--yes"],
                ["rename", "Ada", "Ada Lovelace"],
                ["forget", self.lot.choice(("Ada", "Grace", "Nobody")), "--yes"],
                ["undo", "--yes"],
                ["override", "set", some, "blur", "--face", "1"],
                ["override", "list"],
                ["set", "Ada", "--cosine", "0.1"],
                ["audit"],
                ["audit", "show", runs],
                ["audit", "verify"],
                ["audit", "verify", "--chain-only", "--json"],
                ["audit", "prune", "--older-than", "0d", "--yes"],
                ["audit", "stats"],
                ["report", runs, "-o", f"{PRIVATE}/page.html", *self._maybe("--pseudonyms", "--include-originals")],
                ["report", runs, "-o", "out/page.html"],
                ["export", f"{PRIVATE}/all.zip", "--force"],
                ["db", "check"],
                ["db", "status"],
                ["db", "backup", f"{PRIVATE}/{self.step}.db"],
                ["db", "compact"],
                ["list"],
                ["check"],
            )
        )

    def _anonymise(self) -> list[str]:
        inputs = ["photos", "nov", "dec", "photos/*.png", "photos/none.png", "phtos", "people/ada.png", "."]
        inputs += self._files("photos")[:2] + self._files("nov")[:1] + self._files("out")[:1]
        chosen = self.lot.sample(inputs, self.lot.choice((1, 1, 1, 2, 3)))
        if self.lot.random() < 0.6:
            chosen = ["photos"]
        words = ["anonymise", *chosen]
        if self.lot.random() < 0.97:
            words += ["-o", self.lot.choice(PUBLISHED[:2] if self.lot.random() < 0.6 else PUBLISHED)]
        words += self._maybe("-r", "--resume", "--fail-fast", "--dry-run", "--json", "--always-blur", "--keep-metadata")
        words += self._maybe("--keep-times", "--allow-repeats", "--keep-review-crops", "--turned")
        for one in (
            ["--exclude", self.lot.choice(("*.bmp", "sub", "out", "nothing", "*"))],
            ["--format", self.lot.choice(("png", "jpeg", "webp", "tiff", "bmp", "nonsense"))],
            ["--quality", self.lot.choice(("1", "90", "100", "0"))],
            ["--method", self.lot.choice(("blur", "pixelate", "solid"))],
            ["--shape", self.lot.choice(("ellipse", "box"))],
            ["--face-margin", self.lot.choice(("0", "0.45", "2", "nan"))],
            ["--verify", self.lot.choice(("written", "full"))],
            ["--annotate", self.lot.choice((f"{PRIVATE}/seen", "out/seen", "out"))],
            ["--contact-sheet", self.lot.choice((f"{PRIVATE}/sheet.png", "out/sheet.png", f"{PRIVATE}/none/x.jpg"))],
            ["--keep-all-of", self.lot.choice(("Ada", "Nobody"))],
            ["--box", self.lot.choice(("0,0,9,9", "900,900,4,4", "0,0,-1,5"))],
            ["--cosine", self.lot.choice(("0.1", "0", "0.19", "-1"))],
            ["--margin", self.lot.choice(("0.01", "0.1"))],
            ["--max-pixels", self.lot.choice(("1000", "100000"))],
            ["-j", self.lot.choice(("1", "2", "4"))],
        ):
            if self.lot.random() < 0.1:
                words += one
        return words

    def _maybe(self, *options: str) -> list[str]:
        return [one for one in options if self.lot.random() < 0.12]

    def _files(self, folder: str) -> list[str]:
        place = self.root / folder
        names = sorted(one.name for one in place.iterdir()) if place.is_dir() else []
        return [f"{folder}/{name}" for name in names if not name.startswith(".")]

    # What is looked at.

    def snapshot(self) -> dict[str, str]:
        """All plain files but the gallery's and private ones, with their hashes."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = [one for one in folders if one != PRIVATE]
            for name in names:
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file() and not name.startswith("gallery.db"):
                    found[str(path.relative_to(self.root))] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def folders(self) -> set[str]:
        """The output folders that the gallery knows."""
        place = f"file:{self.root}/gallery.db?mode=ro"
        with suppress(sqlite3.Error), closing(sqlite3.connect(place, uri=True)) as file:
            return {row[0] for row in file.execute("SELECT output FROM run")}
        return set()

    def on_record(self) -> set[str]:
        """The hashes of all outputs that the gallery knows."""
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{self.root}/gallery.db?mode=ro", uri=True)) as file,
        ):
            return {row[0] for row in file.execute("SELECT output_sha256 FROM run_image")}
        return set()

    def look(self, words: list[str], disturbance: Disturbance, before: dict[str, str], said: Said) -> None:
        """Looks at what came of a command."""
        after = self.snapshot()
        written = {path for path, sha256 in after.items() if before.get(path) != sha256} - disturbance.touched
        written = {path for path in written if not path.startswith(_for_the_operator(words))}
        if words[0] == "report" and "out" not in self.folders():
            written.discard("out/page.html")  # nothing is published there
        if disturbance.name == "SIGKILL":  # hidden files are swept by the next run
            written = {path for path in written if not Path(path).name.startswith(".gallery-")}
        wrong = [f"exit code {said.code}" for _ in "." if said.code not in {0, 1, 2, 3, 130}]
        wrong += [
            f"it said: {line}" for line in said.err.splitlines() if "Traceback" in line or "defect of the" in line
        ]
        wrong += [f"it took {said.seconds:.0f} s" for _ in "." if said.seconds > SLOWEST]
        known = self.on_record() if written else set()
        wrong += [f"{path} is not on record" for path in sorted(written) if after[path] not in known]
        gone = [path for path in before.keys() - after.keys() - disturbance.touched if self._is_source(path)]
        wrong += [f"{path} is gone" for path in gone]
        if self.drawn and "--face-margin" not in words:  # without one, the corners of a drawn face stay
            wrong += [f"a stranger is visible in {path}" for path in written if self._shows_a_stranger(path)]
        if "--dry-run" in words:
            wrong += [f"a dry run wrote {path}" for path in written]
        self.troubles += [Trouble(self.step, tuple(words), disturbance.name, what) for what in wrong]

    def _is_source(self, path: str) -> bool:
        return path.startswith(("people/", "nov/", "dec/", "photos/")) and "out" not in Path(path).parts

    def _shows_a_stranger(self, path: str) -> bool:
        with suppress(OSError, ValueError), Image.open(self.root / path) as image:
            if image.format not in {"PNG", "BMP", "TIFF"}:
                return False
            pixels = np.asarray(image.convert("RGB")).astype(int)
            drawn = (pixels[..., 0] + pixels[..., 1] == 255) & (pixels[..., 2] >= 200)
            return bool(np.isin(pixels[..., 0][drawn], STRANGERS).any())
        return False


def _for_the_operator(words: list[str]) -> tuple[str, ...]:
    """Where a command writes what is for the operator's eyes."""
    named = {"--annotate", "--contact-sheet"}
    return tuple(path for option, path in pairwise(words) if option in named)


@dataclass
class Said:
    """What a command came to."""

    code: int
    err: str
    seconds: float


@dataclass
class Disturbance:
    """Something that goes wrong while a command is at work.

    Attributes:
        name: What.
        touched: Files that it changed itself.
    """

    name: str
    touched: set[str] = field(default_factory=set)


HARM: dict[str, int] = {
    "nothing": 50,
    "signal": 18,
    "two signals": 4,
    "disk full": 5,
    "rename fails": 3,
    "gallery locked": 3,
    "gallery removed": 3,
    "gallery moved": 2,
    "gallery restored": 3,
    "gallery overwritten": 2,
    "log removed": 2,
    "somebody disabled": 3,
    "photo changed": 2,
    "photo removed": 2,
}
"""What goes wrong, with how often of a hundred times or so."""


@contextmanager
def disturbed(world: World, name: str) -> Iterator[Disturbance]:
    """Has something go wrong meanwhile, at a moment drawn by lot: at a signal's, or when the nth output is staged."""
    found = Disturbance(name)
    if "signal" in name:
        with _signalled(world.lot, 1 + ("two" in name)):
            yield found
        return
    harm = _HARMS.get(name)
    if harm is None:
        yield found
        return
    count, when = [0], world.lot.randint(1, 4)
    methods = {"rename fails": "publish", "gallery locked": "record"}
    owner: type = SqliteStore if name == "gallery locked" else PillowPhotoFiles
    method = methods.get(name, "stage")
    usual = getattr(owner, method)

    def at_work(*arguments: object, **more: object) -> object:
        count[0] += 1
        if count[0] == when:
            harm(world, found)
        return usual(*arguments, **more)

    setattr(owner, method, at_work)
    try:
        yield found
    finally:
        setattr(owner, method, usual)


@contextmanager
def _signalled(lot: Random, times: int) -> Iterator[None]:
    """Sends signals to this process, and none of them later."""
    over, lock = threading.Event(), threading.Lock()
    moments = [lot.expovariate(1 / 0.05) for _ in range(times)]
    number = lot.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

    def send() -> None:
        for moment in moments:
            time.sleep(moment)
            with lock:
                if over.is_set():
                    return
                os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    former = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for one in former:
        signal.signal(one, signal.SIG_IGN)
    thread.start()
    try:
        yield
    finally:
        for one in former:
            signal.signal(one, signal.SIG_IGN)
        with lock:
            over.set()
        thread.join()
        for one, handler in former.items():
            signal.signal(one, handler)


def _full(_world: World, _found: Disturbance) -> None:
    raise _not_written(errno.ENOSPC)


def _renaming(_world: World, _found: Disturbance) -> None:
    raise _not_written(errno.EIO)


def _not_written(number: int) -> Exception:
    from gallery.adapters.photos.wording import not_written

    return not_written(Path("out/x.png"), OSError(number, os.strerror(number)))


def _locked(_world: World, _found: Disturbance) -> None:
    raise StoreUnusable("The gallery is in use by another program.", "Try again when that has finished.")


def _remove(world: World, _found: Disturbance) -> None:
    (world.root / "gallery.db").unlink(missing_ok=True)


def _move(world: World, _found: Disturbance) -> None:
    for path in world.root.glob("gallery.db*"):
        path.rename(world.root / PRIVATE / f"moved-{path.name}")


def _copy_of(world: World) -> Path:
    copy = world.root / PRIVATE / "restored.db"
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(world.root / "gallery.db")) as file, closing(sqlite3.connect(copy)) as other:
        file.backup(other)
        other.execute("UPDATE identity SET enabled = 0")
        other.commit()
    copy.chmod(0o600)
    return copy


def _restore(world: World, _found: Disturbance) -> None:
    _copy_of(world).replace(world.root / "gallery.db")


def _overwrite(world: World, _found: Disturbance) -> None:
    (world.root / "gallery.db").write_bytes(_copy_of(world).read_bytes())


def _remove_log(world: World, _found: Disturbance) -> None:
    (world.root / "gallery.db-wal").unlink(missing_ok=True)


def _disable(world: World, _found: Disturbance) -> None:
    with suppress(Exception), SqliteStore.open(world.root / "gallery.db", create=False) as store:
        store.edit("Ada", lambda details: replace(details, enabled=False))


def _change(world: World, found: Disturbance) -> None:
    for name in world._files("photos")[-1:]:
        found.touched.add(name)
        if (world.root / name).is_file() and not (world.root / name).is_symlink():
            world.photo(world.root / name) if name.endswith(LOSSLESS) else (world.root / name).write_bytes(b"changed")


def _take(world: World, found: Disturbance) -> None:
    for name in world._files("photos")[-1:]:
        found.touched.add(name)
        if not (world.root / name).is_dir():
            (world.root / name).unlink()


_HARMS: dict[str, Callable[[World, Disturbance], None]] = {
    "disk full": _full,
    "rename fails": _renaming,
    "gallery locked": _locked,
    "gallery removed": _remove,
    "gallery moved": _move,
    "gallery restored": _restore,
    "gallery overwritten": _overwrite,
    "log removed": _remove_log,
    "somebody disabled": _disable,
    "photo changed": _change,
    "photo removed": _take,
}


def mended(world: World, call: Callable[[list[str]], int]) -> None:
    """Begins the gallery anew where it is gone, or no longer one."""
    try:
        with SqliteStore.open(world.root / "gallery.db", create=False) as store:
            store.identities()
    except Exception:
        for path in world.root.glob("gallery.db*"):
            path.unlink()
        for name in PUBLISHED[:2]:
            shutil.rmtree(world.root / name, ignore_errors=True)
        world.enrol(call)
