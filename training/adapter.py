"""Train the adapter of the small model and lay it into the package: `make small-model-adapter`.

Each stage of the recipe has three steps, each kept when it is done, so that a run that was broken
off goes on: SmolLM2's own answers, the data, the training (which goes on from its last checkpoint).

Run: python training/adapter.py FOLDER [--output FOLDER] [--stage 2 --adapter FOLDER]
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import safetensors.torch
import torch

from groundglm.checkpoints.small_model import cached_small_model
from groundglm.finetuning.config import (
    DataSection,
    KeepSection,
    LoraSection,
    ModelSection,
    TrainingConfig,
    TrainingSection,
)
from groundglm.finetuning.training import train

HERE = Path(__file__).resolve().parent


def make_data(folder: Path, stage: dict) -> None:
    """The files of a stage's data, where they are not there yet."""
    drawn = [(f"ordinary-{seed}.jsonl", seed, count, []) for seed, count in stage["ordinary"]]
    if "plain" in stage:
        drawn.append(("plain.txt", *stage["plain"], ["--plain"]))
    for name, seed, count, more in drawn:
        file = folder / name
        if not file.exists():
            partial = file.with_suffix(".part")
            _run("ordinary.py", str(partial), "--seed", str(seed), "--count", str(count), *more)
            os.replace(partial, file)
    if not all((folder / f"{name}.jsonl").exists() for name in ("train", "evaluate")):
        shares = json.dumps(stage.get("shares", {}))
        counted = ("--count", str(stage["count"]), "--seed", str(stage["seed"]))
        _run("data.py", str(folder), *counted, "--shares", shares)


def _run(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(HERE / script), *arguments], check=True)


def config_of(folder: Path, stage: dict, adapter: Path | None) -> TrainingConfig:
    """A stage of the recipe as the configuration of a run, on top of the one before."""
    has_gpu = torch.cuda.is_available()
    asked = dict(stage["training"])
    length = asked.pop("max_length")
    plain = [folder / "plain.txt"] if "keep" in stage else []
    return TrainingConfig(
        model=ModelSection(
            path=cached_small_model(report=print),
            adapter=adapter,
            dtype="bfloat16",
            device="cuda" if has_gpu else "cpu",
        ),
        data=DataSection(
            train=[folder / "train.jsonl"],
            evaluate=[folder / "evaluate.jsonl"],
            max_length=length,
            mask="assistant",
        ),
        output=folder / "run",
        lora=LoraSection(**stage.get("lora", {})),
        control_tokens=True,
        keep=KeepSection(text=plain, **stage.get("keep", {})),
        training=TrainingSection(**asked),
    )


def pack(adapter: Path, output: Path) -> None:
    """The adapter as it goes into the package, in half precision."""
    tensors = safetensors.torch.load_file(adapter / "adapter_model.safetensors")
    halved = {name: one.to(torch.float16).contiguous() for name, one in tensors.items()}
    output.mkdir(parents=True, exist_ok=True)
    partial = output / "adapter_model.part"
    safetensors.torch.save_file(halved, partial, {"format": "pt"})
    os.replace(partial, output / "adapter_model.safetensors")
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    config["base_model_name_or_path"] = "groundglm-small"  # no path of this machine
    config["target_modules"] = sorted(config["target_modules"])
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (output / "adapter_config.json").write_text(text, "utf-8")
    for file in output.iterdir():
        file.chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--stage", type=int, default=1, help="begin with this one, from --adapter")
    parser.add_argument("--adapter", type=Path, help="what an earlier stage gave")
    options = parser.parse_args()
    stages = tomllib.loads(options.recipe.read_text("utf-8"))["stage"]
    adapter: Path | None = options.adapter
    for number, stage in list(enumerate(stages, start=1))[options.stage - 1 :]:
        adapter = run_stage(options.folder / f"stage-{number}", stage, adapter)
    if adapter is None:
        parser.error(f"there are {len(stages)} stages")
    packed = options.output or options.folder / "packed"
    pack(adapter, packed)
    print(f"{packed} holds the adapter. Next: benchmarks/small_adapter.py, training/card.py")


def run_stage(folder: Path, stage: dict, adapter: Path | None) -> Path:
    """One stage, begun or taken up again; gives its adapter."""
    folder.mkdir(parents=True, exist_ok=True)
    make_data(folder, stage)
    config = config_of(folder, stage, adapter)

    def tell(step: int, steps: int, told: dict) -> None:
        shown = {key: round(told[key], 4) for key in ("loss", "eval_loss") if key in told}
        if shown:
            print(f"step {step} of {steps}: {shown}", flush=True)

    report = train(config, resume=(config.output / "run.json").is_file(), progress=tell)
    print(f"loss {report.loss:.4f}, on the held-out part {report.evaluation_loss:.4f}")
    return report.adapter


if __name__ == "__main__":
    main()
