"""What some embedding models want to read before a question or a passage.

Newer models declare it in `config_sentence_transformers.json`; these do not, and find less without.
The words are those of the models' own pages.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Instructions:
    """What stands before a question, and before a passage."""

    query: str = ""
    document: str = ""


_SEARCH = "Given a web search query, retrieve relevant passages that answer the query"
#: By the name of the model, lower case; the first that fits counts.
_KNOWN = (
    (
        r"bge-(?:small|base|large)-zh(?:-v1\.5)?",
        Instructions("为这个句子生成表示以用于检索相关文章："),
    ),
    (
        r"bge-(?:small|base|large)-en(?:-v1\.5)?",
        Instructions("Represent this sentence for searching relevant passages: "),
    ),
    (
        r"(?:multilingual-e5-large|e5-mistral-7b)-instruct",
        Instructions(f"Instruct: {_SEARCH}\nQuery: "),
    ),
    (r"(?:multilingual-)?e5-(?:small|base|large)(?:-v2)?", Instructions("query: ", "passage: ")),
    (
        r"gte-qwen(?:1\.5|2)-[\w.]+-instruct",
        Instructions(f"Instruct: {_SEARCH}\nQuery: "),
    ),
    (
        r"nomic-embed-text-v1(?:\.5)?",
        Instructions("search_query: ", "search_document: "),
    ),
    (
        r"(?:mxbai-embed-large-v1|snowflake-arctic-embed-(?:xs|s|m|m-long|l))",
        Instructions("Represent this sentence for searching relevant passages: "),
    ),
)


def instructions_of(name: str, folder: Path | None) -> Instructions | None:
    """The instructions of a model that declares none itself; None where it does, or wants none.

    Args:
        name: Its name on the hub or its folder.
        folder: Where it lies, where that is known: the name that it was saved under is looked up
            there too.

    >>> instructions_of("intfloat/multilingual-e5-small", None)
    Instructions(query='query: ', document='passage: ')
    >>> instructions_of("thenlper/gte-base", None) is None
    True
    """
    names = [name]
    if folder is not None:
        if any(_read(folder / "config_sentence_transformers.json").get("prompts", {}).values()):
            return None
        names.append(str(_read(folder / "config.json").get("_name_or_path") or ""))
    for one in names:
        last = re.split(r"[/\\]", one.rstrip("/\\").lower())[-1]
        for pattern, found in _KNOWN:
            if re.fullmatch(pattern, last):
                return found
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        told: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}
