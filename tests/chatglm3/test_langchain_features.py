"""What LangChain offers over any chat model, over ours: files, caches, limits, traces."""

import asyncio
import json
import time

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd, dumps, load, loads
from langchain_core.rate_limiters import InMemoryRateLimiter

from groundglm import ChatGLM3
from groundglm.chatglm3 import load_model
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.tokenizer import ByteTokenizer

from ..tiny_model import CONFIG, write_original

READ = {"allowed_objects": [ChatGLM3], "valid_namespaces": ["groundglm"]}


def test_a_model_is_written_and_read_again(tiny_folder):
    model = ChatGLM3(
        model=str(tiny_folder), device="cpu", dtype="float32", temperature=0.5, seed=3, stop=["."],
        max_tokens=9, api_key="secret",
    )  # fmt: skip
    text = dumps(model)
    assert "secret" not in text
    assert json.loads(text)["id"] == ["groundglm", "chatglm3", "ChatGLM3"]
    again = loads(text, **READ)
    assert isinstance(again, ChatGLM3)
    assert again.model_dump() == model.model_copy(update={"api_key": None}).model_dump()
    assert again.dict() == model.dict()
    assert again.invoke("x").content == model.invoke("x").content


def test_the_engine_without_weights_is_written_by_its_name():
    model = ChatGLM3(engine="extractive", max_tokens=7)
    again = load(dumpd(model), **READ)
    assert again.dict() == model.dict()
    written = dumpd(model)["kwargs"]
    assert (written["engine"], written["max_tokens"]) == ("extractive", 7)
    assert set(written) <= {"engine", "max_tokens", "metadata"}


def test_an_engine_that_is_an_object_is_not_written(tiny_chat):
    held = ChatGLM3(engine=tiny_chat._engine)
    assert dumpd(held)["type"] == "not_implemented"
    with pytest.raises(NotImplementedError, match="doesn't implement"):
        load(dumpd(held), **READ)


class Starts(BaseCallbackHandler):
    def __init__(self):
        self.seen = []
        self.tokens = []

    def on_chat_model_start(self, serialized, messages, *, metadata=None, **options):
        self.seen.append((serialized, metadata, options["invocation_params"]))

    def on_llm_new_token(self, token, **_):
        self.tokens.append(token)


async def test_a_trace_says_what_answered_and_how(tiny_chat):
    handler = Starts()
    whole = tiny_chat.invoke("x", {"callbacks": [handler]}, stop=["\n\n\n"])
    serialized, metadata, params = handler.seen[0]
    assert serialized["id"] == ["groundglm", "chatglm3", "ChatGLM3"]
    assert metadata["ls_provider"] == "groundglm"
    assert metadata["ls_model_name"] == "tiny-chatglm3"
    assert metadata["ls_stop"] == ["\n\n\n"]
    assert params["model"] == "tiny-chatglm3"
    assert params["temperature"] == 0.0

    list(tiny_chat.stream("x", {"callbacks": [handler]}))
    assert "".join(handler.tokens) == whole.content
    handler.tokens.clear()
    async for _ in tiny_chat.astream("x", {"callbacks": [handler]}):
        pass
    assert "".join(handler.tokens) == whole.content


class Counting:
    """Counts what the engine behind it is asked for."""

    def __init__(self, engine, fingerprint=None):
        self._engine = engine
        self.fingerprint = fingerprint
        self.asked = 0

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def generate(self, request):
        self.asked += 1
        return self._engine.generate(request)

    async def agenerate(self, request):
        self.asked += 1
        async for chunk in self._engine.agenerate(request):
            yield chunk


async def test_a_cache_keeps_replies_and_tells_models_apart(tiny_chat):
    cache = InMemoryCache()
    engine = Counting(tiny_chat._engine, "one")
    model = ChatGLM3(engine=engine, cache=cache, max_tokens=12)
    first = model.invoke("x")
    assert model.invoke("x").content == first.content
    assert (await model.ainvoke("x")).content == first.content
    assert engine.asked == 1
    model.invoke("y")
    model.invoke("x", max_tokens=3)
    model.invoke("x", stop=["q"])
    assert engine.asked == 4
    assert [one.content for one in model.batch(["x", "x"])] == [first.content] * 2
    assert engine.asked == 4

    same = Counting(tiny_chat._engine, "one")
    ChatGLM3(engine=same, cache=cache, max_tokens=12).invoke("x")
    assert same.asked == 0
    for other in (Counting(tiny_chat._engine, "two"), Counting(tiny_chat._engine)):
        ChatGLM3(engine=other, cache=cache, max_tokens=12).invoke("x")
        assert other.asked == 1


def test_checkpoints_of_the_same_name_have_fingerprints_of_their_own(tiny_folder, tmp_path):
    import shutil

    shutil.copytree(tiny_folder, tmp_path / tiny_folder.name)
    ours = TransformersEngine.open(tiny_folder, device="cpu", dtype="float32")
    theirs = TransformersEngine.open(tmp_path / tiny_folder.name, device="cpu", dtype="float32")
    half = TransformersEngine.open(tiny_folder, device="cpu", dtype="bfloat16")
    assert ours.name == theirs.name == half.name
    assert len({ours.fingerprint, theirs.fingerprint, half.fingerprint}) == 3
    again = TransformersEngine.open(tiny_folder, device="cpu", dtype="float32")
    assert again.fingerprint == ours.fingerprint


@pytest.mark.parametrize("how", ["invoke", "stream", "batch", "ainvoke", "astream", "abatch"])
async def test_a_rate_limiter_is_asked_before_every_reply(tiny_chat, how):
    class Limiter(InMemoryRateLimiter):
        count = 0

        def acquire(self, *, blocking=True):
            Limiter.count += 1
            return super().acquire(blocking=blocking)

        async def aacquire(self, *, blocking=True):
            Limiter.count += 1
            return await super().aacquire(blocking=blocking)

    limiter = Limiter(requests_per_second=1000, check_every_n_seconds=0.001, max_bucket_size=10)
    model = ChatGLM3(engine=tiny_chat._engine, rate_limiter=limiter, max_tokens=4)
    if how in ("batch", "abatch"):
        found = getattr(model, how)(["a", "b"])
        if how == "abatch":
            await found
    elif how == "astream":
        async for _ in model.astream("a"):
            pass
    elif how == "ainvoke":
        await model.ainvoke("a")
    else:
        list(getattr(model, how)("a"))
    assert Limiter.count == (2 if "batch" in how else 1)


class SlowEngine(TransformersEngine):
    steps = 0

    def forward(self, *args, **options):
        self.steps += 1
        time.sleep(0.01)
        return super().forward(*args, **options)


async def test_a_cancelled_batch_stops_within_a_token(tmp_path):
    folder = write_original(tmp_path / "tiny", config={**CONFIG, "padded_vocab_size": 65024})
    engine = SlowEngine(load_model(folder), ByteTokenizer(), name="slow")
    task = asyncio.create_task(ChatGLM3(engine=engine, max_tokens=200).abatch(["a", "b", "c"]))
    while engine.steps < 3:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = engine.steps
    await asyncio.sleep(0.3)
    assert engine.steps <= done + 1
    assert [one.usage_metadata["output_tokens"] for one in await ChatGLM3(
        engine=engine, max_tokens=3).abatch(["a", "b"])] == [3, 3]  # fmt: skip
