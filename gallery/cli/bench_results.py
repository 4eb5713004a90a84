"""The table and the JSON of `gallery bench`. The table fits 80 columns; fields are added, never taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group
from rich.text import Text

from gallery.cli.evaluation_tables import numbers
from gallery.cli.tables import counted, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gallery.domain.benching import Benched, Spent
    from gallery.usecases.bench import Bench

_OF_FACES = ("crop", "embed", "match")
"""Stages whose work is faces; that of the others is pixels."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What was measured with.

    Attributes:
        folder: The photos; None for copies of the demo's picture.
        model: The embedder.
        precision: In what numbers it computed.
        detector: The detector.
        templates: With how many each face was compared.
    """

    folder: str | None
    model: str
    precision: str
    detector: str
    templates: int

    @classmethod
    def of(cls, bench: Bench, folder: str | None) -> Self:
        """That of a measurement."""
        recogniser, templates = bench.anonymise.recogniser, len(bench.people.whitelist)
        card = recogniser.embedder.card
        return cls(folder, card.name, card.spec.precision.value, recogniser.detector.card.name, templates)


def table(result: Benched, setting: Setting) -> RenderableType:
    """Stages, the run, and the machine's limits."""
    copies = f"{result.photos} {'copy' if result.photos == 1 else 'copies'} of the demo's picture"
    photos = copies if setting.folder is None else f"{counted(result.photos, 'photo')} in {setting.folder}"
    head = (
        f"{photos}: {result.pixels / result.photos / 1e6:.1f} megapixels and "
        f"{result.faces / result.photos:.1f} faces each\n"
        f"{setting.model} in {setting.precision} with {setting.detector}, {counted(setting.templates, 'template')}; "
        f"{counted(result.cores, 'core')}, {result.jobs} at work\n"
    )
    made = plain_table()
    made.add_column("", no_wrap=True)
    numbers(made, "ms/photo", "ms/face", "CPU ms", "rate")
    for stage, spent in result.stages.items():
        made.add_row(stage, *_times(spent, result), _rate(stage, spent, result))
    made.add_section()
    made.add_row("all parts", *_times(result.parts, result), "")
    made.add_row("the run", *_times(result.run, result), f"{result.photos / result.run.wall:.1f} photos/s")
    made.add_row("", "", "", "", f"{result.faces / result.run.wall:.1f} faces/s")
    made.add_section()
    for name, rate in _limits(result):
        made.add_row(name, "", "", "", rate)
    foot = (
        f"\nCPU ms: of all cores together, per photo. The run kept {_share(result.cpu_use)} of the cores busy, other "
        f"programs {_share(result.others)}, and took at most {result.memory / 1e6:.0f} MB of memory. It lasted "
        f"{result.overhead:.2f} times as long as its parts would if all cores worked on them all the time, "
        f"{result.overhead_of_ours:.2f} times as far as other programs left the cores to it; 1 is the best there can "
        "be. The last four lines are what this machine reaches with nothing around it."
    )
    return Group(Text(head), made, Text(foot))


def _times(spent: Spent, result: Benched) -> tuple[str, str, str]:
    per_face = f"{1000 * spent.wall / result.faces:.1f}" if result.faces else "–"
    return f"{1000 * spent.wall / result.photos:.1f}", per_face, f"{1000 * spent.cpu / result.photos:.1f}"


def _rate(stage: str, spent: Spent, result: Benched) -> str:
    if not spent.wall or (stage in _OF_FACES and not result.faces):
        return "–"
    if stage in _OF_FACES:
        return f"{result.faces / spent.wall:,.0f} faces/s"
    return f"{result.pixels / spent.wall / 1e6:.0f} MP/s"


def _limits(result: Benched) -> list[tuple[str, str]]:
    limits = result.limits
    return [
        ("float32 matrix product", f"{limits.matrix / 1e9:.0f} GFLOP/s"),
        ("memory, read and written", f"{limits.copying / 1e9:.1f} GB/s"),
        ("JPEG decoded by Pillow", f"{limits.decoding / 1e6:.0f} MP/s" if limits.decoding else "–"),
        ("JPEG encoded by Pillow", f"{limits.encoding / 1e6:.0f} MP/s" if limits.encoding else "–"),
    ]


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def document(result: Benched, setting: Setting) -> dict[str, Any]:
    """Everything, in seconds, bytes, pixels and their rates."""
    return {
        **asdict(setting),
        "photos": result.photos,
        "faces": result.faces,
        "pixels": result.pixels,
        "cores": result.cores,
        "jobs": result.jobs,
        "stages": {stage: asdict(spent) for stage, spent in result.stages.items()},
        "run": asdict(result.run),
        "cpu_use": result.cpu_use,
        "others": result.others,
        "overhead": result.overhead,
        "overhead_of_ours": result.overhead_of_ours,
        "peak_memory": result.memory,
        "limits": asdict(result.limits),
        "failed": {str(file): why for file, why in result.failed.items()},
    }
