"""Where keys come from, and that they show themselves nowhere."""

from __future__ import annotations

import os

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from gallery.adapters.store.keys import SERVICE, Key, Keys, derive
from gallery.domain.errors import BadArgument, StoreUnusable


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, held: dict[tuple[str, str], str] | None = None) -> None:
        super().__init__()
        self.held = held

    def get_password(self, service: str, username: str) -> str | None:
        if self.held is None:
            raise keyring.errors.KeyringLocked("locked")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("GALLERY_KEY", raising=False)


@pytest.fixture(autouse=True)
def ring():
    """An empty keyring in place of the machine's."""
    before = keyring.get_keyring()
    mine = Ring({})
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def answers(*given: str):
    asked: list[str] = []
    left = iter(given)

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return next(left)

    return ask, asked


def test_the_environment_comes_first(path, monkeypatch, ring):
    monkeypatch.setenv("GALLERY_KEY", "from the environment")
    ring.held[(SERVICE, str(path))] = "from the keyring"
    ask, asked = answers()
    assert Keys(ask).existing(path) == Keys(ask).new(path) == "from the environment"
    assert asked == []


def test_then_the_keyring_by_the_absolute_path(path, monkeypatch, ring):
    ring.held[(SERVICE, str(path))] = "from the keyring"
    monkeypatch.chdir(path.parent)
    ask, asked = answers()
    assert Keys(ask).existing(path.relative_to(path.parent)) == Keys().new(path) == "from the keyring"
    assert asked == []


def test_then_somebody_is_asked_once_and_for_all_backups(path):
    ask, asked = answers("typed")
    keys = Keys(ask)
    assert keys.existing(path) == "typed"
    assert keys.existing(path.with_name("copy")) == "typed"
    assert asked == [f"Key of {path}: "]


def test_a_new_key_is_typed_twice(path):
    ask, asked = answers("typed", "typed")
    keys = Keys(ask)
    assert keys.new(path) == "typed"
    assert len(asked) == 2
    assert keys.existing(path) == "typed"
    with pytest.raises(BadArgument, match="differ"):
        Keys(answers("typed", "tipped")[0]).new(path)


@pytest.mark.parametrize("way", ["existing", "new"])
def test_without_anybody_to_ask_there_is_no_key(path, way):
    with pytest.raises(StoreUnusable, match="key") as caught:
        getattr(Keys(), way)(path)
    assert "GALLERY_KEY" in caught.value.hint


def test_a_locked_keyring_is_like_none(path, ring):
    ring.held = None
    assert Keys(answers("typed")[0]).existing(path) == "typed"


@pytest.mark.parametrize("way", ["existing", "new"])
def test_an_empty_key_is_refused(path, way, monkeypatch, ring):
    with pytest.raises(BadArgument, match="empty"):
        getattr(Keys(answers("", "")[0]), way)(path)
    ring.held[(SERVICE, str(path))] = ""
    with pytest.raises(BadArgument, match="keyring is empty"):
        getattr(Keys(), way)(path)
    monkeypatch.setenv("GALLERY_KEY", "")
    with pytest.raises(BadArgument, match="GALLERY_KEY is empty"):
        getattr(Keys(), way)(path)


def test_keys_do_not_show_themselves(path):
    keys = Keys(answers("typed")[0])
    keys.existing(path)
    key = derive("typed", bytes(16))
    assert "typed" not in repr(keys)
    assert repr(key) == "Key()"


def test_the_form_of_unicode_makes_no_difference():
    salt = os.urandom(16)
    assert derive("K\u00e4se", salt) == derive("Ka\u0308se", salt) != derive("Kase", salt)
    assert isinstance(derive(os.fsdecode(b"\xff"), salt), Key)
