"""Everything that can go wrong in a way a user can act on.

Each error is one sentence that says what is wrong and with which file, and a hint that says what to do about it.
The command line turns them into an exit code at one place (`gallery.cli.boundary`).
"""

from __future__ import annotations


class GalleryError(Exception):
    """The base of every error this package raises on purpose.

    Args:
        message: One sentence: what is wrong, and with which file or name.
        hint: What to do about it; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def text(self) -> str:
        """Message and hint together, for a record or a table."""
        return f"{self.message} {self.hint}".strip()


class BadArgument(GalleryError):
    """A value the user gave makes no sense: an empty name, a negative threshold."""

    exit_code = 2


class WrongType(BadArgument, TypeError):
    """An object that a program handed over is of a kind that makes no sense there."""


class BadPhoto(GalleryError):
    """A file that cannot be read as one photo, or not be read in full."""


class NotWritten(GalleryError):
    """An output that could not be written; nothing was left in its place."""


class Unverified(GalleryError):
    """An output that was written and does not hold what was promised; it was removed."""


class NoFace(GalleryError):
    """A reference photo in which no face was found."""


class PoorReference(GalleryError):
    """A reference photo whose face is too poor to recognise the person by."""


class SeveralFaces(GalleryError):
    """A reference photo with more than one face, and nothing said which one is meant."""


class UnknownName(GalleryError):
    """No identity (or model, or run) of that name."""


class RunGoingOn(GalleryError):
    """A run that has not ended, so that nothing can be said of it as a whole."""


class NameTaken(GalleryError):
    """Somebody of that name is in the gallery already."""


class GalleryChanged(GalleryError):
    """Somebody else changed the gallery's people while something was decided by them."""


class NothingToUndo(GalleryError):
    """There is no last change, or it was undone already."""


class AlreadyEnrolled(GalleryError):
    """The same photo, or the same face of it, is in the gallery already."""


class ModelMissing(GalleryError):
    """A model whose file is not on this machine."""


class ModelChanged(GalleryError):
    """A model's file that is not the one whose hash is on record."""


class ModelFailed(GalleryError):
    """A detector or embedder that could not do its work. Never the same as "no faces"."""


class ModelUnmeasured(GalleryError):
    """An embedder without thresholds, by which nobody can be told from anybody."""


class ModelMismatch(GalleryError):
    """Templates of one model compared with faces of another."""


class ModelsChanged(GalleryError):
    """Somebody else changed the list of models, or their files, while something was decided by them."""


class DownloadFailed(GalleryError):
    """A download that broke off, or brought something other than what was expected."""


class StoreUnusable(GalleryError):
    """A gallery file that is not one, or cannot be opened or written."""


class GalleryReplaced(StoreUnusable):
    """A gallery file that was removed, moved or replaced while it was in use."""


class SchemaTooOld(StoreUnusable):
    """A gallery file written by an earlier version of this program."""


class SchemaTooNew(StoreUnusable):
    """A gallery file written by a later version of this program."""


class TrailBroken(GalleryError):
    """Something on record is not as it was written."""


class BadArchive(GalleryError):
    """A file that is no archive of a gallery, a damaged one, or one that this program must not or cannot read."""


class RegistryUnusable(GalleryError):
    """A list of models that cannot be read, or that says something untrue of a model."""


class TooLittleData(GalleryError):
    """Fewer comparisons than a claim needs.

    Args:
        message: As for all errors.
        hint: Likewise.
        least: The lowest false match rate that the data can support; None where it supports none.
    """

    def __init__(self, message: str, hint: str = "", least: float | None = None) -> None:
        super().__init__(message, hint)
        self.least = least


class BadLabels(GalleryError):
    """A file of pairs, boxes or names that cannot be read, or that does not fit the photos it speaks of."""
