"""Training LoRA matrices and the rows of control ids, on transformers' Trainer."""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch

from ..checkpoints.checkpoint import checkpoint_folder, dtype_of, load_model
from ..errors import CheckpointError, DatasetError, MissingExtraError
from ..wire.tokenizer import (
    ASSISTANT,
    EOS,
    GMASK,
    OBSERVATION,
    SOP,
    SYSTEM,
    USER,
    Tokenizer,
    load_tokenizer,
)
from .batches import Row, collate, rows_of
from .config import TrainingConfig
from .dataset import DatasetReport, Problem, read_dataset
from .keeping import blocks_at, blocks_of, drift

#: The control ids that a conversation holds, and those of them that a model has to write.
READ_IDS = (GMASK, SOP, SYSTEM, USER, ASSISTANT, OBSERVATION)
WRITTEN_IDS = (USER, ASSISTANT, OBSERVATION)
# Where a row of the embedding is empty it begins as the mean of these words' rows.
_WORDS = {
    GMASK: "begin",
    SOP: "start",
    SYSTEM: "system",
    USER: "user",
    ASSISTANT: "assistant",
    OBSERVATION: "observation",
}
_PACKAGES = ("groundglm", "torch", "transformers", "peft", "accelerate")

Progress = Callable[[int, int, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run gave: where its adapter lies, its last losses, and what of the data was wrong."""

    adapter: Path
    steps: int
    loss: float
    evaluation_loss: float | None
    examples: int
    problems: Sequence[Problem]
    trained_numbers: int


def train(
    config: TrainingConfig, *, resume: bool = False, progress: Progress | None = None
) -> RunReport:
    """Train an adapter; the run's folder holds its config, losses, checkpoints and the adapter.

    Args:
        config: What to train on what.
        resume: Go on from the last checkpoint in the run's folder, with the same losses as if
            nothing had happened.
        progress: Called with the step, the number of steps, and what was measured.

    Raises:
        MissingExtraError: the extra `finetune` is not installed.
        DatasetError: the data is wrong.
        CheckpointError: the model cannot be loaded, or the run's folder is taken or cannot go on.
    """
    if any(find_spec(name) is None for name in ("peft", "accelerate")):
        raise MissingExtraError("fine-tuning", extra="finetune")
    start = _start(config, resume=resume)
    folder = checkpoint_folder(config.model.path)
    tokenizer = load_tokenizer(folder)
    learned, problems = _rows(config, config.data.train, tokenizer)
    judged, more = _rows(config, config.data.evaluate, tokenizer)
    dtype = dtype_of(config.model.dtype) if config.model.dtype else None
    base = load_model(folder, dtype=dtype, device=config.model.device)
    if config.control_tokens:
        fill_empty_rows(base, tokenizer)
    model = adapted(base, config)
    keep = config.keep
    kept = blocks_of(keep.text, tokenizer, length=keep.length) if keep.text else []
    config.output.mkdir(parents=True, exist_ok=True)
    _describe(config, learned, judged, kept)
    trainer = _trainer(model, config, learned.rows, judged.rows, kept, progress)
    trainer.train(resume_from_checkpoint=str(start) if start is not None else None)
    adapter = config.output / "adapter"
    model.save_pretrained(adapter, save_embedding_layers=False)
    history = cast("list[dict[str, float]]", trainer.state.log_history)
    _write_history(config.output, history)
    evaluated = trainer.evaluate()["eval_loss"] if judged.rows else None
    return RunReport(
        adapter=adapter,
        steps=int(trainer.state.global_step),
        loss=_last_loss(history),
        evaluation_loss=evaluated,
        examples=learned.examples,
        problems=[*problems, *more],
        trained_numbers=sum(one.numel() for one in model.parameters() if one.requires_grad),
    )


def fill_empty_rows(model: Any, tokenizer: Tokenizer) -> None:  # noqa: ANN401
    """Give control ids whose rows are all zero rows to begin with.

    Nothing but zeros comes of a row of zeros, and its gradient grows with every norm on its way
    until it is no number.
    """
    embedding, output = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    with torch.no_grad():
        for id_, word in _WORDS.items():
            if not embedding[id_].any():
                embedding[id_] = embedding[tokenizer.encode(word)].mean(0)
        for id_ in WRITTEN_IDS:
            if not output[id_].any():
                output[id_] = output[EOS]  # each of them ends a turn as well


def adapted(model: Any, config: TrainingConfig) -> Any:  # noqa: ANN401 - peft has no stubs
    """The model with the matrices and rows to train, the rest frozen."""
    import peft

    library: Any = peft
    _ = cast("Any", torch).manual_seed(config.training.seed)
    if config.model.adapter is not None:
        return _opened(library, model, config.model.adapter)
    indices = {"embed_tokens": list(READ_IDS), "lm_head": list(WRITTEN_IDS)}
    settings = library.LoraConfig(
        r=max(config.lora.rank, 1),
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=list(config.lora.targets),
        trainable_token_indices=indices if config.control_tokens else None,
        task_type="CAUSAL_LM",
    )
    made = library.get_peft_model(model, settings)
    if not config.lora.rank:
        # peft knows no adapter without matrices: one of zeros stays as it is.
        for name, parameter in made.named_parameters():
            if "lora_" in name:
                parameter.requires_grad_(False)
    return made


def _opened(library: Any, model: Any, adapter: Path) -> Any:  # noqa: ANN401
    """The model with the adapter of an earlier run, to be trained further."""
    try:
        return library.PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{adapter} is no adapter of this model: {error}") from error


# --- data ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    rows: list[Row]
    examples: int
    sha256: str


def _rows(
    config: TrainingConfig, paths: Sequence[Path], tokenizer: Tokenizer
) -> tuple[_Rows, list[Problem]]:
    if not paths:
        return _Rows([], 0, ""), []
    report: DatasetReport = read_dataset(paths, skip_bad=config.data.skip_bad)
    length = config.data.max_length
    encoded = report.encoded(tokenizer, max_length=length, mask=config.data.mask)
    if not encoded:
        raise DatasetError(f"every conversation is longer than max_length = {length}")
    rows = rows_of(encoded, max_length=length, packing=config.training.packing)
    return _Rows(rows, len(encoded), report.sha256), report.problems


def _last_loss(history: Sequence[Mapping[str, float]]) -> float:
    """The last mean that was logged; of a run too short for one, the mean of all its steps."""
    logged = [entry["loss"] for entry in history if "loss" in entry]
    whole = [entry["train_loss"] for entry in history if "train_loss" in entry]
    return [*whole, *logged][-1]


# --- the run's folder ---------------------------------------------------------------------------


def _start(config: TrainingConfig, *, resume: bool) -> Path | None:
    """The checkpoint to go on from; None for a new run."""
    output = config.output
    told = output / "run.json"
    if not resume:
        # A kill may have left a file that was being written.
        if output.exists() and any(path.suffix != ".new" for path in output.iterdir()):
            raise CheckpointError(
                f"{output} holds a run already: go on with it (resume), or name another output"
            )
        return None
    if not told.is_file():
        raise CheckpointError(f"{output} holds no run to go on with")
    before = json.loads(told.read_text("utf-8"))["config"]
    if before != config.model_dump(mode="json"):
        changed = [
            key for key, value in config.model_dump(mode="json").items() if before.get(key) != value
        ]
        raise CheckpointError(f"{output} was begun with another config: {', '.join(changed)}")
    whole = [path for path in output.glob("checkpoint-*") if _is_whole(path)]
    return max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]), default=None)


def _is_whole(checkpoint: Path) -> bool:
    """Whether no kill cut a checkpoint short: its state is written last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _describe(config: TrainingConfig, learned: _Rows, judged: _Rows, kept: list[list[int]]) -> None:
    versions: dict[str, str] = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    data = {
        "config": config.model_dump(mode="json"),
        "data_sha256": learned.sha256,
        "evaluation_sha256": judged.sha256,
        "kept_sha256": hashlib.sha256(json.dumps(kept).encode()).hexdigest() if kept else "",
        "examples": learned.examples,
        "versions": versions,
    }
    _replace(config.output / "run.json", json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _write_history(output: Path, history: Sequence[Mapping[str, float]]) -> None:
    lines = [json.dumps(entry) for entry in history]
    _replace(output / "losses.jsonl", "\n".join(lines) + "\n")
    has_points = any("loss" in entry for entry in history)
    if has_points and find_spec("matplotlib") is not None:
        from .curves import draw_curves

        draw_curves(history, output / "losses.png")


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(path.suffix + ".new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


# --- transformers -------------------------------------------------------------------------------


def _trainer(
    model: Any,  # noqa: ANN401
    config: TrainingConfig,
    learned: list[Row],
    judged: list[Row],
    kept: list[list[int]],
    progress: Progress | None,
) -> Any:  # noqa: ANN401
    import transformers

    library: Any = transformers
    asked = config.training
    device = next(model.parameters()).device
    arguments = library.TrainingArguments(
        output_dir=str(config.output),
        per_device_train_batch_size=asked.batch_size,
        per_device_eval_batch_size=asked.batch_size,
        gradient_accumulation_steps=asked.accumulate,
        learning_rate=asked.learning_rate,
        warmup_steps=asked.warmup_steps,
        weight_decay=asked.weight_decay,
        num_train_epochs=asked.epochs,
        max_steps=asked.max_steps or -1,
        seed=asked.seed,
        data_seed=asked.seed,
        gradient_checkpointing=asked.gradient_checkpointing,
        logging_steps=asked.log_every,
        save_steps=asked.save_every,
        save_total_limit=2,
        eval_strategy="steps" if judged and asked.evaluate_every else "no",
        eval_steps=asked.evaluate_every,
        use_cpu=device.type == "cpu",
        remove_unused_columns=False,
        dataloader_pin_memory=device.type == "cuda",
        dataloader_num_workers=asked.workers,
        logging_nan_inf_filter=False,  # it would wait for the GPU at every step
        disable_tqdm=True,
        report_to=[],
    )
    if asked.gradient_checkpointing:
        model.enable_input_require_grads()

    class AdapterTrainer(library.Trainer):
        """Adds how far the model drifts on plain text to the loss, and saves the adapter alone.

        peft would save whole embeddings with it.
        """

        drawn = 0

        def compute_loss(self, model: Any, inputs: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401
            found: Any = library.Trainer.compute_loss(self, model, inputs, *given, **named)
            if not kept or not model.training:
                return found
            self.drawn += 1
            part = self.drawn % asked.accumulate
            step = self.state.global_step * asked.accumulate + part
            blocks = blocks_at(kept, config.keep.batch_size, seed=asked.seed, step=step)
            return found + config.keep.weight * drift(model, blocks) / asked.accumulate

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ANN401
            folder = Path(output_dir or self.args.output_dir)
            folder.mkdir(parents=True, exist_ok=True)
            self.model.save_pretrained(folder, save_embedding_layers=False)

    class Listener(library.TrainerCallback):
        """Tells the progress, and nothing else."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ANN401
            if progress is not None:
                progress(int(state.global_step), int(state.max_steps), logs or {})

    trainer = AdapterTrainer(
        model=model,
        args=arguments,
        train_dataset=learned,
        eval_dataset=judged or None,
        data_collator=partial(collate, packing=asked.packing),
        callbacks=[Listener()],
    )
    trainer.remove_callback(library.PrinterCallback)
    return trainer


def report_data(report: RunReport) -> dict[str, Any]:
    """A report as JSON data."""
    data = asdict(report)
    data["adapter"] = str(report.adapter)
    data["problems"] = [str(problem) for problem in report.problems]
    return data
