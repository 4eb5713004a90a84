"""Figures: that each can be drawn from whatever an evaluation may give, and shows what it should."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gallery.adapters.figures import draw
from gallery.adapters.reports import ReportFolder
from gallery.domain.charts import (
    CourseChart,
    DetChart,
    HistogramChart,
    Line,
    Mark,
    Panel,
    PeopleChart,
    Points,
    RatesChart,
    RecallChart,
    ScoreChart,
    Span,
    SweepChart,
)
from gallery.domain.errors import GalleryError
from gallery.domain.histograms import histogram
from gallery.installed import adding

EDGES = np.linspace(0, 2, 41)
X = np.geomspace(1e-6, 0.9, 60)
PANEL = Panel(
    "a test",
    "distance",
    histogram(np.linspace(0.1, 0.6, 50), EDGES),
    histogram(np.linspace(0.5, 1.4, 900), EDGES),
    (Mark("threshold", 0.5),),
)
CHARTS = {
    "det": DetChart("DET", "FMR", "FNMR", (Line("a", X, 0.01 / (X + 0.01)), Line("b", X, 0.5 - X / 2, dashed=True))),
    "perfect": DetChart("DET", "FMR", "FNMR", (Line("none", np.array([0.0, 1.0]), np.array([1.0, 0.0])),)),
    "one point": DetChart("DET", "FMR", "FNMR", (Line("one", np.array([0.5]), np.array([0.5])),)),
    "extreme": DetChart("DET", "FMR", "FNMR", (Line("far", np.array([1e-9, 0.9999]), np.array([0.9999, 1e-9])),)),
    "histograms": HistogramChart("scores", (PANEL, PANEL, PANEL)),
    "empty histogram": HistogramChart(
        "scores", (Panel("none", "distance", histogram(np.zeros(0), EDGES), histogram(np.zeros(0), EDGES), ()),)
    ),
    "sweep": SweepChart(
        "sweep", "threshold", (Line("FPIR, all", X, X), Line("FNIR, all", X, 0 * X, True)), (Mark("in use", 0.5),), 0.01
    ),
    "recall": RecallChart(
        "recall", (Line("a", np.array([0.0, 0.2, 3]), np.array([0.5, 0.9, 0.95])),), (("a", 0.2, 0.9),)
    ),
    "rates": RatesChart(
        "rates",
        "rate",
        ("all", "0-2 $"),
        tuple(Points(n, np.array([0.5, 0]), np.array([0.1, 0]), np.array([0.9, 0.2])) for n in "ab"),
    ),
    "no rates": RatesChart("rates", "rate", ("all",), (Points("a", np.array([np.nan]), np.zeros(1), np.ones(1)),)),
    "scores": ScoreChart("scores", "distance", PANEL.genuine, PANEL.impostors, PANEL.marks),
    "no scores": ScoreChart("scores", "distance", histogram(np.zeros(0), EDGES), histogram(np.zeros(0), EDGES), ()),
    "people": PeopleChart(
        "people",
        "distance",
        (Span(r"$\frac$ & $", (0.1, 0.2, 0.4), 0.7), Span("Ada", None, 0.9), Span("Bob", (0, 0, 0), None)),
        PANEL.marks,
    ),
    "no people": PeopleChart("people", "distance", (), ()),
    "course": CourseChart("course", "run", tuple(map(str, range(40))), (3,) * 40, (1, 0) * 20, (0, 2) * 20),
    "no faces": CourseChart("course", "run", ("1",), (0,), (0,), (0,)),
    "nothing found": RecallChart("recall", (Line("a", np.zeros(0), np.zeros(0)),), (("a", 0.0, 0.0),)),
}


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("name", CHARTS)
def test_each_is_drawn(name):
    picture = pixels(draw(CHARTS[name]))

    assert picture.shape[1] == 832
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10


def test_the_threshold_is_drawn_in():
    marked = pixels(draw(HistogramChart("scores", (PANEL,))))
    bare = Panel(PANEL.title, PANEL.x, PANEL.genuine, PANEL.impostors, ())

    black = (marked < 40).all(axis=2).sum(axis=0)
    without = (pixels(draw(HistogramChart("scores", (bare,)))) < 40).all(axis=2).sum(axis=0)

    assert black.max() > 0.6 * marked.shape[0]
    assert (black > 0.6 * marked.shape[0]).sum() > (without > 0.6 * marked.shape[0]).sum()


def test_the_same_figure_has_the_same_bytes():
    assert draw(CHARTS["det"]) == draw(CHARTS["det"])


def test_figures_are_written_by_name(tmp_path):
    paths = ReportFolder(tmp_path).write_figures({"det.png": CHARTS["det"]})

    assert paths == [tmp_path / "det.png"]
    assert pixels(paths[0].read_bytes()).size


def test_without_matplotlib_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(GalleryError, match="matplotlib") as caught:
        draw(CHARTS["det"])

    assert caught.value.hint == f"Run: {adding('evaluate')}"


def test_matplotlib_is_loaded_only_when_something_is_drawn():
    code = "import sys, gallery.adapters.figures, gallery.adapters.reports; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("full", "empty"), [("scores", "no scores"), ("people", "no people"), ("course", "no faces")])
def test_what_there_is_is_drawn(full, empty):
    """In blue and orange, which an empty figure has in its legend only."""

    def coloured(name: str) -> int:
        picture = pixels(draw(CHARTS[name])).astype(int)
        return int((np.ptp(picture, axis=2) > 60).sum())

    assert coloured(full) > 2 * coloured(empty)


def test_each_period_has_its_numbers():
    with pytest.raises(ValueError, match="three numbers"):
        CourseChart("course", "run", ("1",), (1, 2), (1,), (1,))
