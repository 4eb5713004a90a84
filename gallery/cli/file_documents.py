"""The JSON about the gallery file, field by field. Other programs rely on it: fields are added, never taken away."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gallery.domain.gallery_file import Checked, FileStatus


def of_status(found: FileStatus) -> dict[str, Any]:
    """How a gallery file stands."""
    change = found.last_change
    return {
        "gallery": found.path,
        "schema": found.revision,
        "program_schema": found.program_revision,
        "written_by": found.written_by or None,
        "encrypted": found.encrypted,
        "mode": f"{found.mode:04o}",
        "size": found.size,
        "log_size": found.log_size,
        "pages": found.pages,
        "page_size": found.page_size,
        "people": found.people,
        "references": found.references,
        "models": [asdict(one) for one in found.models],
        "runs": found.runs,
        "last_change": {"what": change.what, "made": change.made.isoformat()} if change else None,
        "backups": [
            {"file": one.path, "made": one.made.isoformat() if one.made else None, "size": one.size}
            for one in found.backups
        ],
    }


def of_checked(checked: Checked) -> dict[str, Any]:
    """What an examination of a gallery file came to."""
    return {
        "gallery": checked.path,
        "sound": not checked.findings,
        "rows": checked.rows,
        "templates": checked.templates,
        "findings": [asdict(finding) for finding in checked.findings],
    }
