"""Keyed hashes of paths that were replaced in the record, because they named somebody who was forgotten.

An output is then still known at its place, and nobody reads the name off the hash. Whoever holds the gallery file holds
the key, too, and can try a path that they guess.
"""

from __future__ import annotations

import hmac
import os
import secrets

_KEY = 32
_DIGEST = 32
"""Characters; a key and a digest have 128 bits each."""


def new_key() -> str:
    """A key for all paths that are replaced at once."""
    return secrets.token_hex(_KEY // 2)


def mark(key: str, output: str, source: str) -> str:
    """What is kept in place of two paths.

    Args:
        key: See `new_key`.
        output: The output's path, as seen from anywhere.
        source: The photo's.
    """
    return f"{key}{digest(key, output)}{digest(key, source)}"


def digest(key: str, path: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of a path, cut to 128 bits."""
    text = os.path.normpath(path).encode(errors="surrogatepass")
    return hmac.new(key.encode(), text, "sha256").hexdigest()[:_DIGEST]


def parts(made: str) -> tuple[str, str, str]:
    """The key of a mark, and the digests of the output's path and the photo's."""
    return made[:_KEY], made[_KEY : _KEY + _DIGEST], made[_KEY + _DIGEST :]


def is_output(made: str, path: str) -> bool:
    """Whether a mark was made for an output at that path, as seen from anywhere."""
    key, output, _ = parts(made)
    return bool(made) and hmac.compare_digest(digest(key, path), output)


def is_source(made: str, path: str) -> bool:
    """Whether a mark was made for a photo at that path, as seen from anywhere."""
    key, _, source = parts(made)
    return bool(made) and hmac.compare_digest(digest(key, path), source)
