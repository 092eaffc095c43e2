"""The tokenizer of a converted checkpoint, as `AutoTokenizer` and other engines open it.

Unlike our own tokenizers, those find control tokens in text: that is how a chat template works.
So that at least no ordinary word is one, "sop" and "eop" are written "<sop>" and "<eop>" here.
"""

import json
from pathlib import Path
from typing import Any

from .prompt import TOOL_PREAMBLE
from .tokenizer import CONTROL_TOKENS, ChatGLM3Tokenizer

_NAMES = {"sop": "<sop>", "eop": "<eop>"}

# As the original writes a conversation: a role, the rest of its line, the content; the blank before
# a content is the one that its own encoding would begin with.
CHAT_TEMPLATE = (
    "[gMASK]<sop>"
    "{%- if tools %}"
    "{%- if messages[0]['role'] == 'system' %}"
    "{%- set lead = messages[0]['content'] %}{%- set rest = messages[1:] %}"
    "{%- else %}{%- set lead = '" + TOOL_PREAMBLE + "' %}{%- set rest = messages %}{%- endif %}"
    "{{- '<|system|>\\n ' + lead + '\\n' }}"
    "{%- set ns = namespace(listed=[]) %}"
    "{%- for tool in tools %}"
    "{%- set ns.listed = ns.listed + [tool['function'] if tool['function'] is defined else tool] %}"
    "{%- endfor %}"
    "{{- ns.listed | tojson(indent=4) }}"
    "{%- else %}{%- set rest = messages %}{%- endif %}"
    "{%- for message in rest %}"
    "{%- set role = 'observation' if message['role'] == 'tool' else message['role'] %}"
    "{{- '<|' + role + '|>' + (message['metadata'] or '') + '\\n' }}"
    "{%- if message['content'] %}{{- ' ' + message['content'] }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


def write_tokenizer(tokenizer: ChatGLM3Tokenizer, folder: Path, *, context_length: int) -> None:
    """Write `tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja`."""
    from tokenizers import AddedToken, processors

    fast: Any = tokenizer.to_fast()
    names = [_NAMES.get(name, name) for name in CONTROL_TOKENS]
    fast.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    for name, id_ in CONTROL_TOKENS.items():
        found = fast.token_to_id(_NAMES.get(name, name))
        if found != id_:
            raise ValueError(f"the control token {name} would have the id {found}, not {id_}")
    fast.post_processor = processors.TemplateProcessing(
        single="[gMASK] <sop> $A",
        pair="[gMASK] <sop> $A $B",
        special_tokens=[
            ("[gMASK]", CONTROL_TOKENS["[gMASK]"]),
            ("<sop>", CONTROL_TOKENS["sop"]),
        ],
    )
    fast.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
        "pad_token": "<unk>",
        "eos_token": "</s>",
        "padding_side": "left",
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,
        "extra_special_tokens": names,
    }
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(f"{text}\n", "utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, "utf-8")
