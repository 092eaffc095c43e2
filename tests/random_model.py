"""An engine of random weights with ChatGLM3's whole range of ids: it writes anything at all."""

from groundglm.chatglm3 import ByteTokenizer, GenerationRequest, load_model
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.prompt import Segment, encode_segments
from groundglm.wire.tokenizer import ASSISTANT

from .tiny_model import CONFIG, original_tensors, write_original

SHAPE = {
    **CONFIG, "padded_vocab_size": 65024, "hidden_size": 16, "ffn_hidden_size": 16,
    "num_layers": 1, "seq_length": 4096,
}  # fmt: skip


def random_engine(folder, tokenizer=None, *, seed=1, favoured=slice(0, 0)):
    """An engine over a checkpoint that is written into a new folder.

    Ids of `favoured` are likelier than others: of a vocabulary of bytes, most ids are no text.
    """
    tensors = original_tensors(SHAPE, seed=seed)
    tensors["transformer.output_layer.weight"][favoured] *= 10
    write_original(folder, tensors=tensors, config=SHAPE)
    model = load_model(folder, dtype="float32", device="cpu")
    return TransformersEngine(model, tokenizer or ByteTokenizer(), name="random")


def prompt(engine):
    return (*encode_segments(engine.tokenizer, [Segment("user", "", "x")]), ASSISTANT)


def write(engine, grammar, *, seed=0, tokens=150, temperature=1.0):
    """What the engine writes under a grammar, as ids, and why it ended."""
    request = GenerationRequest(
        prompt(engine), max_tokens=tokens, temperature=temperature, seed=seed, grammar=grammar
    )
    chunks = list(engine.generate(request))
    return [id_ for chunk in chunks for id_ in chunk.ids], chunks[-1].finish_reason
