"""What the grammar costs beside a step of the network, and what keeping the last turn saves.

Random weights at the shape of ChatGLM3-6B's layers. First the grammar: compiling it for 1 and for
50 functions of BFCL, and what it adds to each token of a forced call (ChatGLM3's own vocabulary),
beside the time of one step. Then the second turn of a conversation: the time to its first token
with what the first turn read, and without.

Run: python benchmarks/tool_calls.py [--layers 4] [--pairs 5] [--shared 2000] [--new 100] [--json]
"""

import argparse
import json
import lzma
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from groundglm.chatglm3 import ChatGLM3Tokenizer, GenerationRequest
from groundglm.grammar.constraint import Constraint, GrammarVocabulary
from groundglm.grammar.grammar import call_grammar
from groundglm.schemas import SchemaError
from groundglm.wire.tokenizer import STOP_IDS

sys.path.insert(0, str(Path(__file__).resolve().parent))

from engine import SHAPE, engine  # noqa: E402

SHARED = Path(__file__).resolve().parents[2] / "shared"


def functions():
    rows = []
    for file in sorted((SHARED / "data/bfcl").glob("BFCL*.json*")):
        data = file.read_bytes()
        text = lzma.decompress(data) if file.suffix == ".xz" else data
        rows += [json.loads(line) for line in text.decode("utf-8").splitlines()]
    found = {function["name"]: function for row in rows for function in row["function"]}
    names = sorted(found)
    random.Random(1).shuffle(names)
    return [found[name] for name in names]


def compiling(vocabulary, count, offered, times=20):
    """Milliseconds from schemas to the first mask, of grammars that were never seen."""
    taken = []
    for turn in range(times):
        chosen = [offered[(turn * count + number) % len(offered)] for number in range(count)]
        start = time.perf_counter()
        try:
            held = call_grammar(chosen, "any")
        except SchemaError:
            continue  # one of them cannot be forced
        vocabulary.matcher(held.grammar).compute_bitmask()
        taken.append(1000 * (time.perf_counter() - start))
        vocabulary._compiled.clear()
    return statistics.median(taken)


def per_token(vocabulary, offered, calls=100, tokens=1000):
    """Milliseconds that the grammar adds to a token, logits drawn at random."""
    taken, draw = [], torch.Generator().manual_seed(1)
    for function in offered[:calls]:
        held = call_grammar([function], function["name"])
        try:
            one = Constraint(vocabulary, held.grammar, tokens)
        except ValueError:
            continue
        for left in range(tokens, 0, -1):
            logits = torch.randn(vocabulary.size, generator=draw)
            bare = time.perf_counter()
            int(logits.argmax())
            start = time.perf_counter()
            id_ = one.choose(logits, left, lambda row: int(row.argmax()))
            taken.append(1000 * (time.perf_counter() - start - (start - bare)))
            if id_ in STOP_IDS or len(taken) > 30_000:
                break
    taken.sort()
    return statistics.mean(taken), taken[int(0.99 * len(taken))], len(taken)


def step_time(one, steps=10):
    """Milliseconds of one step behind a short prompt."""
    chunks = one.generate(GenerationRequest(tuple(range(5, 25)), steps + 2, stop_ids=()))
    next(chunks)
    next(chunks)
    start = time.perf_counter()
    for _ in range(steps):
        next(chunks)
    chunks.close()
    return 1000 * (time.perf_counter() - start) / steps


def first_token(one, prompt):
    """Seconds to the first token, and the logits that it was chosen by."""
    seen = []
    forward = one.forward

    def watched(*args, **options):
        found = forward(*args, **options)
        seen.append(found[:, -1].float().clone())
        return found

    one.forward = watched
    start = time.perf_counter()
    chunks = one.generate(GenerationRequest(tuple(prompt), 4, stop_ids=()))
    next(chunks)
    taken = time.perf_counter() - start
    chunks.close()
    one.forward = forward
    return taken, seen[0]


def second_turns(one, pairs, shared, new):
    """Ratios of the times without and with the first turn kept, and how far logits lie apart."""
    ratios, apart = [], 0.0
    draw = random.Random(2)
    for _ in range(pairs):
        first = [draw.randrange(3, 60_000) for _ in range(shared)]
        second = [*first, *(draw.randrange(3, 60_000) for _ in range(new))]
        one.prefixes.clear()
        without, plain = first_token(one, second)
        one.prefixes.clear()
        first_token(one, first)
        kept, logits = first_token(one, second)
        ratios.append(without / kept)
        apart = max(apart, float((plain - logits).abs().max() / plain.abs().max()))
    return ratios, apart


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--shared", type=int, default=2000)
    parser.add_argument("--new", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not SHARED.is_dir():
        sys.exit("needs the data sets and the vocabulary in ../shared, which are not here")
    tokenizer = ChatGLM3Tokenizer(SHARED / "golden/official_data/tokenizer.model")
    start = time.perf_counter()
    vocabulary = GrammarVocabulary(tokenizer, 65024)
    made = time.perf_counter() - start
    offered = functions()
    report = {
        "vocabulary_s": made,
        "compile_1_ms": compiling(vocabulary, 1, offered),
        "compile_50_ms": compiling(vocabulary, 50, offered),
    }
    mean, high, count = per_token(vocabulary, offered)
    report |= {"grammar_mean_ms": mean, "grammar_p99_ms": high, "grammar_tokens": count}
    with tempfile.TemporaryDirectory() as folder:
        one = engine(Path(folder) / "model", kept_bytes=2**30, **SHAPE, num_layers=options.layers)
        report["step_ms"] = step_time(one)
        report["layers"] = options.layers
        ratios, apart = second_turns(one, options.pairs, options.shared, options.new)
        report |= {"second_turn": sorted(ratios), "logits_apart": apart}
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print(
        f"the vocabulary is prepared in {made:.2f} s, once\n"
        f"compiled for 1 function in {report['compile_1_ms']:.1f} ms, for 50 in "
        f"{report['compile_50_ms']:.1f} ms\n"
        f"the grammar adds {mean:.2f} ms to a token on average, {high:.2f} at the 99th percentile "
        f"({count} tokens); a step of {options.layers} layers takes {report['step_ms']:.1f} ms\n"
        f"a second turn of {options.shared} shared and {options.new} new tokens: its first token "
        f"{statistics.median(ratios):.1f} times sooner ({min(ratios):.1f} to {max(ratios):.1f}), "
        f"logits at most {apart:.1e} of the largest apart"
    )


if __name__ == "__main__":
    main()
