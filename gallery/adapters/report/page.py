"""The page: template, style and script put together into one file that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.adapters.photos.atomic import write_atomically
from gallery.adapters.photos.wording import not_written
from gallery.adapters.private_file import private_file
from gallery.adapters.shown_faces.own import require_like
from gallery.domain.deciding import Rule
from gallery.domain.errors import BadArgument
from gallery.domain.paths import shown
from gallery.domain.reporting import Report, distributions

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = "gallery report of a run"
"""Stands in the page's head: only such a file may be replaced by another."""
SUFFIXES = (".html", ".htm")
_HERE = Path(__file__).parent


class HtmlPages:
    """The port `Pages`."""

    def require_free(self, target: Path) -> None:
        """See `gallery.domain.report_ports.Pages`."""
        if target.suffix.lower() not in SUFFIXES:
            raise BadArgument(
                f"A report is a page of HTML, and {shown(target)} is not called like one.",
                "Give it a name that ends in .html.",
            )
        require_like(target, lambda head: f'content="{MARK}"'.encode() in head, "no report of this program")

    def write(self, report: Report, target: Path) -> int:
        """See `gallery.domain.report_ports.Pages`. The page's folder is made if it is missing."""
        data = rendered(report).encode("utf-8", "replace")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if report.originals:
                with private_file(target, force=True) as file:
                    file.write(data)
            else:
                write_atomically(data, target)
        except (OSError, ValueError) as error:
            raise not_written(target, error) from error
        return len(data)


def rendered(report: Report) -> str:
    """The page as text. Whatever comes from the gallery is escaped by the template, or is JSON made safe."""
    from markupsafe import Markup

    from gallery.adapters.report import data_blocks, wording
    from gallery.adapters.report.figures import figure

    style, script = _read("page.css"), _read("page.js")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            mark=MARK,
            style=Markup(style),  # noqa: S704 - this package's own file
            script=Markup(script),  # noqa: S704 - likewise
            style_hash=_policy_hash(style),
            script_hash=_policy_hash(script),
            report=report,
            folder=wording.folder(report.run),
            run=report.run,
            counts=wording.counts(report),
            visible=wording.visible(report.run),
            groups=wording.review(report),
            figures=[figure(one) for one in distributions(report.run)],
            settings=wording.settings(report),
            personal=wording.personal(report.run),
            rules=[rule.value for rule in Rule],
            facts=data_blocks.safe_json(data_blocks.facts(report)),
            blocks=(data_blocks.safe_json(block) for block in data_blocks.pictures(report)),
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy_hash(text: str) -> str:
    """How a content security policy names the one style or script that it allows (CSP level 2, section 4.2.5)."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
