"""Where the key of an encrypted gallery comes from, and what SQLCipher is given for it."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from gallery.domain.errors import BadArgument, StoreUnusable

VARIABLE = "GALLERY_KEY"
"""Environment variable that holds the key."""
SERVICE = "gallery"
"""Under this name the system's keyring holds keys; the user's name there is the gallery's absolute path."""
SALT = 16
"""Bytes at the beginning of an encrypted file (https://www.zetetic.net/sqlcipher/design/)."""
ITERATIONS = 256_000
"""Of PBKDF2-HMAC-SHA512: SQLCipher 4's own number (https://www.zetetic.net/sqlcipher/sqlcipher-api/#kdf_iter)."""

Ask = Callable[[str], str]
"""Asks a person for a secret; the argument is the prompt."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key of one file, as SQLCipher takes it. It never shows itself.

    Attributes:
        blob: `x'…'` with 32 bytes of key and 16 of salt in hexadecimal.
    """

    blob: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """Finds the key of a gallery: in the environment, else in the system's keyring, else by asking.

    Attributes:
        ask: How to ask; None where there is nobody to be asked.
    """

    ask: Ask | None = None
    _typed: list[str] = field(default_factory=list, repr=False)

    def existing(self, path: Path) -> str:
        """The key of an encrypted gallery. What was typed for one file serves for its backups, too.

        Raises:
            StoreUnusable: If there is none.
            BadArgument: If it is empty.
        """
        found = self._found(path) or (self._typed[-1] if self._typed else None)
        if found is not None:
            return found
        if self.ask is None:
            raise _no_key(f"The gallery {path} is encrypted, and no key was given.")
        return self._keep(self.ask(f"Key of {path}: "))

    def new(self, path: Path) -> str:
        """The key that a gallery is going to be encrypted with; a person has to type it twice.

        Raises:
            StoreUnusable: If there is none.
            BadArgument: If it is empty, or the two differ.
        """
        found = self._found(path)
        if found is not None:
            return found
        if self.ask is None:
            raise _no_key("To encrypt a gallery takes a key, and none was given.")
        first = _required(self.ask(f"New key for {path}: "))
        if self.ask("The same key again: ") != first:
            raise BadArgument("The two keys differ; nothing was changed.", "Try again.")
        return self._keep(first)

    def _keep(self, typed: str) -> str:
        self._typed.append(_required(typed))
        return typed

    def _found(self, path: Path) -> str | None:
        value = os.environ.get(VARIABLE)
        if value is not None:
            return _required(value, f" in {VARIABLE}")
        value = _from_keyring(path)
        return None if value is None else _required(value, " in the system's keyring")


@lru_cache(maxsize=8)
def derive(passphrase: str, salt: bytes) -> Key:
    """What SQLCipher would derive from a passphrase by itself, once for a process and not for every connection.

    Args:
        passphrase: In any Unicode form.
        salt: 16 bytes, the first of the file.
    """
    secret = unicodedata.normalize("NFC", passphrase).encode(errors="surrogateescape")
    key = hashlib.pbkdf2_hmac("sha512", secret, salt, ITERATIONS, dklen=32)
    return Key(f"x'{key.hex()}{salt.hex()}'")


def _required(value: str, where: str = "") -> str:
    if not value:
        raise BadArgument(f"The key{where} is empty.", "A key needs at least one character; a good one has many.")
    return value


def _no_key(message: str) -> StoreUnusable:
    return StoreUnusable(
        message,
        f"Put it into the environment variable {VARIABLE}, or into the system's keyring: see README, 'The file'.",
    )


def _from_keyring(path: Path) -> str | None:
    """The keyring's entry; None where there is no keyring, it is locked, or it holds none for this gallery."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, str(path.absolute()))
    except (KeyringError, RuntimeError):
        return None
