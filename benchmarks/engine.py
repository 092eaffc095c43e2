"""What our layer costs above bare transformers, and what computing several prompts together gains.

Random weights in ChatGLM3's layout. First `ChatGLM3.stream` beside `GlmForCausalLM.generate`, in
pairs, at the shape of ChatGLM3-6B's layers; then a batch of eight beside eight single calls.

Run: python benchmarks/engine.py [--pairs 20] [--tokens 16] [--layers 4] [--json]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from langchain_core.messages import HumanMessage

from groundglm import ChatGLM3
from groundglm.chatglm3 import GenerationRequest, load_model
from groundglm.engines.transformers_engine import TransformersEngine

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from tiny_model import CONFIG, original_tensors, write_original  # noqa: E402


class Words:
    """A vocabulary of which every id is a letter, so that no reply is empty."""

    def encode(self, text):
        return [3 + byte for byte in text.encode()]

    def decode(self, ids):
        return "".join("\n" if id_ == 13 else chr(97 + id_ % 26) for id_ in ids)


# ChatGLM3-6B's layers.
SHAPE = {
    "hidden_size": 4096, "ffn_hidden_size": 13696, "num_attention_heads": 32, "kv_channels": 128,
}  # fmt: skip


def engine(folder, *, kept_bytes=0, **shape):
    """Without keeping prompts unless asked: bare `generate` reads each prompt anew."""
    config = {**CONFIG, "padded_vocab_size": 65024, "seq_length": 8192, **shape}
    tensors = original_tensors(config)
    tensors["transformer.output_layer.weight"][64794:] = 0
    write_original(folder, tensors=tensors, config=config)
    return TransformersEngine(load_model(folder), Words(), name="random", kept_bytes=kept_bytes)


def single(one, prompts, tokens):
    start = time.perf_counter()
    for prompt in prompts:
        for _ in one.generate(GenerationRequest(prompt, max_tokens=tokens, stop_ids=())):
            pass
    return len(prompts) * tokens / (time.perf_counter() - start)


def together(one, prompts, tokens):
    start = time.perf_counter()
    one.generate_batch(
        [GenerationRequest(prompt, max_tokens=tokens, stop_ids=()) for prompt in prompts]
    )
    return len(prompts) * tokens / (time.perf_counter() - start)


def interval(ratios):
    """The 95 % interval of the mean of ratios."""
    mean, error = statistics.mean(ratios), statistics.stdev(ratios) / len(ratios) ** 0.5
    return {"mean": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        true = engine(Path(folder) / "true", **SHAPE, num_layers=options.layers)
        report["layer"] = interval(pairs(true, options.pairs, options.tokens))
        prompts = [tuple(range(3, 3 + 20 + 5 * row)) for row in range(8)]
        report["batch of 8, true shape"] = together(true, prompts, 8) / single(true, prompts, 8)
        small = engine(
            Path(folder) / "small", hidden_size=256, ffn_hidden_size=512, num_layers=4,
            num_attention_heads=4, kv_channels=64,
        )  # fmt: skip
        together(small, prompts, 4)
        gains = [
            together(small, prompts, 24) / single(small, prompts, 24)
            for _ in range(max(5, options.pairs // 4))
        ]
        report["batch of 8, hidden 256"] = statistics.median(gains)
    if options.json:
        print(json.dumps(report))
        return
    layer = report["layer"]
    print(f"stream beside generate, {options.pairs} pairs: {layer['mean']:.3f} of its tokens a "
          f"second (95 %: {layer['low']:.3f} to {layer['high']:.3f})")  # fmt: skip
    print(f"batch of 8 beside 8 single calls: {report['batch of 8, hidden 256']:.2f} times at "
          f"hidden 256, {report['batch of 8, true shape']:.2f} at the true shape")  # fmt: skip


def pairs(one, count, tokens):
    """Our tokens a second as shares of those of bare `generate`, by turns, after a warm-up."""
    chat = ChatGLM3(engine=one, max_tokens=tokens)
    message = [HumanMessage("x" * 40)]
    ids = torch.tensor([chat.make_request(message, {}).prompt_ids])
    mask = torch.ones_like(ids)

    def bare():
        start = time.perf_counter()
        out = one.model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False
        )
        return (out.shape[1] - ids.shape[1]) / (time.perf_counter() - start)

    def ours():
        start = time.perf_counter()
        *_, last = chat.stream(message)
        return last.usage_metadata["output_tokens"] / (time.perf_counter() - start)

    bare(), ours()
    ratios = []
    for number in range(count):
        first, second = (bare, ours) if number % 2 else (ours, bare)
        found = {first: first(), second: second()}
        ratios.append(found[ours] / found[bare])
    return ratios


if __name__ == "__main__":
    main()
