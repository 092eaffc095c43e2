"""What a reply may be: tool calls and JSON as grammars, held token by token."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from ..schemas import Schema, SchemaError
    from .constraint import Constraint, GrammarVocabulary, can_hold_grammars
    from .grammar import CallGrammar, Grammar, call_grammar, json_grammar

__all__ = [
    "CallGrammar",
    "Constraint",
    "Grammar",
    "GrammarVocabulary",
    "Schema",
    "SchemaError",
    "call_grammar",
    "can_hold_grammars",
    "json_grammar",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "constraint": "Constraint GrammarVocabulary can_hold_grammars",
        "grammar": "CallGrammar Grammar call_grammar json_grammar",
        ".schemas": "Schema SchemaError",
    },
)
