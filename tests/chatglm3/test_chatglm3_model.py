"""`ChatGLM3(model=FOLDER)` on a random checkpoint of the original layout, made here."""

import asyncio
import json
import threading

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_tests.unit_tests import ChatModelUnitTests

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.chatglm3 import ContextOverflowError, convert_checkpoint
from groundglm.errors import CheckpointError
from groundglm.retrieval import HashEmbeddings

from ..tiny_model import write_original


def test_a_stream_sums_to_the_whole_reply(tiny_chat):
    whole = tiny_chat.invoke("你好")
    chunks = list(tiny_chat.stream("你好"))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.content == whole.content
    assert total.usage_metadata == whole.usage_metadata
    assert whole.usage_metadata["output_tokens"] <= 24
    assert whole.response_metadata["model_name"] == "tiny-chatglm3"
    assert whole.response_metadata["finish_reason"] in ("stop", "length")


async def test_asyncio_and_batches_give_the_same(tiny_chat):
    questions = ["你好", "What is it?", "a much longer question than the others", "x"]
    single = [tiny_chat.invoke(question).content for question in questions]
    assert [one.content for one in tiny_chat.batch(questions)] == single
    assert [one.content for one in await tiny_chat.abatch(questions)] == single
    assert (await tiny_chat.ainvoke("x")).content == single[-1]
    parts = [chunk.content async for chunk in tiny_chat.astream("x")]
    assert "".join(parts) == single[-1]


def test_seeded_sampling_repeats(tiny_folder):
    sampled = ChatGLM3(
        model=str(tiny_folder), device="cpu", temperature=1.0, top_p=0.9, seed=7, max_tokens=20
    )
    assert sampled.invoke("x").content == sampled.invoke("x").content
    assert sampled.invoke("x", seed=8).content != sampled.invoke("x").content


def test_threads_get_their_own_replies(tiny_chat):
    questions = [f"question {number}" for number in range(16)]
    wanted = [tiny_chat.invoke(question).content for question in questions]
    found = {}

    def ask(question):
        found[question] = tiny_chat.invoke(question).content

    threads = [threading.Thread(target=ask, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found[question] for question in questions] == wanted


def test_a_converted_checkpoint_writes_the_same(tiny_chat, tiny_folder, tmp_path):
    import shutil

    convert_checkpoint(tiny_folder, tmp_path / "converted")
    shutil.copy(tiny_folder / "tokenizer.json", tmp_path / "converted")
    other = ChatGLM3(
        model=str(tmp_path / "converted"), device="cpu", dtype="float32", max_tokens=24
    )
    assert other.invoke("你好").content == tiny_chat.invoke("你好").content


def test_a_prompt_that_is_too_long_is_refused_before_anything_is_written(tiny_chat):
    with pytest.raises(ContextOverflowError, match="2048"):
        tiny_chat.invoke("x" * 3000)


def test_a_time_limit_stops_a_reply(tiny_folder):
    slow = ChatGLM3(model=str(tiny_folder), device="cpu", max_tokens=2000, timeout=0.05)
    with pytest.raises(TimeoutError, match=r"0\.05 seconds"):
        slow.invoke("x")
    with pytest.raises(TimeoutError):
        list(slow.stream("x"))
    with pytest.raises(TimeoutError):
        asyncio.run(slow.ainvoke("x"))


def test_a_text_has_a_probability(tiny_chat):
    high, low = tiny_chat.score(
        [HumanMessage("x")], [tiny_chat.invoke("x").content[:3] or "a", "zzz"]
    )
    assert high < 0 and low < 0


def test_what_is_missing_is_said(tmp_path, tiny_folder):
    with pytest.raises(CheckpointError, match="download"):
        ChatGLM3(model="THUDM/chatglm3-6b")
    bare = write_original(tmp_path / "bare")
    with pytest.raises(CheckpointError, match="neither tokenizer.model nor tokenizer.json"):
        ChatGLM3(model=str(bare))
    with pytest.raises(ValueError, match="say what shall answer"):
        ChatGLM3()
    with pytest.raises(ValueError, match="goes with model="):
        ChatGLM3(engine="extractive", dtype="float32")


def test_both_kinds_of_agent_run_over_it(tiny_chat, tmp_path):
    from langchain.agents import create_agent

    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document("The office opens at nine.", id="a")])
        answer = build_agent(base, model=tiny_chat).ask("When does the office open?")
    assert answer.model in ("tiny-chatglm3", "")
    assert answer.evidence
    state = create_agent(tiny_chat, []).invoke({"messages": [HumanMessage("hi")]})
    assert isinstance(state["messages"][-1], AIMessage)


