"""Questions read without a model: terms, sentences and facts that answer, the tool that fits."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .answerability import DEFAULT_THRESHOLDS, Answerability, score_answerability
    from .fact_answers import FactAnswer, answer_from_facts
    from .question import Question
    from .sentence_selection import SelectedSentence, select_sentences
    from .terms import key_terms
    from .tool_selection import choose_tool

__all__ = [
    "DEFAULT_THRESHOLDS",
    "Answerability",
    "FactAnswer",
    "Question",
    "SelectedSentence",
    "answer_from_facts",
    "choose_tool",
    "key_terms",
    "score_answerability",
    "select_sentences",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "answerability": "Answerability DEFAULT_THRESHOLDS score_answerability",
        "fact_answers": "FactAnswer answer_from_facts",
        "question": "Question",
        "sentence_selection": "SelectedSentence select_sentences",
        "terms": "key_terms",
        "tool_selection": "choose_tool",
    },
)
