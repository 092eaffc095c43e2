"""English for the small model: beginnings to continue, a text, and how well it is foretold."""

import math

import torch

PROMPTS = (
    "The capital of France is", "Once upon a time, in a small village", "def fibonacci(n):",
    "The three primary colours are", "Water boils at", "In 1969, humans first",
    "A good recipe for bread begins with", "The ferry leaves at noon. It leaves at",
    "My favourite book is", "Dear Sir or Madam,", "1, 2, 3, 4,", "The opposite of hot is",
    "Photosynthesis is the process by which", "She opened the door and", "SELECT name FROM",
    "To be, or not to be:", "The largest planet in the solar system",
    "If it rains tomorrow, we will", "A triangle has", "The quick brown fox",
)  # fmt: skip


def english(repository):
    files = ("README.md", "CHANGELOG.md", "docs/knowledge-base.md", "LICENSE")
    return "\n".join((repository / name).read_text("utf-8") for name in files)[:20_000]


def perplexity(logits_of, ids, window=512):
    total = count = 0
    for start in range(0, len(ids) - 1, window):
        part = torch.tensor([ids[start : start + window + 1]])
        with torch.no_grad():
            chances = logits_of(part[:, :-1])[0, :, :49_152].log_softmax(-1)
        total -= float(chances.gather(-1, part[0, 1:, None]).sum())
        count += part.shape[1] - 1
    return math.exp(total / count)
