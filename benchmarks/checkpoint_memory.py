"""How much private memory converting and loading a checkpoint takes, beside its largest shard.

A checkpoint of random weights in ChatGLM3's original layout is written first; then each step runs
in a process of its own. Pages mapped from files are not private: the system can take them back.

Run: python benchmarks/checkpoint_memory.py [--gigabytes 2] [--json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from tiny_model import CONFIG, original_tensors  # noqa: E402

# Linux tells the private pages of a process; a thread looks every few milliseconds.
STEP = """
import sys, threading, time
peak = 0
def private():
    with open("/proc/self/smaps_rollup") as file:
        lines = [line.split() for line in file if line.startswith("Private_Dirty")]
    return int(lines[0][1]) * 1024
from groundglm.checkpoints.checkpoint import load_model
from groundglm.checkpoints.conversion import convert_checkpoint
import transformers.models.glm.modeling_glm
start = private()
def watch():
    global peak
    while True:
        peak = max(peak, private() - start)
        time.sleep(0.005)
threading.Thread(target=watch, daemon=True).start()
if sys.argv[1] == "convert":
    convert_checkpoint(sys.argv[2], sys.argv[3])
else:
    model = load_model(sys.argv[2], dtype=sys.argv[3] if len(sys.argv) > 3 else None)
time.sleep(0.05)
print(peak)
"""


def write(folder: Path, size: float) -> int:
    """Write the checkpoint in shards; the bytes of the largest."""
    config = {
        **CONFIG, "padded_vocab_size": 65024, "hidden_size": 2048, "ffn_hidden_size": 6848,
        "num_attention_heads": 16, "kv_channels": 128, "seq_length": 8192, "num_layers": 1,
        "torch_dtype": "float16",
    }  # fmt: skip
    layer = sum(
        one.numel() for name, one in original_tensors(config).items() if "layers.0." in name
    )
    embeddings = 2 * 65024 * 2048
    config["num_layers"] = max(1, round((size * 1e9 / 2 - embeddings) / layer))
    tensors = {name: one.half() for name, one in original_tensors(config).items()}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    names, placed, largest = sorted(tensors), {}, 0
    for number in range(4):
        file = f"model-{number + 1:05d}-of-00004.safetensors"
        part = {name: tensors[name] for name in names[number::4]}
        save_file(part, folder / file)
        placed |= dict.fromkeys(part, file)
        largest = max(largest, (folder / file).stat().st_size)
    index = {"metadata": {}, "weight_map": placed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return largest


def step(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", STEP, *arguments], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("this benchmark needs Linux's /proc/self/smaps_rollup")
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        torch.manual_seed(0)
        largest = write(source, options.gigabytes)
        whole = sum(path.stat().st_size for path in source.glob("*.safetensors"))
        found = {
            "convert": step("convert", str(source), str(Path(work) / "converted")),
            "load": step("load", str(source)),
            "load converted": step("load", str(Path(work) / "converted")),
            "load as bfloat16": step("load", str(source), "bfloat16"),
        }
    report = {"bytes": whole, "largest shard": largest, "peaks": found}
    if options.json:
        print(json.dumps(report))
        return
    print(f"{whole / 1e9:.2f} GB in all, largest shard {largest / 1e9:.2f} GB")
    for name, peak in found.items():
        print(f"{name:18} {peak / 1e9:6.3f} GB private at the peak, "
              f"{peak / largest:.2f} largest shards, {peak / whole:.2f} models")  # fmt: skip


if __name__ == "__main__":
    main()
