"""Lists of pairs in the form of LFW's `pairs.txt`, and lists of errors in its names.

The first line of a list says how many folds there are and how many pairs of each kind per fold (`10 300`). Each fold
then has that many lines `NAME i j`, two images of one person, and as many `NAME1 i NAME2 j`, of two people.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gallery.adapters.labels.lines import Line, lines_of
from gallery.domain.errors import BadLabels
from gallery.domain.paths import shown
from gallery.domain.verification import ImageName, LabelErrors, Pair, PairList

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def read_pairs(file: Path) -> PairList:
    """Reads a list of pairs.

    Raises:
        BadLabels: If it cannot be read, a line is malformed, or there are fewer or more lines than the first one says.
    """
    lines = list(lines_of(file))
    if not lines:
        raise BadLabels(f"{shown(file)} holds no pairs.", "Give a list like LFW's pairs.txt.")
    folds, per_kind = _head(lines[0])
    pairs = [_pair(line) for line in lines[1:]]
    if len(pairs) != 2 * folds * per_kind:
        raise BadLabels(
            f"{shown(file)} holds {len(pairs)} pairs; its first line ({folds} folds of {per_kind} pairs of each kind) "
            f"promises {2 * folds * per_kind}.",
            "Get the file again from where it came.",
        )
    size = 2 * per_kind
    return PairList(tuple(tuple(pairs[start : start + size]) for start in range(0, len(pairs), size)))


def _head(line: Line) -> tuple[int, int]:
    numbers = [int(word) for word in line.words if word.isdecimal()]
    if len(line.words) != 2 or len(numbers) != 2 or numbers[0] < 2 or numbers[1] < 1:
        line.refuse("two numbers: the folds, at least 2, and the pairs of each kind per fold")
    return numbers[0], numbers[1]


def _pair(line: Line) -> Pair:
    if len(line.words) == 3:
        name, first, second = line.words
        pair = Pair(_image(line, name, first), _image(line, name, second))
    elif len(line.words) == 4:
        name, first, other, second = line.words
        pair = Pair(_image(line, name, first), _image(line, other, second))
        if pair.same:
            line.refuse("a pair of two people")
    else:
        line.refuse("a pair: NAME i j, or NAME1 i NAME2 j")
    return pair


def _image(line: Line, name: str, number: str) -> ImageName:
    if not number.isdecimal() or int(number) < 1:
        line.refuse("a pair: images are counted from 1")
    return ImageName(name, int(number))


def read_label_errors(file: Path) -> LabelErrors:
    """Reads what is known to be wrong with a set's names.

    A line holds two names of one person (`NAME1 NAME2`), or a name and the number of an image that shows somebody else
    (`NAME i`).

    Raises:
        BadLabels: If it cannot be read, a line is malformed, or there is none.
    """
    aliases: list[tuple[str, str]] = []
    misnamed: list[ImageName] = []
    for line in lines_of(file):
        if len(line.words) != 2 or line.words[0] == line.words[1]:
            line.refuse("two names of one person, or a name and the number of an image")
        name, other = line.words
        if other.isdecimal():
            misnamed.append(_image(line, name, other))
        else:
            aliases.append((name, other))
    if not aliases and not misnamed:
        raise BadLabels(
            f"{shown(file)} names no error.", "Give two names of one person, or a name and a number, a line."
        )
    return LabelErrors(tuple(aliases), frozenset(misnamed))


def image_files(folder: Path, images: Iterable[ImageName], pairs: Path, called: Path) -> dict[ImageName, Path]:
    """Where each image lies: `folder/NAME/NAME_0001.jpg`.

    Args:
        folder: Of all people's folders.
        images: Which are needed.
        pairs: The list that names them, for messages.
        called: What the user calls the folder, for messages.

    Raises:
        BadLabels: If some are not there.
    """
    wanted = list(images)
    found = {image: file for image in wanted if (file := _file(folder, image)) is not None}
    missing = [image for image in wanted if image not in found]
    if missing:
        raise BadLabels(
            f"{len(missing)} of the {len(wanted)} images that {shown(pairs)} names are not in {shown(called)}: first "
            f"{missing[0].name}/{missing[0]}.jpg.",
            "Name the folder that holds a folder for each person, with the photos NAME_0001.jpg and so on inside.",
        )
    return found


def _file(folder: Path, image: ImageName) -> Path | None:
    for suffix in _SUFFIXES:
        file = folder / image.name / f"{image}{suffix}"
        if file.is_file():
            return file
    return None
