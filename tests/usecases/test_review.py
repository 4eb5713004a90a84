"""Reviewing drawn faces: each word is stored at once, can be taken back, and the photos are written anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Policy, Verdict
from gallery.domain.errors import BadArgument, BadPhoto, ModelChanged, RunGoingOn, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.domain.runs import ImageStatus, RunStatus
from gallery.testing import (
    LONG_AGO,
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeRedactor,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import Recogniser
from gallery.usecases.review import Review, reviewable
from gallery.usecases.rewrite import Rewrite, Rewritten
from gallery.usecases.rewrite_without import RewriteWithout

ADA = 10
REFERENCE, TWICE, OUT = Path("in/ada.png"), Path("in/twice.png"), Path("out")
A, B, C = Box(2, 5, 10, 12), Box(20, 8, 12, 12), Box(40, 8, 12, 20)


@dataclass
class FakePictures:
    """Pictures as bytes that say whose they are.

    Attributes:
        gone: Photos that are not there.
    """

    gone: set[str] = field(default_factory=set)

    def make(self, image, box):
        return repr(box).encode()

    def opened(self, picture):
        return blank(1, 1)

    def cut(self, source, sha256, box):
        if source in self.gone:
            raise BadPhoto(f"The photo {source} is not there.")
        return blank(2, 2)

    def reference(self, crop, detection):
        return blank(3, 3)


class World:
    """Ada three times in a photo: one is kept, two match worse and wait."""

    def __init__(self, crops: bool = False) -> None:
        image = draw(draw(draw(blank(), A, ADA), B, ADA, away=1), C, ADA, away=2)
        self.photos = FakePhotoFiles({REFERENCE: draw(blank(), A, ADA), TWICE: image})
        self.store, self.pictures = FakeStore(), FakePictures()
        self.solid: list[bool] = []
        recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
        enrolment(recogniser, self.photos, self.store)("Ada", [REFERENCE])
        self.use = Anonymise(
            recogniser, FakeRedactor(), self.photos, self.store, Policy(Thresholds(0.2, 3.0), Floors(4, 0.0)), "0"
        )
        self.first = replace(self.use, crops=self.pictures if crops else None)([TWICE], OUT)

    def review(self) -> Review:
        later = iter(range(1, 100))
        return Review(
            reviewable(self.store, 1), self.store, self.pictures, "eve", lambda: LONG_AGO + timedelta(next(later))
        )

    def made_in(self, base: Path) -> None:
        """As if the run had been made in that folder."""
        made, images, status = self.store.recorded[0]
        self.store.recorded[0] = (replace(made, base=str(base)), images, status)
        for files in (self.photos.photos, self.photos.written):
            for path in list(files):
                files[base / path] = files.pop(path)

    def rewrite(self, review):
        use = Rewrite(self.photos, lambda path: path, self.again)
        return use(review.run, review.touched)

    def again(self, solid):
        self.solid.append(solid)
        return replace(self.use, base="/here", reviewed=1)


@pytest.fixture
def world():
    return World()


def decide(review, *words):
    """On the face that is shown."""
    return review.decide(review.current, *words)


def test_each_word_is_stored_at_once_with_who_when_and_why(world):
    review = world.review()
    assert [one.number for one in review.faces] == [2, 3]
    decide(review, Verdict.KEEP, " asked her ")
    (word,) = world.store.overrides()
    assert (word.box, word.verdict, word.by, word.note) == (B, Verdict.KEEP, "eve", "asked her")
    assert word.made > LONG_AGO
    assert review.current.number == 3
    assert [one.number for one in review.waiting] == [3]


def test_a_note_that_cannot_be_shown_stores_nothing(world):
    review = world.review()
    with pytest.raises(BadArgument):
        decide(review, Verdict.KEEP, "\x1b[2J")
    assert world.store.overrides() == []
    assert review.position == 1


def test_undo_takes_words_and_skips_back(world):
    review = world.review()
    assert not review.undo()
    review.skip(review.current)
    decide(review, Verdict.BLUR)
    assert review.current is None
    assert review.undo()
    assert review.current.number == 3
    assert world.store.overrides() == []
    assert review.undo()
    assert review.current.number == 2


def test_undo_restores_the_word_that_was_replaced(world):
    review = world.review()
    seen = review.current
    theirs = world.store.add_override(Override(0, seen.sha256, B, Verdict.BLUR, "x", "bob", LONG_AGO, "no"))
    everything = world.store.overrides

    def before_theirs():
        world.store.overrides = everything
        return []

    world.store.overrides = before_theirs  # it came in the very moment of the decision
    review.decide(seen, Verdict.KEEP)
    assert [word.by for word in world.store.overrides()] == ["eve"]
    review.undo()
    (back,) = world.store.overrides()
    assert replace(back, number=theirs.number) == theirs


def test_a_face_that_got_a_word_meanwhile_is_passed_over(world):
    review = world.review()
    seen = review.current
    world.store.add_override(Override(0, seen.sha256, B, Verdict.BLUR, "x", "bob", LONG_AGO))
    assert review.decide(seen, Verdict.KEEP) is None, "nor does the key that was meant for it fall on the next"
    assert [word.by for word in world.store.overrides()] == ["bob"]
    review.skip(seen)
    assert review.current.number == 3
    assert review.skipped == 0


def test_a_face_whose_word_was_taken_back_is_blurred_again(world):
    review = world.review()
    decide(review, Verdict.KEEP)
    world.rewrite(review)
    assert world.review().touched == []
    (word,) = world.store.overrides()
    world.store.remove_override(word.number)
    again = world.review()
    assert [one.image.source for one in again.touched] == ["in/twice.png"]
    (outcome,) = world.rewrite(again).outcomes
    assert [face.decision.kept for face in outcome.images[0].faces] == [True, False, False]
    assert world.review().touched == []


def test_an_output_that_is_in_another_folder_is_not_written_here(world):
    decide(world.review(), Verdict.KEEP)
    world.photos.written.clear()
    done = world.rewrite(world.review())
    assert done.outcomes == ()
    assert "Its output is not at out/twice.png" in done.unreached[0].why
    assert world.photos.written == {}


def test_the_photo_is_written_anew_in_a_new_run_with_what_was_decided(world):
    review = world.review()
    decide(review, Verdict.KEEP)
    review.skip(review.current)
    done = world.rewrite(review)
    (outcome,) = done.outcomes
    assert (outcome.run, done.unreached) == (2, ())
    assert [face.decision.kept for face in outcome.images[0].faces] == [True, True, False]
    assert outcome.images[0].output == "out/twice.png"
    assert world.photos.written[OUT / "twice.png"][B.y, B.x].any(), "the kept face is to be seen"
    assert len(world.store.run(1).images) == 1, "the reviewed run stays as it was"
    assert review.touched == []


def test_a_review_that_was_cut_off_is_finished_by_the_next(world):
    decide(world.review(), Verdict.KEEP)
    assert [one.image.source for one in world.review().touched] == ["in/twice.png"]


def test_a_photo_that_has_gone_or_changed_leaves_the_output_alone(world):
    decide(world.review(), Verdict.KEEP)
    before = world.photos.written[OUT / "twice.png"]
    image = world.photos.photos.pop(TWICE)
    (one,) = world.rewrite(world.review()).unreached
    assert "not there" in one.why
    world.photos.photos[TWICE] = np.flipud(image)
    (one,) = world.rewrite(world.review()).unreached
    assert "changed" in one.why
    assert world.photos.written[OUT / "twice.png"] is before
    assert len(world.store.runs()) == 1


def test_an_output_that_somebody_altered_is_left_alone_and_no_run_is_begun_for_it(world):
    decide(world.review(), Verdict.KEEP)
    world.photos.written[OUT / "twice.png"] = altered = blank()
    done = world.rewrite(world.review())
    assert done.outcomes == ()
    assert "is not what a run wrote there" in done.unreached[0].why
    assert len(world.store.recorded) == 1
    assert world.photos.written[OUT / "twice.png"] is altered
    assert world.review().touched, "it is tried again next time"


def test_what_failed_verification_and_is_blurred_by_hand_is_covered_with_one_colour(world):
    settings, (image,), status = world.store.recorded[0]
    failed = replace(image, status=ImageStatus.UNVERIFIED, output=None, output_sha256=None, error="It shows through.")
    world.store.recorded[0] = (settings, [failed], status)
    world.photos.discard(OUT / "twice.png")  # as a run does with what it could not verify
    review = world.review()
    decide(review, Verdict.BLUR)
    (outcome,) = world.rewrite(review).outcomes
    assert world.solid == [True]
    assert outcome.images[0].output == "out/twice.png", "where it would have been"


def test_the_people_of_now_decide(world):
    decide(world.review(), Verdict.KEEP)
    world.store.remove("Ada")
    (outcome,) = world.rewrite(world.review()).outcomes
    assert [face.decision.kept for face in outcome.images[0].faces] == [False, False, False]
    assert "keeps nobody" in outcome.images[0].faces[1].decision.reason


@pytest.mark.parametrize("change", [{"enabled": False}, {"expires": date(2020, 1, 1)}])
def test_a_decision_to_keep_ends_with_the_consent_of_whom_it_keeps(world, change):
    decide(world.review(), Verdict.KEEP)
    world.store.edit("Ada", lambda details: replace(details, **change))
    (outcome,) = world.rewrite(world.review()).outcomes
    assert not any(face.decision.kept for face in outcome.images[0].faces)


def test_what_shows_somebody_whose_consent_ended_is_written_anew(world):
    decide(world.review(), Verdict.KEEP)
    world.rewrite(world.review())
    assert world.review().touched == []
    world.store.edit("Ada", lambda details: replace(details, enabled=False))
    (outcome,) = world.rewrite(world.review()).outcomes
    assert not any(face.decision.kept for face in outcome.images[0].faces)


def test_it_is_kept_for_the_closest_person_unless_another_is_chosen(world):
    world.store.add("Bo", world.store.people["Ada"][0][1], world.store.space())
    review = world.review()
    first = review.decide(review.current, Verdict.KEEP)
    second = review.decide(review.current, Verdict.KEEP, keeps="bo")
    assert (first.keeps, second.keeps) == ("Ada", "Bo")
    world.store.remove("Ada")
    (outcome,) = world.rewrite(world.review()).outcomes
    assert [face.decision.keeps for face in outcome.images[0].faces] == [None, None, "Bo"]


def test_a_face_is_kept_for_nobody_who_is_not_known(world):
    review = world.review()
    with pytest.raises(UnknownName):
        review.decide(review.current, Verdict.KEEP, keeps="Somebody")
    world.store.remove("Ada")
    with pytest.raises(BadArgument, match="not in the gallery"):
        review.decide(review.current, Verdict.KEEP)
    assert world.store.overrides() == []


def test_pictures_of_the_waiting_faces_only_are_kept_and_go_with_the_decision():
    world = World(crops=True)
    assert set(world.store.pictures) == {(1, 0, 2), (1, 0, 3)}
    review = world.review()
    decide(review, Verdict.KEEP)
    assert set(world.store.pictures) == {(1, 0, 3)}
    assert review.dropped
    review.undo()
    assert set(world.store.pictures) == {(1, 0, 2), (1, 0, 3)}, "undone, it can be looked at again"
    assert review.discard_pictures() == 2


def test_without_the_option_none_are_kept(world):
    assert world.store.pictures == {}


def test_the_kept_picture_stands_in_for_a_photo_out_of_reach():
    world = World(crops=True)
    review = world.review()
    assert review.face(review.current).pixels.shape == (2, 2, 3)
    world.pictures.gone.add("in/twice.png")
    assert review.face(review.current).pixels.shape == (1, 1, 3)
    world.store.pictures.clear()
    look = review.face(review.current)
    assert (look.pixels, look.said) == (None, "The photo in/twice.png is not there. No picture was kept.")


def test_the_reference_is_shown_or_why_it_is_not(world):
    review = world.review()
    assert review.reference(review.current).pixels is not None
    world.store.rename("Ada", "Ada L.")
    assert "no longer in the gallery" in review.reference(review.current).said


def test_runs_that_cannot_be_reviewed(world):
    with pytest.raises(UnknownName, match="no run 9"):
        reviewable(world.store, 9)
    world.store.begin_run(world.first.settings)
    with pytest.raises(RunGoingOn, match="still going on"):
        reviewable(world.store, 2)
    world.store.end_run(2, RunStatus.FINISHED)
    world.store.prune([1])
    with pytest.raises(UnknownName, match="pruned"):
        reviewable(world.store, 1)


ELSEWHERE = Path("/home/ann")


def test_the_photo_is_written_anew_where_the_run_was_made_and_recorded_as_there(world):
    world.made_in(ELSEWHERE)
    world.photos.written[OUT / "twice.png"] = another = blank(7, 7)  # of that name, here
    review = world.review()
    decide(review, Verdict.KEEP)
    (outcome,) = world.rewrite(review).outcomes
    assert world.photos.written[ELSEWHERE / OUT / "twice.png"][B.y, B.x].any()
    assert world.photos.written[OUT / "twice.png"] is another
    made = world.store.run(outcome.run)
    assert (made.settings.base, made.settings.output, made.settings.reviewed) == ("/home/ann", "out", 1)
    assert [(one.source, one.output) for one in made.images] == [("in/twice.png", "out/twice.png")]
    assert world.store.run(1).summary.rewritten_in == (2,)
    assert review.touched == []
    assert [one.path for one in world.store.outputs_on_record()] == ["out/twice.png"]


def test_the_output_of_another_project_of_that_name_is_not_replaced(world):
    """The run was made elsewhere, where its outputs are gone; here lies a file that another run wrote."""
    world.made_in(ELSEWHERE)
    world.photos.written.clear()
    world.photos.photos[Path("in/twice.png")] = world.photos.photos[ELSEWHERE / "in/twice.png"]
    world.photos.written[OUT / "twice.png"] = another = blank(7, 7)
    sha256 = world.photos.fingerprint(OUT / "twice.png")
    made, (image,), _ = world.store.recorded[0]
    number = world.store.begin_run(replace(made, base="/web"))
    world.store.record(number, replace(image, output_sha256=sha256))
    decide(world.review(), Verdict.KEEP)

    done = world.rewrite(world.review())

    assert done.outcomes == ()
    assert world.photos.written == {OUT / "twice.png": another}


def test_where_the_files_are_in_both_folders_a_person_must_say_which(world):
    """One is a copy; what was written to one of them would leave the face to be seen in the other."""
    here = {path: pixels for files in (world.photos.photos, world.photos.written) for path, pixels in files.items()}
    world.made_in(ELSEWHERE)
    world.photos.photos |= {path: pixels for path, pixels in here.items() if path.parts[0] == "in"}
    world.photos.written |= {path: pixels for path, pixels in here.items() if path.parts[0] == "out"}
    decide(world.review(), Verdict.BLUR)

    with pytest.raises(BadArgument, match="in the current folder, too"):
        world.rewrite(world.review())

    assert len(world.store.recorded) == 1


def test_where_the_folder_was_moved_the_files_here_are_meant(world):
    made, images, status = world.store.recorded[0]
    world.store.recorded[0] = (replace(made, base="/home/ann"), images, status)
    decide(world.review(), Verdict.KEEP)
    (outcome,) = world.rewrite(world.review()).outcomes
    assert world.store.run(outcome.run).settings.base == "/here"
    assert world.review().touched == [], "it is done once"


def test_a_face_is_shown_from_another_folder(world):
    world.made_in(ELSEWHERE)
    review = world.review()
    world.pictures.gone.add("in/twice.png")
    assert review.face(review.current).pixels.shape == (2, 2, 3)
    world.pictures.gone = {"/home/ann/in/twice.png"}
    assert review.face(review.current).pixels.shape == (2, 2, 3), "it was moved here"
    world.pictures.gone.add("in/twice.png")
    assert "The photo /home/ann/in/twice.png is not there." in review.face(review.current).said


def without(world: World) -> RewriteWithout:
    def write(run, photos):
        return Rewrite(world.photos, lambda path: path, world.again)(run, photos)

    return RewriteWithout(world.store, write)


def test_nobody_who_is_forgotten_stays_visible(world):
    former = world.store.outputs_showing("Ada")
    assert [one.path for one in former] == [str(OUT / TWICE.name)]

    done = without(world)("Ada")

    (image,) = done.outcomes[0].images
    assert not any(face.decision.kept for face in image.faces)
    assert done.unreached == ()
    assert not world.store.identity("Ada").details.enabled, "until they are forgotten"


def test_somebody_who_was_removed_is_blurred_as_well(world):
    world.store.remove("Ada")
    (outcome,) = without(world)("Ada").outcomes
    assert not any(face.decision.kept for face in outcome.images[0].faces)


def test_what_cannot_be_written_anew_is_said_and_stops_nothing(world):
    def write(run, photos):
        raise ModelChanged("The embedder is another.")

    done = replace(without(world), write=write)("Ada")

    assert [(one.source, one.why) for one in done.unreached] == [(str(TWICE), "The embedder is another.")]


def test_whom_nothing_shows_is_no_error(world):
    world.store.add("Bo", world.store.people["Ada"][0][1], world.store.space())
    assert without(world)("Bo") == Rewritten((), ())
    with pytest.raises(UnknownName):
        replace(without(world), store=_Unknown())("Nobody")


class _Unknown:
    def outputs_showing(self, name):
        raise UnknownName(f"There is nobody named {name}.")
