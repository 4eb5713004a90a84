r"""Text on pictures, in whatever script a font of this machine has.

Pillow carries one small font that knows ASCII and little else. Names are written with it where nothing better is
installed; a character that no font knows appears as its escape (`\u738b`), so that a name is never silently another.
"""

from __future__ import annotations

import contextlib
import importlib.util
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]

FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "segoeui.ttf",
    "arial.ttf",
    "Arial.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "malgun.ttf",
    "Nirmala.ttf",
    "Nirmala.ttc",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "LeelawUI.ttf",
)
"""Fonts that common systems have, wide ones first; Pillow looks for them in the system's font folders."""
_PLAIN = {"≤": "<=", "…": "...", "·": "-", "×": "x", "–": "-"}
"""What this program's own signs become where no font has them."""
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that show nothing, or rearrange what stands around them."""
_JOINERS = "\u200c\u200d"
"""Part of how some scripts spell, although they are format characters."""
_PROBE = 24
_NOWHERE = "\U0010ffff"
"""A code point that no font has."""
_SIZES = 32


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it can be drawn.

    Attributes:
        text: With escapes for what the font lacks.
        font: In its size.
        width: In pixels, rounded up.
        height: From one line to the next, in pixels.
        whole: Whether nothing was cut off.
    """

    text: str
    font: FreeTypeFont
    width: int
    height: int
    whole: bool

    def draw(self, on: ImageDraw, x: int, y: int, colour: Colour) -> None:
        """Draws the line with its upper left corner there."""
        baseline = y + round(self.height * 0.77)
        on.text((x, baseline), self.text, fill=colour, font=self.font, anchor="ls", direction=_direction(self.font))


class Lettering:
    """Sets lines of text.

    Args:
        fonts: To choose from, the first first; those of this machine if None.
    """

    def __init__(self, fonts: Sequence[FreeTypeFont] | None = None) -> None:
        self._fonts = [_Face(font) for font in (_installed() if fonts is None else fonts)]

    def line(self, text: str, size: int, width: int | None = None) -> Line:
        """A line of text, cut with `…` where it is too wide.

        Args:
            text: Whatever it holds; it stays on one line.
            size: Of the letters, in pixels.
            width: Pixels that there are for it; None for as many as it takes.
        """
        face = min(self._fonts, key=lambda face: sum(not face.has(sign) for sign in text))
        characters = [face.shown(sign) for sign in text]
        font = face.sized(size)
        whole = "".join(characters)
        height = round(size * 1.3)
        if width is None or _width(font, whole) <= width:
            return Line(whole, font, _width(font, whole), height, True)
        low, high = 0, len(characters) - 1
        while low < high:  # the longest beginning that fits
            middle = (low + high + 1) // 2
            fits = _width(font, face.cut(characters[:middle])) <= width
            low, high = (middle, high) if fits else (low, middle - 1)
        cut = face.cut(characters[:low])
        return Line(cut, font, _width(font, cut), height, False)


class _Face:
    """One font: what it has, and in which sizes it was asked for."""

    def __init__(self, font: FreeTypeFont) -> None:
        self._font = font
        self._sized: dict[int, FreeTypeFont] = {}
        self._has: dict[str, bool] = {}
        self._probe = font.font_variant(size=_PROBE)
        self._missing = bytes(self._probe.getmask(_NOWHERE))

    def has(self, sign: str) -> bool:
        known = self._has.get(sign)
        if known is None:
            known = self._has[sign] = sign == " " or (_visible(sign) and self._draws(sign))
        return known

    def _draws(self, sign: str) -> bool:
        """Whether the font draws something other than its sign for what it lacks; Pillow cannot be asked more."""
        return bytes(self._probe.getmask(sign)) != self._missing

    def shown(self, sign: str) -> str:
        if self.has(sign):
            return sign
        plain = _PLAIN.get(sign)
        if plain is not None:
            return plain
        if sign.isascii():
            return f"\\x{ord(sign):02x}"
        return sign.encode("unicode_escape").decode("ascii")

    def cut(self, characters: Sequence[str]) -> str:
        return "".join(characters).rstrip() + self.shown("…")

    def sized(self, size: int) -> FreeTypeFont:
        font = self._sized.get(size)
        if font is None:
            if len(self._sized) >= _SIZES:
                self._sized.clear()
            font = self._sized[size] = self._font.font_variant(size=size)
        return font


def _visible(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) not in _HIDDEN


def _width(font: FreeTypeFont, text: str) -> int:
    return int(-(-font.getlength(text, direction=_direction(font)) // 1))


def _direction(font: FreeTypeFont) -> str | None:
    """Lines run from left to right, with what is Arabic or Hebrew in them from right to left, if Pillow can do that."""
    from PIL.ImageFont import Layout

    return "ltr" if font.layout_engine == Layout.RAQM else None


def _installed() -> list[FreeTypeFont]:
    from PIL import ImageFont
    from PIL.ImageFont import FreeTypeFont

    found = list(_of_the_system())
    builtin = ImageFont.load_default(_PROBE)
    if isinstance(builtin, FreeTypeFont):  # always where Pillow was built with FreeType, as all its wheels are
        found.append(builtin)
    return found


def _of_the_system() -> Iterator[FreeTypeFont]:
    from PIL import ImageFont

    for name in (*FONTS, *_of_matplotlib()):
        with contextlib.suppress(OSError):  # not on this machine, or no font that can be read
            yield ImageFont.truetype(name, _PROBE)


def _of_matplotlib() -> list[str]:
    """The wide font that matplotlib brings along, where it is installed."""
    spec = importlib.util.find_spec("matplotlib")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    return [str(Path(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")) for folder in folders]
