"""Progress bars, on standard error, and only where there is a terminal to draw them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from gallery.cli.boundary import heed
from gallery.cli.output import console


@contextmanager
def bytes_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a download or a copy; the yielded function takes bytes done and bytes in all."""
    bars = Console(stderr=True)
    columns = (
        TextColumn(what, markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=bars, disable=not bars.is_terminal) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def steps_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a number of photos; the yielded function takes photos done and photos in all."""
    bars = Console(stderr=True)
    columns = (TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=bars, disable=not bars.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            heed()

        yield advance


class _Rate(ProgressColumn):
    """How many a second, or how many seconds each takes."""

    def render(self, task: Task) -> Text:
        """As text."""
        if not task.speed:
            return Text("")
        return Text(f"{task.speed:.1f}/s" if task.speed >= 1 else f"{1 / task.speed:.1f} s each")


@contextmanager
def photos_progress(what: str) -> Iterator[tuple[Callable[[int, int], None], Console]]:
    """A bar with the rate and the time left.

    Args:
        what: What is counted.

    Yields:
        What takes photos done and photos in all, and where tables go meanwhile: above the bar where both are in one
        terminal, to standard output elsewhere.
    """
    bars = Console(stderr=True, highlight=False)
    columns = (TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=bars, disable=not bars.is_terminal, redirect_stdout=False) as bar:
        task = bar.add_task(what, total=None)
        tables = console()
        shared = bars.is_terminal and tables.is_terminal
        yield lambda done, total: bar.update(task, completed=done, total=total), bars if shared else tables
