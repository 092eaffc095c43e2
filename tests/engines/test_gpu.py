"""The same replies on a GPU as on the CPU, in float32; half precision there by default."""

import asyncio

import pytest
import torch

from groundglm import ChatGLM3
from groundglm.chatglm3 import GenerationRequest, load_model, load_prefix
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.tokenizer import ByteTokenizer

from ..tiny_model import CONFIG, write_original

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: none is here"),
]
ROWS = [(5, 9, 200, 31, 7, 7, 250), (44, 45, 3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_original(tmp_path_factory.mktemp("gpu") / "tiny", config=CONFIG, shards=3)


def engine_on(folder, device, dtype="float32"):
    model = load_model(folder, device=device, dtype=dtype)
    return TransformersEngine(model, ByteTokenizer(), name="tiny")


def ids_of(engine, request):
    return [id_ for chunk in engine.generate(request) for id_ in chunk.ids]


@pytest.fixture(autouse=True)
def _exact():
    """Without TF32, which rounds the factors of a float32 product."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_float32_matmul_precision(before)


def test_logits_and_greedy_tokens_are_those_of_the_cpu(folder):
    here, there = engine_on(folder, "cpu"), engine_on(folder, "cuda")
    assert there.device.type == "cuda"
    for row in ROWS:
        with torch.no_grad():
            ours = there.model(input_ids=torch.tensor([row], device="cuda")).logits.cpu()
            theirs = here.model(input_ids=torch.tensor([row])).logits
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
    requests = [GenerationRequest(row, 32, stop_ids=()) for row in ROWS]
    assert [one.ids for one in there.generate_batch(requests)] == [
        one.ids for one in here.generate_batch(requests)
    ]
    assert there.score(ROWS[0], [ROWS[1]]) == pytest.approx(
        here.score(ROWS[0], [ROWS[1]]), abs=1e-3
    )


def test_weights_go_to_the_gpu_in_their_dtype(folder):
    before = torch.cuda.memory_allocated()
    engine = engine_on(folder, "cuda", "bfloat16")
    held = torch.cuda.memory_allocated() - before
    numbers = sum(one.numel() for one in engine.model.parameters())
    assert {one.device.type for one in engine.model.parameters()} == {"cuda"}
    assert held < 2 * numbers + 2**20
    assert engine.model.model.rotary_emb.inv_freq.dtype == torch.float32


def test_seeds_repeat_on_the_gpu(folder):
    engine = engine_on(folder, "cuda")
    request = GenerationRequest(ROWS[0], 20, stop_ids=(), temperature=1.0, top_p=0.9, seed=4)
    assert ids_of(engine, request) == ids_of(engine, request)


@pytest.mark.parametrize("kind", ["tiny_a_small_lora", "tiny_a_small_ptuning"])
def test_adapters_are_those_of_the_original_on_a_gpu(shared_folder, kind):
    import json

    golden = shared_folder / "golden"
    expected = json.loads((golden / kind / "expected.json").read_text("utf-8"))
    lora = golden / kind if kind.endswith("lora") else None
    model = load_model(golden / "tiny_a_small", dtype="float32", device="cuda", lora=lora)
    prefix = None if lora is not None else load_prefix(golden / kind, model)
    engine = TransformersEngine(model, ByteTokenizer(), name="adapted", prefix=prefix)
    for case in expected["cases"].values():
        requests = [GenerationRequest(tuple(row), 32, stop_ids=()) for row in case["input_ids"]]
        assert [list(one.ids) for one in engine.generate_batch(requests)] == case["greedy_32"]


async def test_the_chat_model_takes_the_gpu_by_itself(tiny_folder):
    chat = ChatGLM3(model=str(tiny_folder), max_tokens=16)
    assert chat._engine.device.type == "cuda"
    assert chat._engine.dtype in (torch.bfloat16, torch.float16)
    exact = ChatGLM3(model=str(tiny_folder), device="cuda", dtype="float32", max_tokens=16)
    whole = exact.invoke("你好").content
    assert "".join(chunk.content for chunk in exact.stream("你好")) == whole
    assert [one.content for one in await exact.abatch(["你好", "x"])][0] == whole
    task = asyncio.create_task(exact.ainvoke("x", max_tokens=1500))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_too_little_memory_is_said(folder):
    from groundglm.errors import EngineError

    engine = engine_on(folder, "cuda")
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(max(free - 2**21, 0), dtype=torch.uint8, device="cuda")
    try:
        with pytest.raises(EngineError, match="failed while generating"):
            engine.generate_batch([GenerationRequest((5,) * 200, 50, stop_ids=())] * 512)
    finally:
        del taken
        torch.cuda.empty_cache()
