"""One suite over every engine: streams, ends, batches, seeds, threads, cancelling."""

import asyncio
import json
import threading
import time

import pytest
import torch

from groundglm.chatglm3 import ExtractiveEngine, GenerationRequest, ScriptedEngine, load_model
from groundglm.engines.engine import Engine
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.tokenizer import ASSISTANT, ByteTokenizer

from ..tiny_model import CONFIG, write_original

LARGE = {**CONFIG, "padded_vocab_size": 65024, "hidden_size": 16, "ffn_hidden_size": 16}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = write_original(tmp_path_factory.mktemp("tiny") / "tiny-chatglm3")
    return TransformersEngine(load_model(folder), ByteTokenizer(), name="tiny-chatglm3")


@pytest.fixture(params=["extractive", "scripted", "transformers"])
def engine(request, tiny):
    if request.param == "extractive":
        return ExtractiveEngine()
    return ScriptedEngine(["一个回答。"]) if request.param == "scripted" else tiny


def prompt(text="Hello"):
    return tuple(ByteTokenizer().encode(text))


def whole(engine, request):
    chunks = list(engine.generate(request))
    return tuple(id_ for chunk in chunks for id_ in chunk.ids), chunks[-1].finish_reason


def test_it_is_an_engine_with_a_name(engine):
    assert isinstance(engine, Engine)
    assert engine.name
    assert engine.max_context > 0


def test_only_the_last_chunk_has_a_reason(engine):
    chunks = list(engine.generate(GenerationRequest(prompt(), max_tokens=20)))
    assert all(chunk.finish_reason is None for chunk in chunks[:-1])
    assert chunks[-1].finish_reason in ("stop", "length")
    assert sum(len(chunk.ids) for chunk in chunks) <= 20


async def test_asyncio_gives_the_same(engine):
    request = GenerationRequest(prompt(), max_tokens=20)
    ids = [id_ async for chunk in engine.agenerate(request) for id_ in chunk.ids]
    assert tuple(ids) == whole(engine, request)[0]


def test_a_batch_gives_what_single_calls_give(engine):
    requests = [
        GenerationRequest(prompt(text), max_tokens=15) for text in ("a", "longer words", "é")
    ]
    single = [whole(engine, request) for request in requests]
    assert [(one.ids, one.finish_reason) for one in engine.generate_batch(requests)] == single
    assert engine.generate_batch([]) == []


def test_an_iterator_may_be_closed_at_any_time(engine):
    chunks = engine.generate(GenerationRequest(prompt(), max_tokens=20))
    next(chunks)
    chunks.close()
    assert whole(engine, GenerationRequest(prompt(), max_tokens=5))[0]


# --- weights ---


def test_greedy_tokens_are_those_of_transformers(tiny):
    ids = torch.tensor([prompt("What is it?")])
    theirs = tiny.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False,
        eos_token_id=None,
    )  # fmt: skip
    request = GenerationRequest(prompt("What is it?"), max_tokens=40, stop_ids=())
    assert whole(tiny, request)[0] == tuple(theirs[0, ids.shape[1] :].tolist())


def test_a_seed_repeats_and_another_one_differs(tiny):
    def sample(seed, **options):
        request = GenerationRequest(
            prompt(), max_tokens=30, temperature=1.0, seed=seed, stop_ids=(), **options
        )
        return whole(tiny, request)[0]

    assert sample(1) == sample(1)
    assert sample(1) != sample(2)
    assert sample(1, top_p=1e-6) == whole(tiny, GenerationRequest(prompt(), 30, stop_ids=()))[0]
    assert sample(None) != sample(None)


def test_a_sampled_batch_repeats_what_single_calls_drew(tiny):
    requests = [
        GenerationRequest(prompt(text), max_tokens=12, temperature=0.9, top_p=0.9, seed=seed)
        for seed, text in enumerate(("a", "longer words", "x y"))
    ]
    assert [one.ids for one in tiny.generate_batch(requests)] == [
        whole(tiny, request)[0] for request in requests
    ]


