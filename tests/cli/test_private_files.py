"""What names or shows people is not written into a folder that is published."""

from __future__ import annotations

import subprocess

import pytest

pytestmark = pytest.mark.models


@pytest.fixture
def published(gallery, photos, here):
    """A run has written to `web`, and somebody works beside it."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    assert gallery("anonymise", photos / "pair.png", "-o", "web").code == 0
    (here / "desk").mkdir()
    return here


@pytest.mark.parametrize(
    "words",
    [
        ["report", "1", "-o", "{}/page.html"],
        ["report", "1", "-o", "{}/page.html", "--pseudonyms"],
        ["report", "1", "-o", "{}/page.html", "--include-originals"],
        ["anonymise", "photos/hopper.png", "-o", "other", "--annotate", "{}/seen"],
        ["anonymise", "photos/hopper.png", "-o", "web", "--annotate", "{}/seen"],
        ["anonymise", "photos/hopper.png", "-o", "other", "--contact-sheet", "{}/sheet.png"],
        ["anonymise", "photos/hopper.png", "--dry-run", "--contact-sheet", "{}/sheet.png"],
        ["export", "{}/all.zip"],
        ["db", "backup", "{}/copy.db"],
        ["audit", "stats", "--png", "{}/figures"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
@pytest.mark.parametrize("place", ["web", "link", "mounted"])
def test_nothing_private_is_published(gallery, published, words, place):
    if place == "link":
        (published / "link").symlink_to("web")
    elif place == "mounted":
        (published / "mounted").mkdir()
        done = subprocess.run(["mount", "--bind", "web", "mounted"], cwd=published, capture_output=True, check=False)
        if done.returncode:
            pytest.skip("mounting is not allowed here")
    before = {path.name for path in (published / "web").iterdir()}
    try:
        refused = gallery(*(word.format(place) for word in words))
    finally:
        if place == "mounted":
            subprocess.run(["umount", str(published / "mounted")], check=True)
    assert refused.code == 2
    assert "lies in the output folder" in " ".join(refused.err.split())
    assert {path.name for path in (published / "web").iterdir()} == before


def test_elsewhere_it_is_written(gallery, published):
    assert gallery("report", "1", "-o", "desk/page.html").code == 0
    assert gallery("export", "desk/all.zip").code == 0
    assert gallery("db", "backup", "desk/copy.db").code == 0


def test_a_folder_that_holds_the_gallery_is_not_taken_for_a_published_one(gallery, photos, published):
    assert gallery("anonymise", photos / "collins.png", "-o", published).code == 0
    assert gallery("db", "backup", "desk/copy.db").code == 0
