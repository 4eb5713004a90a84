"""Reading one photo."""

from __future__ import annotations

import hashlib
import importlib
import stat
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gallery.adapters.photos.codings import unread_coding
from gallery.adapters.photos.colour import UnknownDepth, to_srgb
from gallery.adapters.photos.encoding import encoding_of
from gallery.adapters.photos.formats import BY_PILLOW, READ, READ_AS_TEXT, name_of
from gallery.adapters.photos.guard import pillow_guarded, require_within
from gallery.adapters.photos.heif import Importer, NoHeif, remedy
from gallery.adapters.photos.heif import opened as opened_heif
from gallery.adapters.photos.isobmff import container
from gallery.adapters.photos.kept_metadata import metadata_of
from gallery.adapters.photos.left_out import OnlyPreview, SeveralPictures, boxed, first_of
from gallery.adapters.photos.listing import contents
from gallery.adapters.photos.operators import is_marked
from gallery.adapters.photos.orientation import DOUBTFUL, upright
from gallery.adapters.photos.scans import MOST, TooManyScans, require_few_scans
from gallery.adapters.photos.wide_colour import HighDynamicRange, give_profile
from gallery.adapters.plain_file import read_plain
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Photo
from gallery.domain.paths import shown

# Four channels of sixteen bits make 8 bytes per pixel; twice that leaves room for metadata. What is larger is not
# read into memory at all.
_MOST_BYTES_PER_PIXEL = 16
_LEAST_BYTES_ALLOWED = 64 * 2**20

_GET_AGAIN = "Get the file again from where it came, or leave it out."
_CONVERT = f"Convert it to one of {READ_AS_TEXT} first, or leave it out."


def read(path: Path, max_pixels: int, importer: Importer = importlib.import_module) -> Photo:
    """Reads one photo: upright, in sRGB, eight bits.

    What the file is follows from its content, not from its name. Of a file that holds one picture and helpers to it,
    the picture is read; see `gallery.adapters.photos.left_out`.

    Args:
        path: The file.
        max_pixels: Width times height of the largest picture that is read; checked before anything is decoded.
        importer: Where the reader of HEIC comes from, which need not be installed.

    Raises:
        BadPhoto: If the file cannot be read in full, is no photo, or holds more than one picture.
    """
    data = _bytes_of(path, max_pixels)
    try:
        with pillow_guarded(max_pixels):
            return _decode(path, data, max_pixels, importer)
    except BadPhoto:
        raise
    except Exception as error:
        # Pillow's parsers raise whatever they stumble over (OSError, SyntaxError, struct.error, IndexError, ...).
        raise _refusal(path, data, error, max_pixels) from error


def _bytes_of(path: Path, max_pixels: int) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _folder(path)
        if not stat.S_ISREG(status.st_mode):
            raise BadPhoto(f"{shown(path)} is not a regular file.", "Name a photo on disk.")
        if status.st_size > max(max_pixels * _MOST_BYTES_PER_PIXEL, _LEAST_BYTES_ALLOWED):
            raise BadPhoto(
                f"{shown(path)} is {status.st_size / 1e9:.1f} GB long, more than any photo of"
                f" {max_pixels / 1e6:.0f} million pixels needs.",
                "Leave it out.",
            )
        data = read_plain(path)
    except FileNotFoundError as error:
        raise BadPhoto(f"No such file: {shown(path)}.", "Check the spelling of its path.") from error
    except PermissionError as error:
        raise BadPhoto(f"There is no permission to read {shown(path)}.", "Change the file's permissions.") from error
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise BadPhoto(f"{shown(path)} cannot be read: {cause}.", "Check its path and the disk.") from error
    if not data:
        raise BadPhoto(f"{shown(path)} is empty.", _GET_AGAIN)
    return data


def _folder(path: Path) -> BadPhoto:
    """Of the folders that are searched for photos, those that cannot be come here: see `expand`."""
    try:
        contents(path)
    except BadPhoto as error:
        return error
    return BadPhoto(f"{shown(path)} is a folder, not a photo.", "Name a file in it.")


