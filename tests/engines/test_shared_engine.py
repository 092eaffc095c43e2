"""Replies that join others half way are those that each would have been alone."""

import asyncio
import threading
import time

import pytest
import torch

from groundglm import ChatGLM3
from groundglm.chatglm3 import GenerationRequest
from groundglm.checkpoints.adapters import Prefix
from groundglm.engines.shared_engine import SharedEngine
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.grammar.grammar import json_grammar
from groundglm.wire.tokenizer import USER

from ..random_model import random_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return random_engine(tmp_path_factory.mktemp("weights") / "tiny", favoured=slice(3, 259))


@pytest.fixture
def shared(engine):
    return SharedEngine(engine, most_rows=5)


def prompt(number, length):
    return [
        64790,
        64792,
        USER,
        *[20 + (7 * number + place) % 200 for place in range(length)],
        64796,
    ]


def ids_of(engine, request):
    chunks = list(engine.generate(request))
    return [id_ for chunk in chunks for id_ in chunk.ids], chunks[-1].finish_reason


def requests():
    """Prompts of all lengths, greedy and drawn, free and held, long and short."""
    held = json_grammar({"type": "object", "properties": {"a": {"type": "integer"}}})
    for number in range(14):
        yield GenerationRequest(
            prompt(number, 3 + 5 * (number % 6)),
            max_tokens=4 + 6 * (number % 5),
            temperature=0.0 if number % 3 else 0.9,
            seed=number,
            grammar=held if number % 7 == 3 else None,
        )


def test_replies_that_come_and_go_are_each_as_alone(engine, shared):
    asked = list(requests())
    alone = [ids_of(engine, one) for one in asked]
    found = [None] * len(asked)

    def ask(place):
        time.sleep(0.004 * place)
        found[place] = ids_of(shared, asked[place])

    asking = [threading.Thread(target=ask, args=(place,)) for place in range(len(asked))]
    for one in asking:
        one.start()
    for one in asking:
        one.join(60)
    assert found == alone
    assert shared.writing == shared.waiting == 0


async def test_the_same_for_asyncio_and_in_one_batch(engine, shared):
    asked = list(requests())
    alone = [ids_of(engine, one) for one in asked]

    async def ask(request):
        chunks = [chunk async for chunk in shared.agenerate(request)]
        return [id_ for chunk in chunks for id_ in chunk.ids], chunks[-1].finish_reason

    assert list(await asyncio.gather(*map(ask, asked))) == alone
    batch = await asyncio.to_thread(shared.generate_batch, asked)
    assert [(list(one.ids), one.finish_reason) for one in batch] == alone


def test_behind_a_prefix_they_are_as_alone(engine):
    torch.manual_seed(0)
    config = engine.model.config
    shape = (2 * config.num_hidden_layers, config.num_key_value_heads, 4, config.head_dim)
    prefix = Prefix(torch.randn(shape))
    with_prefix = TransformersEngine(engine.model, engine.tokenizer, name="p", prefix=prefix)
    asked = list(requests())[:8]
    alone = [ids_of(with_prefix, one) for one in asked]
    batch = SharedEngine(with_prefix).generate_batch(asked)
    assert [(list(one.ids), one.finish_reason) for one in batch] == alone


def test_one_that_is_given_up_or_cannot_be_ends_no_other(engine, shared):
    long = GenerationRequest(prompt(1, 9), max_tokens=200, stop_ids=())
    alone, _ = ids_of(engine, long)
    chunks = shared.generate(long)
    next(chunks)
    other = shared.generate(GenerationRequest(prompt(2, 4), max_tokens=2000, stop_ids=()))
    next(other)
    with pytest.raises(ValueError, match="70000"):
        next(shared.generate(GenerationRequest([70000])))
    cancelled = threading.Event()
    third = shared.generate(
        GenerationRequest(prompt(3, 4), max_tokens=2000, stop_ids=(), cancelled=cancelled)
    )
    next(third)
    other.close()
    cancelled.set()
    assert list(third)[-1].finish_reason == "cancelled"
    rest = [id_ for chunk in chunks for id_ in chunk.ids]
    assert [alone[0], *rest] == alone
    for _ in range(200):
        if not shared.writing:
            break
        time.sleep(0.02)
    assert shared.writing == 0


def test_a_model_that_fails_tells_all_and_goes_on_with_the_next(engine, monkeypatch):
    shared = SharedEngine(engine)
    request = GenerationRequest(prompt(1, 5), max_tokens=5, stop_ids=())
    alone = ids_of(engine, request)
    real, calls = engine.forward, []

    def failing(*given):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return real(*given)

    monkeypatch.setattr(engine, "forward", failing)
    with pytest.raises(Exception, match="out of memory"):
        list(shared.generate(request))
    assert ids_of(shared, request) == alone


def test_more_than_fit_wait_their_turn(engine):
    shared = SharedEngine(engine, most_rows=2)
    asked = list(requests())[:6]
    batch = shared.generate_batch(asked)
    assert [list(one.ids) for one in batch] == [ids_of(engine, one)[0] for one in asked]


def test_what_a_row_has_read_is_left_to_the_next_turn(engine):
    kept = TransformersEngine(engine.model, engine.tokenizer, name="kept")
    shared = SharedEngine(kept)
    requests_ = [GenerationRequest(prompt(n, 20), max_tokens=12, stop_ids=()) for n in range(3)]
    replies = shared.generate_batch(requests_)
    for request, reply in zip(requests_, replies, strict=True):
        further = [*request.prompt_ids, *reply.ids, 64795, 30, 64796]
        known = kept.prefixes.take(further)
        assert known is not None and known[1] >= len(request.prompt_ids)
        asked = GenerationRequest(further, max_tokens=8, stop_ids=())
        assert ids_of(shared, asked) == ids_of(engine, asked)


def test_a_chat_model_over_it_is_the_same(engine):
    one, other = (
        ChatGLM3(engine=engine, max_tokens=20),
        ChatGLM3(engine=SharedEngine(engine), max_tokens=20),
    )
    assert one.invoke("hello").content == other.invoke("hello").content
    assert other.profile["structured_output"] and other.model_name == "random"
    said = other.batch([f"x{n}" for n in range(5)])
    assert [m.content for m in said] == [one.invoke(f"x{n}").content for n in range(5)]
