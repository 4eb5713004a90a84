"""Making a report: which files are looked at, what is said where one is not as recorded, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from decided_faces import blurred
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import BadArgument, TrailBroken, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.picture_budget import LEAST, ROOM
from gallery.domain.reporting import Fault, Glance, Report
from gallery.domain.runs import ImageRecord, ImageStatus, RunStatus
from gallery.testing import FakeStore
from gallery.usecases.report import MakeReport
from gallery.usecases.report_pictures import ReportWishes
from reported import NOW, kept, settings, waiting

OK = ImageRecord("in/a.jpg", ImageStatus.OK, "1" * 64, 9, 9, "out/sub/a.jpg", "2" * 64, (kept("Anna"),))
BROKEN = ImageRecord("in/b.jpg", ImageStatus.FAILED, error="in/b.jpg is broken.")


@dataclass
class FakeGlancer:
    """Files that are as recorded but for those named."""

    faults: dict[Path, Fault] = field(default_factory=dict)
    asked: list[tuple[Path, str]] = field(default_factory=list)

    def glance(self, path, sha256, fit):
        self.asked.append((path, sha256))
        if path in self.faults:
            return Glance(fault=self.faults[path], detail=f"{path} is odd.")
        return Glance(None if fit is None else b"jpeg")


@dataclass
class FakePages:
    """Keeps what is written."""

    written: list[Report] = field(default_factory=list)

    def require_free(self, target):
        if target.suffix != ".html":
            raise BadArgument("no page")

    def write(self, report, target):
        self.written.append(report)
        return 7


@dataclass
class Desk:
    """The use case with fakes around it."""

    glancer: FakeGlancer
    pages: FakePages
    store: FakeStore

    def __call__(self, target="page.html", **wishes):
        make = MakeReport(self.store, self.glancer, self.pages, lambda: NOW, "1", 2)
        return make(1, Path(target), ReportWishes(**wishes))

    @property
    def report(self) -> Report:
        return self.pages.written[-1]


def desk(*images: ImageRecord, status: RunStatus = RunStatus.FINISHED, **faults: Fault) -> Desk:
    store = FakeStore(recorded=[(settings("out"), list(images), status)], runners=["dora"])
    found = {Path(path.replace("__", "/") + ".jpg"): fault for path, fault in faults.items()}
    return Desk(FakeGlancer(found), FakePages(), store)


def test_outputs_are_looked_at_and_originals_are_not():
    at = desk(OK, BROKEN)
    made = at()
    assert at.glancer.asked == [(Path("out/sub/a.jpg"), "2" * 64)]
    assert [photo.before for photo in at.report.photos] == [None, None]
    assert at.report.photos[0].after.picture == b"jpeg"
    assert at.report.photos[1].after.sentence == "Nothing was written."
    assert (made.photos, made.size, made.notes, made.whole) == (2, 7, (), True)


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """The folder in which the run was made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()


def test_originals_need_the_output_folder_to_keep_away_from():
    with pytest.raises(BadArgument, match="output folder out is not here"):
        desk(OK)(originals=True)


def test_a_broken_record_makes_no_page():
    at = desk(OK)
    at.store.misfit = "Run 1 is not as it was written."
    with pytest.raises(TrailBroken, match="would prove nothing: Run 1"):
        at()


def test_a_photo_that_passes_for_its_own_output_is_not_shown():
    at = desk(replace(OK, output_sha256=OK.sha256, faces=(blurred(Box(1, 2, 30, 40)),)))
    at()
    assert at.glancer.asked == []
    assert "with nothing blurred" in at.report.photos[0].after.sentence


@pytest.mark.usefixtures("at_home")
def test_originals_are_shown_if_asked_for():
    at = desk(OK, BROKEN)
    at(originals=True)
    assert sorted(at.glancer.asked) == [(Path("in/a.jpg"), "1" * 64), (Path("out/sub/a.jpg"), "2" * 64)]
    assert at.report.photos[0].before.picture == b"jpeg"
    assert at.report.photos[1].before.sentence == "The photo could not be read at the time."
    assert at.report.originals


def test_outputs_are_found_where_they_lie_now():
    elsewhere = replace(OK, output="before/c.jpg")
    at = desk(OK, elsewhere)
    at(outputs=Path("moved"))
    assert sorted(path for path, _ in at.glancer.asked) == [Path("moved/c.jpg"), Path("moved/sub/a.jpg")]


@pytest.mark.parametrize(
    ("fault", "sentence", "note"),
    [
        (Fault.MISSING, "The output is not at out/sub/a.jpg any more.", "1 missing"),
        (Fault.CHANGED, "The output at out/sub/a.jpg has been changed since", "1 changed since"),
        (Fault.UNREADABLE, "cannot be shown: out/sub/a.jpg is odd.", "1 not to be shown"),
    ],
)
def test_a_file_that_is_not_as_recorded_is_named_in_its_place(fault, sentence, note):
    at = desk(OK, out__sub__a=fault)
    made = at()
    assert sentence in at.report.photos[0].after.sentence
    assert note in made.notes[0]
    assert not made.whole


