"""deepface: `DeepFace.find` on each photo, with a folder of enrolled people. DEEPFACE_MODEL names the embedder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from files import run

MODEL = os.environ["DEEPFACE_MODEL"]
WEIGHTS = Path(os.environ["DEEPFACE_HOME"], ".deepface", "weights")


def seeded() -> None:
    """Random weights in the very file that deepface would download, made by its own network."""
    target = WEIGHTS / "vgg_face_weights.h5"
    if target.exists():
        return
    import tensorflow as tf
    from deepface.models.facial_recognition.tf.VGGFace import base_model

    tf.keras.utils.set_random_seed(0)
    base_model().save(target)


def find(photo: Path, people: Path, refresh: bool) -> list:
    from deepface import DeepFace

    return DeepFace.find(
        str(photo),
        str(people),
        model_name=MODEL,
        detector_backend="yunet",
        enforce_detection=False,
        silent=True,
        refresh_database=refresh,
        return_type="dict",
    )


def prepare(people: Path, work: Path) -> None:
    if MODEL == "VGG-Face":
        seeded()
    shutil.copytree(people, work / "db")
    find(next(work.glob("db/*/*")), work / "db", refresh=True)  # embeds everybody and keeps that


def identify(files, people, work):
    for photo in files:
        for matches in find(photo, work / "db", refresh=False):
            yield Path(matches[0]["identity"]).parent.name if len(matches) else None


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    run(prepare, identify)
