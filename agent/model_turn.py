"""One turn of the model: the view it gets, its tries, and what is kept of them."""

from typing import Any, cast

from langchain.agents.middleware.types import ExtendedModelResponse, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage
from langgraph.types import Command

from ..text.scripts import Language, language
from .budget import ContextBudget
from .caller import Caller, handed_over
from .conversation import UNSEEN_KEY, Conversation, message_text
from .declining import declined_message, kept_reply, must_decline, with_reason
from .limits import early_end
from .memory import Summary, made_summary, summary_request
from .options import GroundingOptions
from .repair import MAX_REPAIRS, asked_again, what_is_wrong
from .state import GroundingState
from .view import View, model_view
from .wording import MALFORMED, NO_FORM


class ModelTurn:
    """One turn of the model: the view it gets, its tries, and what is kept of them."""

    def __init__(
        self,
        options: GroundingOptions,
        request: ModelRequest[Any],
        budget: ContextBudget,
        caller: Caller | None = None,
    ) -> None:
        self._request = request
        self._caller = caller
        self._options = options
        store = cast("GroundingState", request.state).get("evidence", {})
        self._talk = Conversation.read(list(request.messages), store)
        self._lang: Language = language(self._talk.question)
        self._budget = budget
        self._summary = cast("Summary | None", request.state.get("summary"))
        self._is_summary_new = False
        self._view = self._seen()
        self._tries: list[AnyMessage] = []  # what the model is shown of them
        self._result: list[Any] = []
        self._structured: Any = None
        self._is_done = False
        self._repairs = 0
        end = early_end(self._talk, options.max_steps)
        if end is not None:
            self._finish(end)

    @property
    def goes_on(self) -> bool:
        """Whether the model must be called (again)."""
        return not self._is_done

    def _seen(self) -> View:
        room = self._budget.room(self._request.system_prompt, self._request.tools)
        return model_view(self._talk, self._options.style, self._budget, room, self._summary)

    def summary_request(self) -> list[BaseMessage] | None:
        """What a model is asked for a summary of what has no room, where one is due."""
        if self._options.summarizer is None or self._is_done:
            return None
        return summary_request(self._view.left_out, self._summary)

    def take_summary(self, reply: BaseMessage) -> None:
        """Show the model a summary in place of the turns for which there is no room."""
        made = made_summary(reply, self._view.left_out, self._budget)
        if made is not None:
            self._summary, self._is_summary_new = made, True
            self._view = self._seen()

    def request(self) -> ModelRequest[Any]:
        """What the model is asked, earlier tries of this turn included."""
        return self._request.override(messages=[*self._view.messages, *self._tries])

    def take(self, response: ModelResponse[Any]) -> None:
        """Keep a reply, or have the model write it again where it cannot be used."""
        last = response.result[-1] if response.result else None
        if response.structured_response is not None or not isinstance(last, AIMessage):
            self._structured = response.structured_response
            self._result += response.result
            self._is_done = True
            return
        wrong = what_is_wrong(last, self._request.tools)
        if wrong:
            self._again([last, *wrong], stored=True, end=self._malformed(str(wrong[-1].content)))
        elif self._request.response_format is not None and not last.tool_calls:
            form = with_reason(AIMessage(NO_FORM[self._lang]), "no_structured_reply")
            self._again(asked_again(last, self._lang), stored=False, end=form)
        elif not last.tool_calls and must_decline(self._talk, message_text(last)):
            found = list(self._talk.evidence_of_turn().values())
            self._finish(declined_message(self._talk.question, self._talk.search, found, last))
        else:
            self._finish(kept_reply(self._talk, last, self._options.citations))

    def response(self) -> ModelResponse[Any] | ExtendedModelResponse[Any]:
        """What goes into the conversation."""
        said = ModelResponse(result=self._result, structured_response=self._structured)
        if not self._is_summary_new:
            return said
        return ExtendedModelResponse(said, Command(update={"summary": self._summary}))

    def _again(self, told: list[AnyMessage], *, stored: bool, end: AIMessage) -> None:
        """Show the model what was wrong, until that has been done often enough."""
        self._tries += told
        if stored:
            self._result += told
        if self._repairs == MAX_REPAIRS:
            self._finish(end)
        self._repairs += 1

    def _malformed(self, wrong: str) -> AIMessage:
        text = MALFORMED[self._lang].format(times=MAX_REPAIRS + 1, wrong=wrong)
        return with_reason(AIMessage(text), "malformed_call")

    def _finish(self, message: AIMessage) -> None:
        if self._view.unseen:
            metadata = {**message.response_metadata, UNSEEN_KEY: self._view.unseen}
            message = message.model_copy(update={"response_metadata": metadata})
        self._result.append(handed_over(message, self._caller))
        self._is_done = True
