"""The report in a real headless Chromium: what it does, that everybody can use it, and that no name is executed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gallery.usecases.report_pictures import ReportWishes
from reported import EVIL, evil_run, report_of

HERE = Path(__file__).parent


def require_browser() -> None:
    """Skips where there is no browser, unless one was promised: `.ci/run` sets GALLERY_BROWSER."""
    lacking = [what for what, there in (("Node.js", shutil.which("node")), ("Chromium", _chromium())) if not there]
    if not lacking:
        return
    reason = f"no {' and no '.join(lacking)}; bring it with: make browser"
    if os.environ.get("GALLERY_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


def _chromium() -> bool:
    return (HERE / "node_modules" / "@sparticuz" / "chromium").is_dir()


def checked(page: Path) -> dict:
    done = subprocess.run(
        ["node", str(HERE / "check.mjs"), str(page)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> dict:
    require_browser()
    folder = tmp_path_factory.mktemp("plain")
    page = folder / "report of <b>run</b> 1.html"
    report_of(folder, evil_run(folder))(1, page)
    return checked(page)


@pytest.fixture(scope="module")
def with_originals(tmp_path_factory) -> dict:
    """With originals and pseudonyms; an output is gone, and people have thresholds of their own."""
    require_browser()
    folder = tmp_path_factory.mktemp("originals")
    images = evil_run(folder)
    Path(images[1].output).unlink()
    own = {name: {"cosine": 0.3, "euclidean": 0.9, "origin": "by hand"} for name in EVIL}
    report_of(folder, images, personal=own)(1, folder / "page.html", ReportWishes(originals=True, pseudonyms=True))
    return checked(folder / "page.html")


@pytest.fixture(params=["plain", "with_originals"])
def found(request) -> dict:
    return request.getfixturevalue(request.param)


def test_it_opens_in_silence_and_asks_nobody_for_anything(found):
    assert found["title"] == "Report of run 1"
    assert [found[what] for what in ("console", "errors", "requests", "dialogs")] == [[], [], [], []]


def test_no_name_is_executed(plain):
    assert set(plain["evil"]) == {None}
    assert plain["scripts"] == 1
    for name in EVIL:
        assert name in plain["text"], "it is shown as it is"


def test_the_accessibility_check_finds_nothing_in_any_view(found):
    assert set(found["axe"]) == {"phone light", "phone dark", "desktop light", "desktop dark"}
    for view, result in found["axe"].items():
        assert result["violations"] == [], view
        assert result["passes"] > 20, "it has looked"


def test_nothing_is_cut_off_at_the_side(found):
    assert set(found["overflow"].values()) == {0}


def test_pictures_are_decoded(plain, with_originals):
    assert plain["pictures"] == [300] * 23, "24 photos on a page, one of which failed"
    assert with_originals["pictures"] == [300] * 45, "twice as many; one is gone"


def test_the_table_sorts_both_ways_and_by_the_keyboard(plain):
    up, down, names = (plain["sorting"][way] for way in ("up", "down", "name"))
    assert (up["state"], down["state"], names["state"]) == ("ascending", "descending", "ascending")
    assert {up["others"], down["others"], names["others"]} == {1}
    distances = [float(text.split()[0]) for text in up["values"][:-3]]
    assert len(distances) == 238
    assert distances == sorted(distances)
    assert up["values"][-3:] == down["values"][-3:] == ["–"] * 3, "what there is none of stays last"
    assert down["values"][:-3] == up["values"][:-3][::-1]
    assert names["values"][0] == EVIL[5]
    assert names["values"][-4:] == ["Zoë Other", "–", "–", "–"]
    numbers = [int(text) for text in plain["sorting"]["byKey"]]
    assert numbers == sorted(numbers)


def test_the_table_filters(plain):
    found = plain["filtering"]
    assert found["all"] == "241 decisions, page 1 of 3"
    assert found["kept"] == {"said": "61 decisions", "decisions": ["keep"]}
    assert found["byHand"]["said"] == "3 decisions"
    assert all(rule.startswith("by hand") for rule in found["byHand"]["rules"])
    assert found["review"]["said"] == "6 decisions"
    assert found["text"]["said"].endswith(" decisions")
    assert EVIL[0] in found["text"]["names"]
    assert found["nothing"] == {"said": "0 decisions", "rows": 0}


def test_long_lists_come_in_pages(plain):
    assert plain["paging"]["faces"]["counts"] == [100, 100, 41]
    assert plain["paging"]["photos"]["counts"] == [24, 24, 12]
    assert plain["paging"]["photos"]["last"] == "60 photos, page 3 of 3"
    assert plain["paging"]["photos"]["before"] == "60 photos, page 2 of 3"


def test_scores_show_on_hover_focus_and_tap(plain):
    boxes, tapping = plain["boxes"], plain["tapping"]
    for tip in (boxes["hovered"], boxes["focused"], tapping["tapped"]):
        for word in ("closest", "cosine", "Euclidean", "0.500", "1.000", "rule", "reason"):
            assert word in tip
    assert EVIL[0] in boxes["hovered"]
    assert "blurred" in boxes["focused"]
    assert boxes["label"] == [True, f"Face 2: blurred, {EVIL[1]}, cosine 0.710", "tip"]
    assert (boxes["left"], boxes["escaped"], tapping["again"]) == (None, None, None)
    assert tapping["inside"]


def test_links_lead_to_photos_on_other_pages(plain):
    assert plain["toReview"] == "8 photos"
    assert plain["linked"] == "photo-4"
    assert plain["addressed"] == "photo-50"


def test_it_can_be_printed_and_read_without_its_script(plain):
    assert plain["printed"]["pdf"] > 10_000
    assert not plain["printed"]["controls"]
    assert "script, which is switched off" in plain["withoutScript"]
    assert "Summary" in plain["withoutScript"]


def test_pseudonyms_stand_for_everybody(with_originals):
    text = with_originals["text"]
    assert "Person 1" in text
    assert "Operator 1" in text
    assert not [name for name in (*EVIL, "Zoë Other", "Zoë", "Mia") if name in text]
    assert any("not for publishing" in note for note in with_originals["notes"])
    assert any("1 missing" in note for note in with_originals["notes"])
