"""What a training run is asked for: one TOML file."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import SettingsError

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSection(_Section):
    """Which checkpoint is trained, from which adapter on, and how it computes."""

    path: Path
    adapter: Path | None = None
    dtype: Literal["float32", "bfloat16"] | None = None
    device: str | None = None


class DataSection(_Section):
    """The files of conversations, and how they are read."""

    train: list[Path] = Field(min_length=1)
    evaluate: list[Path] = []
    max_length: int = Field(default=1024, ge=16)
    mask: Literal["original", "assistant"] = "assistant"
    skip_bad: bool = False


class LoraSection(_Section):
    """Low-rank matrices beside the frozen ones (Hu et al. 2021); rank 0 trains none."""

    rank: int = Field(default=8, ge=0)
    alpha: float = Field(default=16, gt=0)
    dropout: float = Field(default=0, ge=0, lt=1)
    targets: list[Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj"]] = (
        Field(default=list(TARGETS), min_length=1)
    )


class KeepSection(_Section):
    """Plain texts on which the model is to stay as it was (see `keeping`); none keeps nothing."""

    text: list[Path] = []
    weight: float = Field(default=1, gt=0)
    length: int = Field(default=256, ge=16)
    batch_size: int = Field(default=4, ge=1)


class TrainingSection(_Section):
    """How long and how fast; `workers` are processes that put batches together beside a GPU."""

    epochs: float = Field(default=1, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=4, ge=1)
    accumulate: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0, ge=0)
    seed: int = 0
    workers: int = Field(default=0, ge=0)
    packing: bool = False
    gradient_checkpointing: bool = False
    evaluate_every: int | None = Field(default=None, ge=1)
    save_every: int = Field(default=100, ge=1)
    log_every: int = Field(default=10, ge=1)


class TrainingConfig(_Section):
    """A whole run.

    `control_tokens` also trains the rows of ChatGLM3's control ids in the embedding and the output:
    for a model that has not seen them. Where training goes on from an adapter, that adapter says
    what is trained, not `lora` and `control_tokens`.
    """

    model: ModelSection
    data: DataSection
    output: Path
    lora: LoraSection = LoraSection()
    control_tokens: bool = False
    keep: KeepSection = KeepSection()
    training: TrainingSection = TrainingSection()


def read_config(path: str | Path) -> TrainingConfig:
    """Read a run's TOML file; relative paths in it start from its folder.

    Raises:
        SettingsError: it cannot be read, or a key or value does not fit.
    """
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    try:
        config = TrainingConfig.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise SettingsError(f"{file}: {name}: {problem['msg']}") from error
    if config.lora.rank == 0 and not config.control_tokens:
        raise SettingsError(
            f"{file}: lora.rank = 0 and no control_tokens: nothing would be trained"
        )
    here = file.resolve().parent
    adapter = config.model.adapter
    return config.model_copy(
        update={
            "model": config.model.model_copy(
                update={
                    "path": here / config.model.path,
                    "adapter": None if adapter is None else here / adapter,
                }
            ),
            "keep": config.keep.model_copy(
                update={"text": [here / one for one in config.keep.text]}
            ),
            "data": config.data.model_copy(
                update={
                    "train": [here / one for one in config.data.train],
                    "evaluate": [here / one for one in config.data.evaluate],
                }
            ),
            "output": here / config.output,
        }
    )
