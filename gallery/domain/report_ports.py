"""What the report of a run needs from the outside, as protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gallery.domain.picture_budget import Fit
from gallery.domain.reporting import Glance, Report


class Glancer(Protocol):
    """Looks at recorded files."""

    def glance(self, path: Path, sha256: str, fit: Fit | None) -> Glance:
        """A file made smaller, if it still is what was recorded.

        Args:
            path: The file.
            sha256: Of its bytes, as recorded.
            fit: How large the picture may be; None for none, when the file is only compared with the record.
        """


class Pages(Protocol):
    """Pages as files."""

    def require_free(self, target: Path) -> None:
        """Checks that a page can be put there, before it is made.

        Raises:
            BadArgument: If the file's suffix is not that of a page.
            NotWritten: If a file has that name which is no page of this kind.
        """

    def write(self, report: Report, target: Path) -> int:
        """Writes a page, all or nothing; one that shows originals for its owner's eyes only. Returns its bytes.

        Raises:
            NotWritten: If it could not be written; nothing is left in its place.
        """