def test_a_stop_id_ends_a_reply_and_one_beyond_the_vocabulary_is_none(tiny):
    free = whole(tiny, GenerationRequest(prompt(), max_tokens=30, stop_ids=()))[0]
    stop = free[7]
    ids, reason = whole(tiny, GenerationRequest(prompt(), max_tokens=30, stop_ids=(stop, 64795)))
    assert reason == "stop"
    assert ids == free[: free.index(stop) + 1]


def test_a_prompt_id_beyond_the_vocabulary_is_refused(tiny):
    with pytest.raises(ValueError, match="64796"):
        list(tiny.generate(GenerationRequest((5, ASSISTANT))))
    with pytest.raises(ValueError, match="no prompt ids"):
        tiny.generate_batch([GenerationRequest(())])


def test_a_reply_ends_where_the_context_does(tiny):
    long = tuple([5] * (tiny.max_context - 4))
    ids, reason = whole(tiny, GenerationRequest(long, max_tokens=100, stop_ids=()))
    assert (len(ids), reason) == (4, "length")


def test_scores_are_log_probabilities(tiny):
    with torch.no_grad():
        ids = torch.tensor([[5, 6, 7, 8]])
        chances = tiny.model(input_ids=ids).logits[0].log_softmax(-1)
    wanted = float(chances[1, 7] + chances[2, 8])
    both = tiny.score([5, 6], [[7, 8], [], [9]])
    assert both[0] == pytest.approx(wanted, abs=1e-4)
    assert both[1] == 0.0
    assert both[2] == pytest.approx(float(chances[1, 9]), abs=1e-4)


def test_threads_get_their_own_replies(tiny):
    texts = [f"question {number}" for number in range(16)]
    wanted = [whole(tiny, GenerationRequest(prompt(text), max_tokens=15))[0] for text in texts]
    found = [None] * 16

    def ask(number):
        found[number] = whole(tiny, GenerationRequest(prompt(texts[number]), max_tokens=15))[0]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == wanted


class SlowEngine(TransformersEngine):
    steps = 0

    def forward(self, *args, **options):
        self.steps += 1
        time.sleep(0.02)
        return super().forward(*args, **options)


async def test_the_event_loop_stays_alive_and_a_cancelled_task_stops_within_a_token(tiny):
    engine = SlowEngine(tiny.model, tiny.tokenizer, name="slow")
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.005)

    async def read():
        async for _ in engine.agenerate(GenerationRequest(prompt(), max_tokens=200, stop_ids=())):
            pass

    heart = asyncio.create_task(beat())
    reader = asyncio.create_task(read())
    await asyncio.sleep(0.3)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    done = engine.steps
    await asyncio.sleep(0.3)
    heart.cancel()

    assert beats > 30
    assert 2 < done < 30
    assert engine.steps <= done + 1


def test_an_engine_is_opened_from_a_folder_with_its_tokenizer(tmp_path, shared_folder):
    import shutil

    folder = write_original(tmp_path / "my-chatglm3", config=LARGE)
    shutil.copy(shared_folder / "golden/official_data/tokenizer.model", folder)
    engine = TransformersEngine.open(folder, device="cpu", dtype="float32", variant="6b")
    assert (engine.name, engine.trained_for_tools) == ("my-chatglm3", True)
    ids = engine.tokenizer.encode("你好")
    assert len(whole(engine, GenerationRequest(tuple(ids), max_tokens=8))[0]) == 8


@pytest.mark.parametrize("kind", ["tiny_a_small_lora", "tiny_a_small_ptuning"])
def test_an_adapter_changes_what_is_written_as_in_the_original(shared_folder, tmp_path, kind):
    golden = shared_folder / "golden"
    expected = json.loads((golden / kind / "expected.json").read_text("utf-8"))
    from groundglm.chatglm3 import load_prefix

    is_lora = kind.endswith("lora")
    model = load_model(
        golden / "tiny_a_small", dtype="float32", lora=golden / kind if is_lora else None
    )
    prefix = None if is_lora else load_prefix(golden / kind, model)
    engine = TransformersEngine(model, ByteTokenizer(), name="adapted", prefix=prefix)
    for case in expected["cases"].values():
        requests = [GenerationRequest(tuple(row), 32, stop_ids=()) for row in case["input_ids"]]
        assert [list(one.ids) for one in engine.generate_batch(requests)] == case["greedy_32"]