def _decode(path: Path, data: bytes, max_pixels: int, importer: Importer) -> Photo:
    kind = name_of(data)
    if is_marked(data):
        raise BadPhoto(
            f"{shown(path)} is no photo: an earlier run made it for the operator's eyes, with everybody's face.",
            "Leave it out.",
        )
    if kind == "JPEG":
        require_few_scans(data)
    image, remarks = _open_heif(data, max_pixels, importer) if kind == "HEIF" else first_of(data, BY_PILLOW)
    with image:
        require_within(image, max_pixels)
        avif = image.format == "AVIF"
        give_profile(image, data, container(data).properties if avif else None)
        lying = upright(image, data, kind)
        pixels, alpha = to_srgb(lying.image)
        return Photo(
            source=path,
            sha256=hashlib.sha256(data).hexdigest(),
            pixels=pixels,
            alpha=alpha,
            format=_format(image),
            encoding=encoding_of(image, data, lying.on_its_side) | {"kept": metadata_of(image, lying.on_its_side)},
            remarks=(*remarks, DOUBTFUL) if lying.doubtful else remarks,
            turns=lying.turns,
        )


def _open_heif(data: bytes, max_pixels: int, importer: Importer) -> tuple[Image.Image, tuple[str, ...]]:
    image, count = opened_heif(data, max_pixels, importer)
    return image, boxed(data, count=count)


def _format(image: Image.Image) -> str:
    """Pillow's name; an MPO file is a JPEG picture with helpers after it, and without them it is a JPEG file."""
    return {"MPO": "JPEG", None: "HEIF"}.get(image.format, image.format or "")


def _refusal(path: Path, data: bytes, error: Exception, max_pixels: int) -> BadPhoto:
    name = shown(path)
    foreseen = _too_much(name, error, max_pixels) or _of_another_kind(name, error)
    if foreseen is not None:
        return foreseen
    kind = name_of(data)
    coding = unread_coding(data, kind, error)
    if coding is not None:
        return BadPhoto(
            f"{name} is a {kind} file whose picture is coded in a way that is not read here: {coding}.", _CONVERT
        )
    if isinstance(error, UnidentifiedImageError) and kind not in READ:
        what = f"is a picture in {kind} format, which is not read here" if kind else "is not a photo in a known format"
        return BadPhoto(f"{name} {what}.", _CONVERT)
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return BadPhoto(f"{name} is cut off: the file ends before its picture does.", _GET_AGAIN)
    return BadPhoto(f"{name} is a damaged {kind or 'picture'} file{_detail(error)}.", _GET_AGAIN)


def _too_much(name: str, error: Exception, max_pixels: int) -> BadPhoto | None:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return BadPhoto(
            f"{name} has more than {max_pixels / 1e6:g} million pixels, the most that are read.",
            "Scale it down, or leave it out: a small file of a huge picture can be made to fill the memory.",
        )
    if isinstance(error, MemoryError):
        return BadPhoto(f"{name} needs more memory than there is.", "Scale it down, or close other programs.")
    if isinstance(error, TooManyScans):
        return BadPhoto(f"{name} is a JPEG file of more than {MOST} scans.", "Save it anew as an ordinary JPEG first.")
    if isinstance(error, SeveralPictures):
        several = "several pictures" if error.count is None else f"{error.count} pictures"
        return BadPhoto(
            f"{name} holds {several}, not one.",
            "Save each as a photo of its own; only one of them would be looked at here.",
        )
    return None


def _of_another_kind(name: str, error: Exception) -> BadPhoto | None:
    if isinstance(error, UnknownDepth):
        return BadPhoto(f"{name} cannot be shown: {error}.", "Convert it to 8 bits per channel first.")
    if isinstance(error, OnlyPreview):
        return BadPhoto(
            f"{name} is a camera's raw file, of which only a preview could be read.",
            "Develop it to JPEG or TIFF first.",
        )
    if isinstance(error, HighDynamicRange):
        return BadPhoto(
            f"{name} is a picture of high dynamic range ({error}), whose colours would not look the same.",
            "Save it for an ordinary screen (SDR, as JPEG) first.",
        )
    if isinstance(error, NoHeif):
        return BadPhoto(f"{name} is a picture in HEIC format, which needs pillow-heif to be read.", remedy())
    return None


def _detail(error: Exception) -> str:
    # The text of these names a buffer in memory, a missing key, a place in a list or a number of Pillow's, which tells
    # the reader nothing.
    if isinstance(error, (UnidentifiedImageError, LookupError)) or str(error).startswith("decoder error"):
        return ""
    lines = str(error).strip().splitlines()
    return f" ({lines[0].rstrip('.')})" if lines else ""
