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


@contextmanager
def bytes_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a download or a copy; the yielded function takes bytes done and bytes in all."""
    console = Console(stderr=True)
    columns = (
        TextColumn(what, markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def steps_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a number of photos; the yielded function takes photos done and photos in all."""
    console = Console(stderr=True)
    columns = (TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
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
def photos_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with the rate and the time left, under what is printed meanwhile."""
    console = Console(stderr=True)
    columns = (TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    # What is printed goes above the bar where both are the same terminal; elsewhere it must stay where it belongs.
    shared = Console().is_terminal
    with Progress(*columns, console=console, disable=not console.is_terminal, redirect_stdout=shared) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
