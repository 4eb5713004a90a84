"""Text and lists of paths from outside, in whichever encoding their mark names."""

from __future__ import annotations

import codecs
import os
import re

_MARKS = (  # that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUL = "\0"


def decoded(data: bytes) -> str:
    r"""A text, by the mark at its beginning; without one, as UTF-8.

    Args:
        data: The file's bytes.

    Raises:
        ValueError: If that is not its encoding, or there are NUL characters in it, as in UTF-16 without a mark.

    Example:
        >>> decoded("\ufeffa.jpg".encode("utf-16-le"))
        'a.jpg'
    """
    text = _by_mark(data)
    if _NUL in text:
        raise ValueError("it holds NUL characters")
    return text


def listed_paths(data: bytes) -> list[str]:
    r"""The paths of a list: one a line, or each with a NUL character after it, as `find -print0` writes them.

    A list with NUL characters and no mark holds the names' own bytes, whatever their encoding. It could be UTF-16, too,
    whose letters would be taken for paths of one letter: so no more than one path of a single byte is taken.

    Args:
        data: The list's bytes.

    Raises:
        ValueError: If it is neither UTF-8, nor bears the mark of its encoding, nor holds names that end with NUL.

    Example:
        >>> listed_paths(b"a.jpg\r\nb.jpg\r\n")
        ['a.jpg', 'b.jpg']
        >>> listed_paths(b"./a.jpg\0./b.jpg\0")
        ['./a.jpg', './b.jpg']
    """
    marked = any(data.startswith(mark) for mark, _ in _MARKS)
    if _NUL.encode() not in data or marked:
        text = _by_mark(data)
        parts = text.split(_NUL) if _NUL in text else re.split(r"\r\n|[\r\n]", text)
    else:
        names = data.removesuffix(b"\0").split(b"\0")
        if b"" in names or sum(len(name) < 2 for name in names) > 1:
            raise ValueError("it looks like UTF-16 without a mark")
        parts = [os.fsdecode(name) for name in names]
    return [part for part in parts if part.strip()]


def _by_mark(data: bytes) -> str:
    mark, encoding = next((known for known in _MARKS if data.startswith(known[0])), (b"", "utf-8"))
    return data[len(mark) :].decode(encoding)
