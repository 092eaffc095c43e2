"""Progress bars on a terminal, with the time that is left; nothing elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..text.terminal import visible_line
from .output import console

if TYPE_CHECKING:
    from ..knowledge.adding import FileProgress

_SPEED_SECONDS = 120  # the time over which the speed is taken; embedding comes in bursts


@contextmanager
def add_progress() -> Generator["Callable[[FileProgress], None]"]:
    """A bar for `add` that is told each file: files, passages and the time left."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[files]}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("left:", markup=False),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        speed_estimate_period=_SPEED_SECONDS,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("finding files", total=None, files="")

        def show(progress: "FileProgress") -> None:
            bar.update(
                task,
                total=max(1, progress.of_bytes),
                completed=progress.bytes,
                description=visible_line(progress.name),
                files=f"{progress.files:,}/{progress.of_files:,} files, "
                f"{progress.passages:,} passages",
            )

        yield show


@contextmanager
def counted(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar that is told what is done, and how much there is."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left:", markup=False),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=1)
        yield lambda done, total: bar.update(task, completed=done, total=max(1, total))
