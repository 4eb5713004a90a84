"""What every runner shares. It is run in the peer's environment, so it knows neither gallery nor the other peers."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def photos_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})


def run(prepare, identify) -> None:
    """Calls one half: `python RUNNER prepare|identify PHOTOS PEOPLE WORK`; prints how many photos and faces it did.

    Args:
        prepare: Enrols the people of a folder with a folder for each; takes PEOPLE and WORK.
        identify: Finds all faces of one photo after another and compares them; takes the photos, PEOPLE and WORK, and
            gives for each face who it is, or None.
    """
    half, *rest = sys.argv[1:]
    photos, people, work = map(Path, rest)
    if half == "prepare":
        prepare(people, work)
        return
    files = photos_of(photos)
    found = list(identify(files, people, work))
    known = sum(name is not None for name in found)
    print(json.dumps({"photos": len(files), "faces": len(found), "known": known}))
