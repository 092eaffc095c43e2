"""What was read is kept for the next turn: fewer ids are computed, and the same is written."""

import threading

import pytest
import torch

from groundglm.chatglm3 import GenerationRequest, load_model
from groundglm.checkpoints.adapters import Prefix
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.tokenizer import ByteTokenizer

from ..tiny_model import write_original


class Counting(TransformersEngine):
    """Counts the ids that go through the network."""

    computed = 0
    logits = None

    def forward(self, ids, *args, **options):
        self.computed += ids.numel()
        found = super().forward(ids, *args, **options)
        if self.logits is None:
            self.logits = found
        return found


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(write_original(tmp_path_factory.mktemp("tiny") / "tiny"), dtype="float32")


def engine(model, **options):
    return Counting(model, ByteTokenizer(), name="tiny", **options)


def write(one, prompt, tokens=10, **options):
    request = GenerationRequest(tuple(prompt), tokens, stop_ids=(), **options)
    one.computed, one.logits = 0, None
    return [id_ for chunk in one.generate(request) for id_ in chunk.ids]


FIRST = [5 + number % 200 for number in range(80)]


@pytest.mark.parametrize("prefixed", [False, True])
def test_the_second_turn_reads_only_what_is_new(model, prefixed):
    prefix = None
    if prefixed:
        random = torch.Generator().manual_seed(1)
        prefix = Prefix(torch.randn(4, 2, 3, 16, generator=random))
    kept = engine(model, prefix=prefix)
    fresh = engine(model, prefix=prefix, kept_bytes=0)
    reply = write(kept, FIRST)
    assert reply == write(fresh, FIRST)
    second = [*FIRST, *reply, *range(30, 45)]

    assert write(kept, second) == write(fresh, second)

    assert fresh.computed == len(second) + 9
    assert kept.computed == len(second) - (len(FIRST) + 9) + 9
    torch.testing.assert_close(kept.logits[:, -1], fresh.logits[:, -1], atol=1e-4, rtol=0)


def test_a_prompt_that_differs_in_the_middle_shares_what_comes_before(model):
    kept, fresh = engine(model), engine(model, kept_bytes=0)
    write(kept, FIRST)
    other = [*FIRST[:50], 301, *FIRST[51:]]
    assert write(kept, other) == write(fresh, other)
    assert kept.computed == 30 + 9
    write(kept, FIRST)  # the first one is still as it was
    assert write(kept, FIRST) == write(fresh, FIRST)
    assert kept.computed == 1 + 9
    assert write(kept, [7] * 40) == write(fresh, [7] * 40)
    assert kept.computed == 40 + 9


def test_a_reply_that_was_broken_off_leaves_what_it_read(model):
    kept, fresh = engine(model), engine(model, kept_bytes=0)
    chunks = kept.generate(GenerationRequest(tuple(FIRST), 30, stop_ids=()))
    begun = [next(chunks).ids[0] for _ in range(5)]
    chunks.close()
    assert write(kept, [*FIRST, *begun, 9]) == write(fresh, [*FIRST, *begun, 9])
    assert kept.computed == 2 + 9


def test_memory_is_bounded_and_the_oldest_goes_first(model):
    write(probe := engine(model), FIRST)
    size = probe.prefixes.bytes
    assert size == (len(FIRST) + 9) * 2 * 2 * 2 * 16 * 4  # layers, keys and values, groups, width
    kept = engine(model, kept_bytes=int(2.5 * size))
    for start in range(4):
        write(kept, [start + 3, *FIRST[1:]])
        assert kept.prefixes.bytes <= 2.5 * size
    write(kept, [6, *FIRST[1:]])
    assert kept.computed == 1 + 9
    write(kept, [3, *FIRST[1:]])
    assert kept.computed == 80 + 9
    kept.prefixes.clear()
    assert kept.prefixes.bytes == 0


def test_a_growing_conversation_is_kept_once(model):
    kept = engine(model)
    ids = FIRST[:20]
    for _ in range(4):
        ids = [*ids, *write(kept, ids), 11]
    assert kept.prefixes.bytes < 1.2 * (len(ids) * 2 * 2 * 2 * 16 * 4)


def test_threads_share_a_beginning(model):
    kept, fresh = engine(model), engine(model, kept_bytes=0)
    write(kept, FIRST)
    prompts = [[*FIRST, 20 + number, 9] for number in range(12)]
    wanted = [write(fresh, prompt) for prompt in prompts]
    found = [None] * 12

    def ask(number):
        request = GenerationRequest(tuple(prompts[number]), 10, stop_ids=())
        found[number] = [id_ for chunk in kept.generate(request) for id_ in chunk.ids]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == wanted
