"""Forgetting a person for good: which words are replaced, and what the receipt says."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_FORMS: tuple[Literal["NFC", "NFD", "NFKC"], ...] = ("NFC", "NFD", "NFKC")
"""Unicode forms in which a name may stand in a path; macOS writes NFD."""
_STANDS_FOR = "forgotten person"
_GAP = r"(?:[^\w,;\n]|_)"
"""What may stand between the words of a name in a file's name; what stands between two people's names does not."""
_LEAST_TOGETHER = 6
"""Letters of a name from which on its words are looked for without anything between them."""
_STROKES = str.maketrans("øØłŁđĐıħĦ", "oOlLdDihH")
"""Letters with strokes, which Unicode does not take apart."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"})
_CODES, _CODES_OR_REST = re.compile(r"%[0-9A-Fa-f]{2}"), re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|.", re.DOTALL)
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
        there: Whether a file is there; else it was moved, or deleted.
    """

    run: int
    path: str
    sha256: str
    there: bool = False


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
        encrypted: Of the searched files, those in whose rows the strings were looked for, as their bytes say nothing.
        only_in_backups: Whether only backups knew the person.
        marked: Outputs of whose paths a keyed hash is kept, so that they are recognised.
        archives: Archives that were exported and are still there; they are not changed.
        swept: Hidden files of killed processes that were removed.
        outputs: Recorded outputs in which the person was kept and which no later run replaced; these are not changed.
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
    encrypted: tuple[str, ...] = ()
    only_in_backups: bool = False
    marked: int = 0
    archives: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()

    @property
    def out_of_reach(self) -> tuple[str, ...]:
        """What was neither searched nor changed, in sentences."""
        found = [
            "Pages of 'gallery report', annotated copies, contact sheets, JSON and CSV that were saved: they may show "
            "and name the person.",
            "Copies of the gallery, of its backups and of outputs that were made by other programs or taken elsewhere.",
        ]
        if self.archives:
            found.insert(0, f"Archives that were exported; delete them, or export anew: {', '.join(self.archives)}.")
        if self.missing_backups:
            found.insert(0, f"Backups that are not where they were made: {', '.join(self.missing_backups)}.")
        if self.marked:
            found.append(
                f"Whoever has the gallery file and guesses the former path of one of {self.marked} outputs can confirm "
                "it: a keyed hash of each is kept."
            )
        return tuple(found)


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
        everybody_else = frozenset(others)
        taken = {_bare(other) for other in everybody_else}
        own = frozenset(names)
        own |= {spelling for name in own for spelling in spellings(name) if _bare(spelling) not in taken}
        alone = cls.of_several(dict.fromkeys(own, word))
        longer = frozenset(other for other in everybody_else if alone(other) != other)
        return cls(alone._words, _any_of(own | longer))

    @classmethod
    def of_several(cls, words: Mapping[str, str]) -> Renaming:
        """For several people at once: of two names that fit, the longer one is meant.

        Args:
            words: What is to stand in the place of each name.
        """
        return cls({_bare(name): word for name, word in reversed([*words.items()])}, _any_of(words))

    def __call__(self, text: str) -> str:
        """The text with the word in place of the names, be they written in percent codes (RFC 3986)."""
        replaced = self._pattern.sub(self._instead_of, text) if self._may_be_in(text) else text
        for decoded, places in _decodings(replaced):
            found = [(match, self._instead_of(match)) for match in self._pattern.finditer(decoded)]
            for match, word in reversed([one for one in found if one[1] != one[0][0]]):
                start, end = places[match.start()][0], places[match.end() - 1][1]
                replaced = replaced[:start] + word + replaced[end:]
            if any(match[0] != word for match, word in found):
                return self(replaced)
        return replaced

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


def spellings(name: str) -> frozenset[str]:
    """Other ways to write a name: the last name first, the words run together, without accents."""
    words = name.split()
    if not all(word[0].isalnum() and word[-1].isalnum() for word in words):
        words = []  # turned round, what is no word in `Zoë 😀` would be left out
    turned = [", ".join((" ".join(words[n:]), " ".join(words[:n]))) for n in range(1, len(words))]
    together = "".join(words)
    joined = [together, *("".join(words[n:] + words[:n]) for n in range(1, len(words)))]
    plain_words = len(words) > 1 and all(_letters(word) == word for word in map(_folded, words))
    found = {name, *turned, *(joined if plain_words and len(together) >= _LEAST_TOGETHER else ())}
    return frozenset(spelled(one) for one in found for spelled in (str, _without_accents, _written_out))


def _without_accents(text: str) -> str:
    """Without what stands above and below Latin letters; marks of other scripts are vowels."""
    apart = unicodedata.normalize("NFD", text.translate(_STROKES))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not 0x300 <= ord(c) < 0x370))


def _written_out(text: str) -> str:
    """With `ae` for `ä` and the like, as in German file names."""
    return _without_accents(unicodedata.normalize("NFC", text).translate(_UMLAUTS))


def _decodings(text: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """A text with its percent codes decoded, and decoded again while some are left.

    Yields:
        The decoded text, and for each of its characters the place in the text that it came from.
    """
    decoded, places = text, [(n, n + 1) for n in range(len(text))]
    while _CODES.search(decoded):
        characters: list[str] = []
        spans: list[tuple[int, int]] = []
        for part in _CODES_OR_REST.finditer(decoded):
            start, end = part.span()
            if part[0].startswith("%"):
                plain = _decoded(bytes.fromhex(part[0].replace("%", "")))
                characters += plain
                spans += [(places[start][0], places[end - 1][1])] * len(plain)
            else:
                characters.append(part[0])
                spans.append(places[start])
        decoded, places = "".join(characters), spans
        yield decoded, places


def _decoded(codes: bytes) -> str:
    try:
        return codes.decode()
    except UnicodeDecodeError:
        return codes.decode("latin-1")


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
            gap = f"(?:{_GAP}|,)" if "," in parts[place] else _GAP
            parts[place] = f"{gap}+" if any(map(str.isspace, parts[place])) else f"{gap}*"
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
