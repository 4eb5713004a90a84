"""The page as a file: that it is whole, closed to the outside, and takes nothing from the gallery for HTML."""

from __future__ import annotations

import hashlib
import json
import math
import re
import stat
from base64 import b64decode, b64encode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gallery.adapters.report.data_blocks import BLOCK, safe_json
from gallery.adapters.report.figures import HEIGHT, WIDTH, figure
from gallery.adapters.report.page import HtmlPages
from gallery.adapters.report.wording import LISTED, folder
from gallery.domain.deciding import Rule
from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.matching import Candidate
from gallery.domain.reporting import distributions
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunStatus, RunSummary
from gallery.testing import LONG_AGO
from gallery.usecases.report_pictures import ReportWishes
from reported import EVIL, LIMIT, done, evil_run, kept, report_of, settings, too_far, waiting

SUMMARY = RunSummary(1, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", LIMIT, 1, 0, 1, 1, 0)


class Parsed(HTMLParser):
    """Elements with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open:
            self.texts[self._open] = self.texts.get(self._open, "") + data


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory) -> Path:
    folder_ = tmp_path_factory.mktemp("evil")
    report_of(folder_, evil_run(folder_, 30))(1, folder_ / "page.html")
    return folder_ / "page.html"


def test_it_asks_for_nothing_from_outside_and_allows_nothing_else(evil_page):
    page = Parsed(evil_page.read_text())
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    for name in ("style", "script"):
        hashed = b64encode(hashlib.sha256(page.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{hashed}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    addresses = [a[key] for _, a in page.elements for key in ("src", "href") if a.get(key)]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "http:" not in page.texts["script"] + page.texts["style"]


def test_no_name_becomes_an_element_or_an_attribute(evil_page):
    page = Parsed(evil_page.read_text())
    assert {tag for tag, _ in page.elements if tag in ("b", "img", "iframe")} == set()
    assert [a for _, a in page.elements if any(name.startswith("on") or name == "style" for name in a)] == []
    assert sum(tag == "script" for tag, _ in page.elements) == 1 + 1 + math.ceil(30 / BLOCK)
    names = json.loads(page.texts["facts"])["names"]
    assert set(EVIL) <= set(names)


def test_its_script_never_puts_text_in_as_html(evil_page):
    script = Parsed(evil_page.read_text()).texts["script"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


@pytest.mark.parametrize("text", [*EVIL, "<!-- <script>", "]]>", "&lt;", "\u2028", "\ud800"])
def test_json_in_a_page_ends_nothing(text):
    made = safe_json({text: [text]})
    assert json.loads(made) == {text: [text]}
    assert not set("<>&\u2028\u2029") & set(made)
    assert made.isascii()


def test_json_takes_no_number_that_is_none():
    with pytest.raises(ValueError, match="JSON"):
        safe_json([math.nan])


def test_the_facts_are_those_of_the_run(tmp_path):
    images = [done(tmp_path, "a.jpg", kept("Anna", 0.125), too_far("Anna")), done(tmp_path, "b.jpg")]
    nan = replace(images[0].faces[1].decision, candidate=Candidate("Anna", 1, math.nan, math.nan))
    images[1] = replace(images[1], faces=(replace(images[0].faces[1], decision=nan),))
    report_of(tmp_path, images)(1, tmp_path / "page.html")
    page = Parsed((tmp_path / "page.html").read_text())
    facts = json.loads(page.texts["facts"])
    assert facts["folder"] == f"{tmp_path}/photos/"
    assert facts["faces"]["photo"] == [0, 0, 1]
    assert facts["faces"]["cosine"] == [0.125, 0.7, None]
    assert facts["faces"]["share"] == [0.25, 1.4, None]
    assert [facts["names"][place] for place in facts["faces"]["rule"]] == [
        Rule.MATCH.value,
        Rule.COSINE.value,
        Rule.COSINE.value,
    ]
    ((after,), _) = json.loads(page.texts["pictures-0"])
    assert b64decode(after.removeprefix("data:image/jpeg;base64,")).startswith(b"\xff\xd8\xff")


def test_before_and_after_lie_together_where_originals_are_asked_for(tmp_path):
    report_of(tmp_path, [done(tmp_path, "a.jpg", kept("Anna"))])(1, tmp_path / "p.html", ReportWishes(originals=True))
    (pair,) = json.loads(Parsed((tmp_path / "p.html").read_text()).texts["pictures-0"])
    assert len(pair) == 2
    assert "not for publishing" in (tmp_path / "p.html").read_text()


def test_a_page_with_originals_is_for_its_owner_alone(tmp_path):
    make = report_of(tmp_path, [done(tmp_path, "a.jpg", kept("Anna"))])
    for originals in (False, True, False):
        make(1, tmp_path / "page.html", ReportWishes(originals=originals))
        mode = stat.S_IMODE((tmp_path / "page.html").stat().st_mode)
        assert (mode == 0o600) is originals
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "page.html", "photos"]


def test_only_a_report_is_replaced(tmp_path):
    make = report_of(tmp_path, [done(tmp_path, "a.jpg", kept("Anna"))])
    for name in ("page.html", "page.html", "new/page.htm"):
        make(1, tmp_path / name)
    (tmp_path / "mine.html").write_text("<!doctype html><title>mine</title>")
    (tmp_path / "folder.html").mkdir()
    for name in ("mine.html", "folder.html"):
        with pytest.raises(NotWritten, match="no report of this program"):
            make(1, tmp_path / name)
    with pytest.raises(BadArgument, match="not called like one"):
        make(1, tmp_path / "page.png")
    assert (tmp_path / "mine.html").read_text().endswith("<title>mine</title>")


def test_a_failure_leaves_the_former_page_and_nothing_else(tmp_path):
    images = [done(tmp_path, "a.jpg", kept("Anna"))]
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotWritten):
        report_of(tmp_path, images)(1, tmp_path / "file" / "page.html")
    assert HtmlPages().require_free(tmp_path / "none.html") is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out", "photos"]


def test_an_empty_run_is_a_page_too(tmp_path):
    report_of(tmp_path, [], RunStatus.RUNNING)(1, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "still going on" in text
    assert "<p>Nothing.</p>" in text


def test_long_lists_of_what_needs_review_are_cut_and_say_so(tmp_path):
    image = done(tmp_path, "a.jpg", waiting("Anna"))
    report_of(tmp_path, [image] * (LISTED + 20))(1, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "and 20 more" in text
    assert text.count("<li><a href=") == LISTED


def test_settings_models_and_thresholds_are_told_with_their_origin(tmp_path):
    own = {"Anna": {"cosine": 0.31, "euclidean": 123.4, "origin": "set by hand"}}
    report_of(tmp_path, [done(tmp_path, "a.jpg", kept("Anna"))], personal=own, grey_band=0.03)(1, tmp_path / "p.html")
    text = (tmp_path / "p.html").read_text()
    for told in ("ab" * 32, "cd" * 32, "gallery 1.2", "cosine ≤ 0.500, Euclidean ≤ 1.000; origin: FMR 1e-5 over pairs"):
        assert told in text
    assert "cosine ≤ 0.310, Euclidean ≤ 123.4; origin: set by hand" in text
    assert "grey band: 0.03" in text
    assert "by <bdi>root</bdi>" in text


@pytest.mark.parametrize(
    ("sources", "common"),
    [
        ([], ""),
        (["a.jpg"], ""),
        (["x/a.jpg", "x/y/b.jpg"], "x/"),
        (["/x/a.jpg", "/y/b.jpg"], "/"),
        (["/x/a.jpg", "x/b.jpg"], ""),
        (["x/a.jpg", "xy/b.jpg"], ""),
        (["./x//a.jpg", "x/b.jpg"], ""),
    ],
)
def test_the_folder_of_all_photos_is_said_once(sources, common):
    images = tuple(ImageRecord(source, ImageStatus.OK) for source in sources)
    assert folder(Run(SUMMARY, settings(), images)) == common


def test_a_figure_stays_within_its_frame_and_says_what_it_shows():
    faces = (*[kept("A", d / 100) for d in range(5, 50)], *[too_far("A", d / 100) for d in range(55, 95)])
    run = Run(SUMMARY, settings(), (ImageRecord("x", ImageStatus.OK, faces=faces),))
    drawn_ = figure(distributions(run)[0])
    for bar in (*drawn_.kept, *drawn_.blurred):
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert bar.width > 0
    assert all(bar.y + bar.height <= drawn_.axis + 0.02 for bar in drawn_.kept)
    assert all(bar.y >= drawn_.axis for bar in drawn_.blurred)
    assert max(bar.x + bar.width for bar in drawn_.kept) <= drawn_.mark + 5
    assert sum(one.kept for one in drawn_.bins) == 45
    assert "45 faces were kept and 40 blurred" in drawn_.summary
    assert drawn_.label == "threshold 0.500"
