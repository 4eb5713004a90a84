"""Whether a written file holds a picture and nothing else.

The search knows what each format needs, and takes everything else for residue, known or not; it reads the bytes itself,
so a mistake of the library that wrote them does not go unseen. It does not look into the compressed picture.
"""

from __future__ import annotations

from gallery.adapters.verifying.residue_boxes import require_bare_boxes
from gallery.adapters.verifying.residue_chunks import require_bare_png, require_bare_webp
from gallery.adapters.verifying.residue_jpeg import require_bare_jpeg
from gallery.adapters.verifying.residue_parts import Kept, Residue
from gallery.adapters.verifying.residue_plain import require_bare_bmp, require_bare_gif
from gallery.adapters.verifying.residue_tiff import require_bare_tiff

__all__ = ["Residue", "residue_of"]


def residue_of(data: bytes, kind: str, kept: Kept) -> str | None:
    """What a file holds besides its one picture, as a noun phrase; None if there is nothing.

    Args:
        data: The file's bytes.
        kind: The format it was written in, by Pillow's name.
        kept: What may go along, as `gallery.adapters.photos.kept_metadata` has found it; None for nothing at all.
    """
    try:
        _require_bare(data, kind, kept)
    except Residue as residue:
        return str(residue)
    except (IndexError, ValueError, OverflowError):
        return "a structure that cannot be followed"
    return None


def _require_bare(data: bytes, kind: str, kept: Kept) -> None:
    match kind:
        case "JPEG":
            require_bare_jpeg(data, kept)
        case "PNG":
            require_bare_png(data, kept)
        case "WEBP":
            require_bare_webp(data, kept)
        case "TIFF":
            require_bare_tiff(data, kept)
        case "BMP":
            require_bare_bmp(data)
        case "GIF":
            require_bare_gif(data)
        case "AVIF" | "HEIF":
            require_bare_boxes(data, kind, kept)
        case _:
            raise Residue(f"a picture of the unknown kind {kind}")
