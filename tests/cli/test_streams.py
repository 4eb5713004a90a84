"""What cannot be printed never stops the work, and the exit code says so."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gallery.bootstrap import Bootstrap

FULL = Path("/dev/full")
GALLERY = f"{shlex.quote(sys.executable)} -m gallery"
NOWHERE = [">&-", "> /dev/full", "2>&-", "<&-", "<&- >&- 2>&-"]

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=300, check=False, env=os.environ)


@pytest.mark.parametrize("where", NOWHERE)
@pytest.mark.parametrize("command", ["db status", "--version"])
def test_it_ends_in_good_order(gallery, command, where):
    gallery("init")
    said = shell(f"{GALLERY} {command} {where}")
    assert said.returncode == (0 if where in {"<&-", "2>&-"} else 1)
    assert said.stderr == ""


@pytest.mark.parametrize(
    "line",
    ["forget Nobody <&-", *(f"{command} <&- >&- 2>&-" for command in ("forget Nobody", "import a.zip", "review"))],
)
def test_questions_that_nobody_can_answer(gallery, line):
    gallery("init")
    said = shell(f"{GALLERY} {line}")
    assert said.returncode in {1, 2}
    assert "defect" not in said.stderr
    assert ("Error: " in said.stderr) == ("2>&-" not in line)


def test_a_list_that_cannot_be_read(gallery, here):
    said = shell(f"{GALLERY} anonymise - -o out 0> /dev/null")
    assert said.returncode == 2
    assert "list of photos" in said.stderr


def test_nothing_is_printed_into_the_gallery(gallery, here):
    shell(f"{GALLERY} init <&- >&- 2>&-; {GALLERY} forget Nobody <&- >&- 2>&-")
    assert gallery("db", "check").code == 0


@pytest.mark.models
class TestRuns:
    @pytest.fixture
    def many(self, photos, here):
        folder = here / "many"
        folder.mkdir()
        for number in range(4):
            (folder / f"{number}.png").write_bytes((photos / "hopper.png").read_bytes())
        return folder

    @pytest.mark.parametrize("where", ["> /dev/full 2>&1", ">&- 2>&-", "2>&1 | head -1"])
    def test_all_photos_are_done(self, gallery, here, many, where):
        gallery("init")
        line = f"{GALLERY} anonymise many -o out"
        piped = where.replace("|", "; echo $? > code; } |")
        said = shell(f"{{ {line} {piped}" if "|" in where else f"{line} {where}; echo $? > code")
        assert (here / "code").read_text().strip() == "1"
        assert "defect" not in said.stderr
        assert len(list((here / "out").glob("*.png"))) == 4
        with Bootstrap.of().store() as store:
            (run,) = store.runs()
            assert len(store.run(run.id).images) == 4
            assert run.status.value == "finished"
