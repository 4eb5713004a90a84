"""Tests of what is held back."""

from __future__ import annotations

import os
import sys

import pytest

from gallery.adapters.quiet import without_chatter


def test_only_chatter_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with without_chatter():
            os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n")
            os.write(2, b"I0000 00:00:1795514310.713546    4867 port.cc:153] oneDNN custom operations are on.\n")
            os.write(2, b"2025-11-24 09:45:00.123456: I tensorflow/core/util/port.cc:153] oneDNN\n")
            os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
            os.write(2, b"E0000 00:00:1795514310.713546    4867 x.cc:1] no memory\nIllegal instruction\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == (
        "E0000 00:00:1795514310.713546    4867 x.cc:1] no memory\nIllegal instruction\nafter\n"
    )


def test_a_process_without_standard_error_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with without_chatter():
        pass
