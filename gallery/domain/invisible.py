"""Codes that a name may not hold: what is obeyed instead of shown, what turns the direction, and what cannot be seen.

With these one name could be made to look like another. Everything else may stand in a name, also what the interpreter's
tables do not know: ideographs are added to Unicode every year, and fonts of one's own use private codes.

Some scripts are spelled with codes that show nothing by themselves. These are taken where they have a meaning: joiners
between letters of scripts that join (Persian, Syriac, Mongolian), beside the sign that silences a vowel (the scripts of
India and around it), and between pictures of which they make one; selectors of a variant after an ideograph, a picture
and in Mongolian. Two names that differ in joiners only are one name all the same (`gallery.domain.people.name_key`).
"""

from __future__ import annotations

import unicodedata

OBEYED = ("Cc", "Cs")
"""Unicode categories of control codes and of halves of pairs, which no file can hold."""

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidi_Control of the Unicode Character Database. Names in scripts written from right to left do without them."""

_UNSEEN = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Default_Ignorable_Code_Point of the Unicode Character Database (DerivedCoreProperties.txt, 15.1), and what is blank
besides: U+2800, U+FFF9 to U+FFFB, U+16FE4, U+1D159."""

_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""Canonical combining class of signs that silence a vowel."""
_IDEOGRAPHS = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_MONGOLIAN = ((0x1800, 0x18AF),)
_VARIANTS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_MONGOLIAN_VARIANTS = ((0x180B, 0x180D), (0x180F, 0x180F))


def refused(name: str) -> str:
    """The first code of a name, in NFC, that it may not hold; empty where there is none."""
    return next((code for place, code in enumerate(name) if _is_refused(name, place, code)), "")


def is_obeyed(code: str) -> bool:
    """Whether a code is a control code, half of a pair, or none that text may hold (Unicode, section 23.7)."""
    point = ord(code)
    return unicodedata.category(code) in OBEYED or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _is_refused(name: str, place: int, code: str) -> bool:
    if is_obeyed(code) or code in TURNING:
        return True
    return _is_in(code, _UNSEEN) and not _has_meaning(name, place, code)


def _has_meaning(name: str, place: int, code: str) -> bool:
    before = name[place - 1] if place else ""
    after = name[place + 1 : place + 2]
    if code in _JOINERS:
        return _joins(name[:place], before, after)
    if _is_in(code, _MONGOLIAN_VARIANTS):
        return _is_in(before, _MONGOLIAN)
    return _is_in(code, _VARIANTS) and (_is_in(before, _IDEOGRAPHS) or _is_picture(before))


def _joins(sofar: str, before: str, after: str) -> bool:
    """Whether a joiner changes how a name is written: RFC 5892, appendix A.1 and A.2, and pictures made of several."""
    if any(code and unicodedata.combining(code) == _VIRAMA for code in (before, after)):
        return True
    letter = next((code for code in reversed(sofar) if unicodedata.category(code) != "Mn"), "")
    if _is_picture(letter) or unicodedata.category(before or " ") == "Sk":  # a tone of skin
        return _is_picture(after)
    cursive = _is_in(letter, _MONGOLIAN) or (letter != "" and unicodedata.bidirectional(letter) in ("AL", "R"))
    return cursive and after != "" and after not in _JOINERS


def _is_picture(code: str) -> bool:
    return code != "" and unicodedata.category(code) == "So"


def _is_in(code: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return code != "" and any(first <= ord(code) <= last for first, last in ranges)
