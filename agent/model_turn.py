"""One turn of the model: the view it gets, its tries, and what is kept of them."""

from typing import Any, cast

from langchain.agents.middleware.types import ExtendedModelResponse, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage
from langgraph.types import Command

from .conversation import Conversation, message_text
from .declining import declined_message, kept_reply, must_decline
from .limits import early_end
from .options import GroundingOptions, GroundingState
from .repair import MAX_REPAIRS, explained, is_malformed
from .view import model_view


class ModelTurn:
    """One turn of the model: the view it gets, its tries, and what is kept of them."""

    def __init__(self, options: GroundingOptions, request: ModelRequest[Any]) -> None:
        self._request = request
        self._options = options
        known = cast("GroundingState", request.state).get("evidence_numbers", {})
        self._talk = Conversation.read(list(request.messages), known)
        self._is_new = self._talk.numbers != known
        self._view = model_view(self._talk, options.style)
        self._result: list[Any] = []
        self._done: ModelResponse[Any] | None = None
        self._repairs = 0
        end = early_end(self._talk, options.max_steps)
        if end is not None:
            self._finish(end)

    @property
    def goes_on(self) -> bool:
        """Whether the model must be called (again)."""
        return self._done is None

    def request(self) -> ModelRequest[Any]:
        """What the model is asked, earlier tries of this turn included."""
        return self._request.override(messages=[*self._view, *self._result])

    def take(self, response: ModelResponse[Any]) -> None:
        """Keep a reply, or have a malformed call written again."""
        last = response.result[-1] if response.result else None
        if not isinstance(last, AIMessage):
            self._result += response.result
            self._done = response
        elif is_malformed(last) and self._repairs < MAX_REPAIRS:
            self._repairs += 1
            self._result += [last, *explained(last)]
        elif not last.tool_calls and must_decline(self._talk, message_text(last)):
            self._finish(declined_message(self._talk.question, self._talk.search, last))
        else:
            self._finish(kept_reply(self._talk, last, self._options.citations))

    def response(self) -> ExtendedModelResponse[Any]:
        """What goes into the conversation, and the numbers of new evidence."""
        done = self._done or ModelResponse(result=self._result)
        response = ModelResponse(result=self._result, structured_response=done.structured_response)
        update = {"evidence_numbers": dict(self._talk.numbers)} if self._is_new else {}
        return ExtendedModelResponse(model_response=response, command=Command(update=update))

    def _finish(self, message: AIMessage) -> None:
        self._result.append(message)
        self._done = ModelResponse(result=self._result)
