"""Tables about the gallery file."""

from __future__ import annotations

import stat
from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from gallery.cli.tables import counted, facts, plain_table
from gallery.domain.gallery_file import BackupCopy, Checked, FileStatus


def status(found: FileStatus) -> Table:
    """How a gallery file stands."""
    change = found.last_change
    return facts(
        [
            ("gallery", found.path),
            ("schema", _schema(found)),
            ("encrypted", "yes" if found.encrypted else "no"),
            ("mode", f"{found.mode:04o} ({stat.filemode(found.mode)[1:]})"),
            ("size", f"{size(found.size)}, {counted(found.pages, 'page')} of {found.page_size} bytes"),
            ("write-ahead log", size(found.log_size) if found.log_size else "empty"),
            ("people", str(found.people)),
            ("references", str(found.references)),
            *(
                (
                    f"templates, {one.model}",
                    f"{one.templates} of {one.dimension} values" + (", in use" if one.current else ""),
                )
                for one in found.models
            ),
            ("runs", str(found.runs)),
            ("last change", f"{change.what}, {change.made:%Y-%m-%d %H:%M} UTC" if change else "none to undo"),
        ]
    )


def schema_remark(found: FileStatus) -> str:
    """What to do about a schema that is not this program's; empty where it is."""
    if found.revision == found.program_revision:
        return ""
    if found.revision < found.program_revision:
        return "An earlier version of this program made the schema. Run: gallery db upgrade"
    from gallery.installed import updating

    return f"A later version of this program made the schema. Update the program: {updating()}"


def backups(copies: Iterable[BackupCopy]) -> Table:
    """The copies of a gallery."""
    table = plain_table("Backups")
    table.add_column("file", overflow="fold")
    table.add_column("made (UTC)", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for copy in copies:
        made = f"{copy.made:%Y-%m-%d %H:%M}" if copy.made else "not recorded"
        table.add_row(escape(copy.path), made, "gone" if copy.size is None else size(copy.size))
    return table


def findings(checked: Checked) -> Table:
    """What is wrong in a gallery file."""
    table = plain_table(checked.path, f"{counted(len(checked.findings), 'finding')}")
    table.add_column("where", overflow="fold")
    table.add_column("what is wrong", overflow="fold")
    for finding in checked.findings:
        table.add_row(escape(finding.where), escape(finding.what))
    return table


def sound(checked: Checked) -> str:
    """That nothing is wrong, and what was looked at."""
    return (
        f"{checked.path} is sound: {counted(checked.rows, 'row')} read, among them "
        f"{counted(checked.templates, 'template')}, all of the right dimension and length."
    )


def size(count: int) -> str:
    """A number of bytes as people read it."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    for unit in ("kB", "MB", "GB"):  # noqa: B007 - the last one is used
        if value < 1000:
            break
        value /= 1000
    return f"{value:.3g} {unit}"


def _schema(found: FileStatus) -> str:
    made = f", made by gallery {found.written_by}" if found.written_by else ""
    same = found.revision == found.program_revision
    return f"{found.revision}{made}" + ("" if same else f"; this program works with {found.program_revision}")
