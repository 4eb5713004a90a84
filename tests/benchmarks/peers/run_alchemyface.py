"""alchemyface: `Recognizer.identify` on each photo. ALCHEMYFACE_MODEL_DIR holds the model files it asks for."""

from __future__ import annotations

from files import photos_of, run


def recognizer(store):
    from alchemyface import Recognizer

    return Recognizer(store=store)


def prepare(people, work):
    import cv2
    from alchemyface.store import PickleStore

    store = PickleStore()
    ours = recognizer(store)
    for person in sorted(people.iterdir()):
        for photo in photos_of(person):
            ours.enroll(person.name, cv2.imread(str(photo)))
    store.save(work / "store.pickle")


def identify(files, people, work):
    import cv2
    from alchemyface.store import PickleStore

    store = PickleStore()
    store.load(work / "store.pickle")
    ours = recognizer(store)
    for photo in files:
        for found in ours.identify(cv2.imread(str(photo))):
            yield found.match.label if found.match else None


if __name__ == "__main__":
    run(prepare, identify)