def test_the_command_line_asks_it(tiny_folder, tmp_path, capsys, monkeypatch):
    from groundglm.cli.app import run

    monkeypatch.chdir(tmp_path)
    assert run(["init", "kb", "--embeddings", "hash"]) == 0
    (tmp_path / "a.txt").write_text("The office opens at nine in the morning.")
    assert run(["add", "--kb", "kb", "a.txt"]) == 0
    capsys.readouterr()
    arguments = ["ask", "--kb", "kb", "--model", str(tiny_folder), "When does the office open?"]
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "tiny-chatglm3"

    assert run(["convert", str(tiny_folder), "converted", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["files"] == ["model.safetensors"]
    assert (tmp_path / "converted" / "config.json").exists()
    assert run(["convert", str(tiny_folder), "converted"]) != 0


class TestStandard(ChatModelUnitTests):
    """LangChain's own suite, over the small checkpoint."""

    @pytest.fixture(autouse=True)
    def _folder(self, tiny_folder):
        type(self).folder = str(tiny_folder)

    @property
    def chat_model_class(self):
        return ChatGLM3

    @property
    def chat_model_params(self):
        return {"model": self.folder, "device": "cpu"}


class CountingEngine:
    """Counts the batches of the engine behind it."""

    def __init__(self, engine):
        self._engine = engine
        self.batches = []

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def generate_batch(self, requests):
        self.batches.append(len(requests))
        return self._engine.generate_batch(requests)


async def test_a_batch_is_computed_together_and_every_call_keeps_its_own_error(tiny_chat):
    engine = CountingEngine(tiny_chat._engine)
    together = ChatGLM3(engine=engine, max_tokens=24)
    questions = ["你好", "x" * 3000, "What is it?", "你好"]

    found = together.batch(questions, return_exceptions=True)
    assert engine.batches == [3]
    assert isinstance(found[1], ContextOverflowError)
    wanted = [tiny_chat.invoke(question).content for question in ("你好", "What is it?", "你好")]
    assert [found[0].content, found[2].content, found[3].content] == wanted
    with pytest.raises(ContextOverflowError):
        together.batch(questions)

    again = await together.abatch(["你好", "What is it?"], stop=["\n"])
    assert engine.batches[-1] == 2
    assert [one.content for one in again] == [
        tiny_chat.invoke(question, stop=["\n"]).content for question in ("你好", "What is it?")
    ]
    together.batch(questions[2:], {"max_concurrency": 1})
    assert engine.batches[-1] == 2


def test_every_call_of_a_batch_has_its_own_callbacks(tiny_chat):
    from langchain_core.callbacks import BaseCallbackHandler

    class Ends(BaseCallbackHandler):
        def __init__(self):
            self.texts = []

        def on_llm_end(self, response, **_):
            self.texts.append(response.generations[0][0].text)

    handler = Ends()
    found = tiny_chat.batch(["a", "b"], {"callbacks": [handler]})
    assert sorted(handler.texts) == sorted(one.content for one in found)


def test_a_call_may_name_the_loaded_model_and_no_other(tiny_chat):
    assert tiny_chat.invoke("x", model="tiny-chatglm3").content == tiny_chat.invoke("x").content
    with pytest.raises(ValueError, match="tiny-chatglm3 is loaded, not 'gpt-4'"):
        tiny_chat.invoke("x", model="gpt-4")


def test_a_batch_that_does_not_fit_is_written_one_by_one(tiny_chat):
    from groundglm.errors import EngineError

    class Small(CountingEngine):
        def generate_batch(self, requests):
            raise EngineError("out of memory")

    found = ChatGLM3(engine=Small(tiny_chat._engine), max_tokens=24).batch(["a", "b"])
    assert [one.content for one in found] == [tiny_chat.invoke(one).content for one in ("a", "b")]