@pytest.mark.usefixtures("at_home")
def test_names_are_replaced_in_what_is_said_and_files_are_found_all_the_same():
    named = replace(OK, source="in/anna.jpg", output="out/anna.jpg")
    at = desk(named, out__anna=Fault.UNREADABLE)
    at.store.people["Bob"] = []
    at(pseudonyms=True, originals=True)
    assert (Path("in/anna.jpg"), "1" * 64) in at.glancer.asked
    assert "out/Person 1.jpg cannot be shown: out/Person 1.jpg is odd." in at.report.photos[0].after.sentence
    assert at.report.run.summary.by == "Operator 1"
    assert at.report.run.images[0] is at.report.photos[0].image


def test_a_run_that_is_going_on_says_so():
    at = desk(OK, status=RunStatus.RUNNING)
    made = at()
    assert "still going on" in made.notes[0]
    assert made.whole


def test_too_many_photos_leave_some_without_pictures_and_those_to_review_are_first():
    most = ROOM // LEAST
    last = replace(OK, faces=(waiting("Anna"),))
    at = desk(*[OK] * most, last)
    made = at()
    assert "the page would be too large" in made.notes[0]
    assert [photo.after.picture is None for photo in at.report.photos[-2:]] == [True, False]
    assert at.report.photos[-2].after.sentence.startswith("Not shown")
    assert made.whole
    assert len(at.glancer.asked) == most + 1, "all are compared with the record"


@pytest.mark.parametrize("target", ["out/page.html", "out/deep/page.html", "moved/page.html"])
@pytest.mark.parametrize("wishes", [{}, {"originals": True}, {"pseudonyms": True}], ids=str)
def test_a_page_is_kept_out_of_what_is_published(target, wishes):
    at = desk(OK)
    with pytest.raises(BadArgument, match="lies in the output folder"):
        at(target, outputs=Path("moved"), **wishes)
    assert at.pages.written == []


def test_a_page_is_kept_out_of_what_another_run_published():
    at = desk(OK)
    at.store.recorded.append((settings("web"), [], RunStatus.FINISHED))
    with pytest.raises(BadArgument, match="lies in the output folder web"):
        at("web/page.html")


def test_unknown_and_pruned_runs_are_refused_before_anything_is_looked_at():
    at = desk(OK)
    with pytest.raises(UnknownName, match="no run 2"):
        MakeReport(at.store, at.glancer, at.pages, lambda: NOW, "1")(2, Path("page.html"))
    at.store.prune([1])
    with pytest.raises(UnknownName, match="only a stub is left"):
        at()
    assert at.glancer.asked == at.pages.written == []


def test_the_page_must_be_called_like_one():
    with pytest.raises(BadArgument):
        desk(OK)("page.txt")


def test_those_who_wait_are_told_how_far_it_is():
    at, told = desk(OK, BROKEN), []
    make = MakeReport(at.store, at.glancer, at.pages, lambda: NOW, "1")
    make(1, Path("page.html"), advance=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_relative_paths_are_looked_for_where_the_run_was_made_and_the_page_does_not_say_where():
    at = desk(OK)
    made, images, status = at.store.recorded[0]
    at.store.recorded[0] = (replace(made, base="/home/ann"), images, status)
    there = Path("/home/ann/out/sub/a.jpg")
    at()
    assert [path for path, _ in at.glancer.asked] == [there]
    at.glancer.faults[there] = Fault.MISSING
    at(pseudonyms=True)
    assert at.report.photos[0].after.picture == b"jpeg", "its folder was moved, and this is it"
    at.glancer.faults[Path("out/sub/a.jpg")] = Fault.CHANGED
    at()
    assert at.report.photos[0].after.fault is Fault.MISSING
    at.glancer.faults[there] = Fault.UNREADABLE
    at(pseudonyms=True)
    assert at.report.photos[0].after.sentence.endswith("cannot be shown: out/sub/a.jpg is odd.")
    assert "/home" not in repr(at.report)


def test_what_was_decided_since_and_which_runs_belong_together_is_noted():
    waits = replace(OK, faces=(waiting("Anna"), waiting("Anna")))
    at = desk(waits)
    word = Override(0, "1" * 64, waits.faces[0].detection.box, Verdict.BLUR, "in/a.jpg", "dora", NOW)
    at.store.add_override(word)
    at.store.recorded.append((replace(settings("out"), reviewed=1), [], RunStatus.FINISHED))
    at.store.runners.append("dora")
    first, second = at().notes
    assert first.startswith("Since the run ended, somebody has decided on 2 of the 2 that waited for review")
    assert second == "Photos were written anew after a review, in run 2."
    made = MakeReport(at.store, at.glancer, at.pages, lambda: NOW, "1", 2)(2, Path("page.html"))
    assert made.notes == ("This run wrote photos of run 1 anew, after a review.",)
