"""Options that several commands share, each written once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

Db = Annotated[
    Path | None,
    typer.Option("--db", envvar="GALLERY_DB", help="The gallery file.", show_default="in your data folder"),
]
ModelsDir = Annotated[
    Path | None,
    typer.Option(
        "--models-dir",
        envvar="GALLERY_MODELS",
        help="The folder of installed weights.",
        show_default="in your data folder",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="The embedder, see 'gallery models list'. A gallery keeps to the one it was begun with.",
        show_default="the gallery's own; for a new one vgg-face if installed, else sface",
    ),
]


class Numbers(StrEnum):
    """In what numbers an embedder computes."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


Precision = Annotated[
    Numbers,
    typer.Option(
        "--precision",
        help="In what numbers vgg-face computes: float32; int8, three times as fast in a fifth of the memory; or "
        "bfloat16, twice as fast on processors that have it. auto takes those of the gallery's templates, and float32 "
        "for a new gallery.",
        metavar="<name>",
    ),
]
AUTO = "auto"
"""The best detector that this machine has."""
Detector = Annotated[
    str,
    typer.Option(
        "--detector",
        help="What finds the faces, and a missed face stays visible: yunet; centerface, which finds more turned and "
        "covered ones; yunet+centerface, which finds most; auto, both if centerface is installed; or haar as in the "
        "original notebook, which misses many.",
    ),
]
Turned = Annotated[
    bool,
    typer.Option(
        "--turned",
        help="Look at each photo four times, turned by quarters, to find faces that lie on their side or stand on "
        "their head, as in scans. Detection takes four times as long.",
    ),
]
ScaleFactor = Annotated[
    float | None,
    typer.Option(
        "--haar-scale",
        help="With haar: ratio of one search size to the next. Nearer to 1 finds more faces and takes longer.",
        show_default="1.3",
    ),
]
Neighbours = Annotated[
    int | None,
    typer.Option(
        "--haar-neighbours",
        help="With haar: overlapping hits that make a face. More finds fewer faces, and fewer that are none.",
        show_default="5",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires",
        help="The last day on which the person is kept, as 2027-07-31; 'never' for no end.",
        metavar="DATE",
        show_default=False,
    ),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        "--max-pixels",
        help="Width times height of the largest photo that is read; what is larger fails.",
        show_default="100000000",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV instead of tables.")]
NoPictures = Annotated[bool, typer.Option("--no-pictures", help="Draw no pictures in the terminal.")]
Face = Annotated[
    int | None,
    typer.Option("--face", help="Only this face of the photo, from 1.", show_default="all of them", min=1, max=2**31),
]
DEFAULT_TOP = 30
Top = Annotated[
    int,
    typer.Option("--top", help="How many of the people nearest to a face are shown; 0 for all.", min=0, max=2**31),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def require_one_format(as_json: bool, as_csv: bool) -> None:
    """Checks that at most one was asked for.

    Raises:
        BadArgument: If both were.
    """
    from gallery.domain.errors import BadArgument

    if as_csv and as_json:
        raise BadArgument("Both CSV and JSON were asked for.", "Leave out --csv or --json.")


class Method(StrEnum):
    """How a face is made unrecognisable."""

    BLUR = "blur"
    PIXELATE = "pixelate"
    SOLID = "solid"


class Shape(StrEnum):
    """What is covered of a face's surroundings."""

    ELLIPSE = "ellipse"
    BOX = "box"


class Verify(StrEnum):
    """What is checked of an output before it counts."""

    WRITTEN = "written"
    FULL = "full"


class Decision(StrEnum):
    """What happened to a face."""

    KEEP = "keep"
    BLUR = "blur"


class Fusion(StrEnum):
    """What a person's distance is, when they have several references."""

    BEST = "best"
    MEAN = "mean"
    MEDIAN_OF_3 = "median-of-3"


def day(word: str | None) -> date | None:
    """The day that was meant; None for `never`, or nothing.

    Raises:
        BadArgument: If it is no day.
    """
    from datetime import date

    from gallery.domain.errors import BadArgument

    if word is None or word == "never":
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadArgument(f"--expires cannot be {word!r}.", "Give a day as 2027-07-31, or 'never'.") from None


Embedders = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="An embedder, see 'gallery models list'; may be given several times.",
        show_default="what a new gallery would use",
    ),
]
Detectors = Annotated[
    list[str] | None,
    typer.Option("--detector", help="A detector; may be given several times.", show_default="yunet"),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A folder for result.json and the figures (these need the extra 'evaluate')."),
]
