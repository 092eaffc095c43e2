"""Questions read without a model: terms, sentences and facts that answer, the tool that fits."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answerability import DEFAULT_THRESHOLDS, Answerability, score_answerability
    from .fact_answers import FactAnswer, answer_from_facts
    from .sentence_selection import SelectedSentence, select_sentences
    from .terms import key_terms
    from .tool_selection import choose_tool

__all__ = [
    "DEFAULT_THRESHOLDS",
    "Answerability",
    "FactAnswer",
    "SelectedSentence",
    "answer_from_facts",
    "choose_tool",
    "key_terms",
    "score_answerability",
    "select_sentences",
]

_HOMES = {
    "DEFAULT_THRESHOLDS": "answerability",
    "Answerability": "answerability",
    "FactAnswer": "fact_answers",
    "SelectedSentence": "sentence_selection",
    "answer_from_facts": "fact_answers",
    "choose_tool": "tool_selection",
    "key_terms": "terms",
    "score_answerability": "answerability",
    "select_sentences": "sentence_selection",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
