"""Questions before something is done, at a terminal."""

from __future__ import annotations

import pytest
from cli.test_db_commands import at_terminal

pytestmark = pytest.mark.models


@pytest.mark.parametrize(("typed", "code", "stays"), [("\x03", 130, True), ("n", 1, True), ("y", 0, False)])
def test_ctrl_c_is_no_answer_and_ends_the_program_as_everywhere(gallery, photos, typed, code, stays):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")

    left, shown = at_terminal(["remove", "Grace Hopper"], typed)

    assert left == code, shown
    assert "Traceback" not in shown
    assert ("Grace Hopper" in gallery("list").out) == stays
