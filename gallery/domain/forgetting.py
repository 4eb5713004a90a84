"""Forgetting a person for good: which words are replaced, and what the receipt says."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

_FORMS: tuple[Literal["NFC", "NFD", "NFKC"], ...] = ("NFC", "NFD", "NFKC")
"""Unicode forms in which a name may stand in a path; macOS writes NFD."""
_STANDS_FOR = "forgotten person"
_GAP = r"(?:[^\w,;\n]|_)"
"""What may stand between the words of a name in a file's name; what stands between two people's names does not."""
_LETTER, _NOTHING = r"[^\W\d_]", r"(?!)"
_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""How the Unicode names of characters begin whose scripts put nothing between words."""


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """A recorded output in which a person stayed visible.

    Attributes:
        run: The run's number.
        path: The file, as it was recorded.
        sha256: Of the file as it was written.
    """

    run: int
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The receipt.

    Attributes:
        pseudonym: What stands in the record in place of the name.
        references: How many were deleted.
        templates: Likewise.
        crops: Likewise.
        decisions: Recorded decisions in which the name was replaced.
        overrides: Manual decisions to keep them that were deleted.
        outputs: Recorded outputs in which the person was kept; these files are not changed.
        backups: Copies of the gallery in which they were forgotten, too.
        missing_backups: Copies that the program made and that are no longer where it put them.
        searched: The files in which no trace was found afterwards.
        traces: How many byte strings were looked for in each of them.
    """

    pseudonym: str
    references: int
    templates: int
    crops: int
    decisions: int
    outputs: tuple[KeptOutput, ...]
    backups: tuple[str, ...]
    missing_backups: tuple[str, ...]
    searched: tuple[str, ...]
    traces: int
    overrides: int = 0


def pseudonym(number: int) -> str:
    """What stands for a forgotten person; the same wherever they are mentioned, and made of nothing about them.

    Args:
        number: Of the identity; numbers are never given twice.
    """
    return f"{_STANDS_FOR} {number}"


def is_pseudonym(name: str) -> bool:
    """Whether a name is, or would be taken for, what stands for a forgotten person."""
    return re.fullmatch(rf"{_STANDS_FOR} \d+", _folded(name)) is not None


def names_forgotten(path: str) -> bool:
    """Whether a recorded path has a part that stands for somebody who was forgotten."""
    return _STANDS_FOR in path


@dataclass(frozen=True, slots=True)
class Renaming:
    """Puts another word in place of somebody's names, in sentences and paths.

    Whole words are found, without regard to case, Unicode form and what stands between them: `Anna Schmidt` is found in
    `photos/anna_schmidt2.jpg`, and `Ann` is not found in `Joanna`. Where a name is a part of somebody else's, as `Anna`
    is of `Anna Schmidt`, or of what stands for somebody who was forgotten, that is left as it is.
    """

    _words: Mapping[str, str]
    _pattern: re.Pattern[str]

    @classmethod
    def of(cls, names: Iterable[str], word: str, others: Iterable[str] = ()) -> Renaming:
        """Makes one.

        Args:
            names: The person's.
            word: What is to stand in their place.
            others: Everybody else's names.
        """
        own = frozenset(names)
        alone = cls.of_several(dict.fromkeys(own, word))
        longer = frozenset(other for other in others if alone(other) != other)
        return cls(alone._words, _any_of(own | longer))

    @classmethod
    def of_several(cls, words: Mapping[str, str]) -> Renaming:
        """For several people at once: of two names that fit, the longer one is meant.

        Args:
            words: What is to stand in the place of each name.
        """
        return cls({_bare(name): word for name, word in reversed([*words.items()])}, _any_of(words))

    def __call__(self, text: str) -> str:
        """The text with the word in place of the names."""
        return self._pattern.sub(self._instead_of, text) if self._may_be_in(text) else text

    def _may_be_in(self, text: str) -> bool:
        """Whether the letters of one of the names are there at all; the pattern of many names takes far longer."""
        folded = _folded(text)
        letters = _letters(folded)
        return any(name in letters or name in folded for name in self._words)

    def _instead_of(self, found: re.Match[str]) -> str:
        """The word for one of the names; what was found, for anything else."""
        beside = found.string[max(found.start() - 1, 0) : found.start()] + found.string[found.end() : found.end() + 1]
        if any(map(_is_mark, beside)):
            return found[0]
        return self._words.get(_bare(found[0]), found[0])


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds what may be one of the names, the longest first, or stands for somebody forgotten."""
    cased = {spelling for name in names for spelling in (name, name.upper(), name.casefold())}  # ß is SS in capitals
    spellings = {unicodedata.normalize(form, spelling) for spelling in cased for form in _FORMS}
    starts = defaultdict(list)  # what they begin alike with is tried once
    for spelling in sorted(spellings, key=lambda spelling: (-len(spelling), spelling)):
        before, pattern = _spelled(spelling)
        starts[before].append(pattern)
    patterns = (f"{before}(?:{'|'.join(some)})" for before, some in starts.items())
    return re.compile("|".join((rf"{_STANDS_FOR} \d+(?!\d)", *patterns)), re.IGNORECASE)


def _spelled(name: str) -> tuple[str, str]:
    """A pattern for what is before a name, and one for the name, whatever stands between its words."""
    parts = re.split(r"([\W_]+)", name)  # words at even places
    if not any(parts[::2]):
        return "", re.escape(name)
    words = [part for part in parts[::2] if part]
    alone = sum(map(len, words)) == 1
    for place in range(1, len(parts), 2):
        if not parts[place - 1]:  # where it is left out, the word stands for itself: `:0` is not in `100`
            parts[place] = f"(?:{re.escape(parts[place])}|(?<!{_neighbours(words[0][0], alone)}))"
        elif not parts[place + 1]:  # the last bracket of `Anna (5b)`
            parts[place] = f"(?:{re.escape(parts[place])}|(?!{_neighbours(words[-1][-1], alone)}))"
        else:
            parts[place] = f"{_GAP}+" if any(map(str.isspace, parts[place])) else f"{_GAP}*"
    return f"(?<!{_neighbours(name[0], alone)})", f"{''.join(parts)}(?!{_neighbours(name[-1], alone)})"


def _neighbours(edge: str, alone: bool) -> str:
    """What would make a name with that first or last character a part of a longer word."""
    if edge.isdigit():
        return r"[^\W_]"
    return _NOTHING if _runs_on(edge) and not alone else _LETTER


def _runs_on(character: str) -> bool:
    """Whether it is of a script that puts nothing between words."""
    return unicodedata.name(character, "").startswith(_WITHOUT_SPACES)


def _is_mark(character: str) -> bool:
    """Whether it is an accent or vowel sign, which to Python's patterns is no part of a word."""
    return unicodedata.category(character).startswith("M")


def _bare(text: str) -> str:
    """The letters, marks and digits, without regard to case and Unicode form; where there are none, all."""
    folded = _folded(text)
    return _letters(folded) or folded


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _letters(folded: str) -> str:
    return folded if folded.isalnum() else "".join(c for c in folded if c.isalnum() or _is_mark(c))
