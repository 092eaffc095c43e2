"""The form that a client wants a reply in: free text, any JSON object, or JSON of a schema.

An engine that holds grammars writes the form itself. One that does not is asked for a call of a
function with these parameters, as far as it can make one; if not, the reply is a refusal, never
something else than what was asked for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..text.scripts import Language
from .openai_types import ResponseFormat

_REFUSED: Mapping[Language, str] = {
    "zh": "所用的引擎不能按要求的 JSON 格式作答：问题中没有可填入的内容。",
    "en": (
        "The engine could not fill in the JSON that was asked for: the question does not give what "
        "it requires."
    ),
}


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """How a reply of a form is asked for and read.

    Args:
        wanted: What the client wants; None and "text" are free text.
        by_grammar: Whether the engine can be held to it.
    """

    wanted: ResponseFormat | None
    by_grammar: bool

    @property
    def is_free(self) -> bool:
        """Whether any text will do."""
        return self.wanted is None or self.wanted.type == "text"

    @property
    def settings(self) -> dict[str, Any]:
        """What the model is told."""
        if self.is_free or not self.by_grammar or self.wanted is None:
            return {}
        if self.wanted.type == "json_object":
            return {"response_format": {"type": "json_object"}}
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": self.name, "schema": self.schema},
            }
        }

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The function whose arguments are the reply, for an engine without grammars."""
        if self.is_free or self.by_grammar or self.wanted is None:
            return []
        if self.wanted.type == "json_object":
            return []
        description = str(self.schema.get("description") or self.schema.get("title") or self.name)
        function = {"name": self.name, "description": description, "parameters": self.schema}
        return [{"type": "function", "function": function}]

    @property
    def name(self) -> str:
        """What the form is called."""
        form = self.wanted.json_schema if self.wanted is not None else None
        return re.sub(r"[^\w-]", "_", form.name)[:64] if form is not None and form.name else "reply"

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of the reply."""
        form = self.wanted.json_schema if self.wanted is not None else None
        return form.json_schema if form is not None else {}

    def written(
        self, text: str, arguments: Mapping[str, Any] | None, lang: Language
    ) -> tuple[str, str]:
        """The reply in its form, or else the refusal.

        Args:
            text: What was written.
            arguments: Those of the call, where one was asked for and made.
            lang: The language of a refusal.
        """
        if self.is_free or self.by_grammar:
            return text, ""
        if self.tools:
            if arguments is None:
                return "", _REFUSED[lang]
            return json.dumps(arguments, ensure_ascii=False), ""
        return json.dumps({"answer": text}, ensure_ascii=False), ""
