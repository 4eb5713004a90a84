"""Tests of single keys."""

from __future__ import annotations

import os

import pytest

from gallery.adapters.terminal import Keys


@pytest.fixture
def pipe():
    theirs, ours = os.pipe()
    yield Keys(theirs), lambda keys: os.write(ours, keys)
    os.close(theirs)
    os.close(ours)


def test_keys_pressed_before_they_are_asked_for_are_forgotten(pipe):
    keys, press = pipe
    press(b"kb\x1b[Ak")
    keys.forget()
    press("é".encode())
    assert keys.key() == "é"


def test_an_arrow_is_one_key_without_a_character(pipe):
    keys, press = pipe
    press(b"\x1b[1;5Ak")
    assert [keys.key(), keys.key()] == ["", "k"]
