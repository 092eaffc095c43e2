"""A conversation as ids and labels, masked as ChatGLM3's own fine-tuning demo masks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..wire.prompt import Prompt, Role, Segment, place_segments
from ..wire.tokenizer import ASSISTANT, EOS, Tokenizer

IGNORED = -100  # what torch's cross entropy leaves out
Mask = Literal["original", "assistant"]

_TARGETS: dict[Mask, frozenset[Role]] = {
    "original": frozenset({"assistant", "observation"}),
    "assistant": frozenset({"assistant"}),
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """Ids and labels of the same length; `cut` where the conversation was too long for them."""

    input_ids: list[int]
    labels: list[int]
    cut: bool = False

    @property
    def targets(self) -> int:
        """How many ids are learned."""
        return sum(label != IGNORED for label in self.labels)


def encode_conversation(
    tokenizer: Tokenizer,
    segments: Sequence[Segment],
    *,
    max_length: int,
    mask: Mask = "original",
) -> Encoded:
    """Encode a conversation for training.

    An id is learned where the id before it stands in a turn of the assistant: so `<|assistant|>`
    is not, and the `<|user|>` behind an answer, or the final end, is. That is the demo's rule
    (`process_batch` of finetune_hf.py), which learns what tools return as well ("original");
    "assistant" leaves that out.

    Args:
        tokenizer: The vocabulary of the model.
        segments: The conversation's turns.
        max_length: The most ids; what stands behind is cut off, as in the demo.
        mask: Which turns are learned.
    """
    placed = place_segments(tokenizer, segments)
    ids = [*placed.ids, EOS]
    learned = _learned(placed, _TARGETS[mask])
    labels = [id_ if learned[number] else IGNORED for number, id_ in enumerate(ids)]
    return Encoded(ids[:max_length], labels[:max_length], cut=len(ids) > max_length)


def _learned(placed: Prompt, roles: frozenset[Role]) -> list[bool]:
    learned = [False] * (len(placed.ids) + 1)
    for place in placed.places:
        if place.role in roles:
            learned[place.start + 1 : place.end + 1] = [True] * (place.end - place.start)
    return learned


def questions_and_answers(
    tokenizer: Tokenizer, segments: Sequence[Segment], *, max_input: int, max_output: int
) -> list[tuple[list[int], list[int]]]:
    """Each answer of a conversation with the prompt before it, as the demo evaluates them.

    A prompt ends with `<|assistant|>`, an answer with the end; turns behind `max_input` ids are
    left out.
    """
    placed = place_segments(tokenizer, segments)
    found: list[tuple[list[int], list[int]]] = []
    for place in placed.places:
        if place.start >= max_input:
            break
        if place.role == "assistant":
            prompt = [*placed.ids[: place.start][:max_input], ASSISTANT]
            answer = [*placed.ids[place.start + 1 : place.end], EOS]
            found.append((prompt, answer[:max_output]))
    return found
