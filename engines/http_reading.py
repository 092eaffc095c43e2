"""The events of a completion that comes over HTTP: token ids, checked, and how it ended."""

import json
from collections.abc import Mapping
from typing import Any, cast

from .engine import GenerationRequest, TokenChunk
from .http_failures import RemoteEngineError, RemoteServerError, failure

_LONGEST_EVENT = 4_000_000


class ReplyEvents:
    """Reads the events of one reply."""

    def __init__(self, name: str, request: GenerationRequest) -> None:
        self._name = name
        self._request = request
        self._stops = frozenset(request.stop_ids)
        self.is_over = False

    def take(self, line: str) -> TokenChunk | None:
        """What a line of the stream adds, if anything.

        Raises:
            EngineError: it is no event of a completion with ids.
        """
        if self._request.is_cancelled:
            self.is_over = True
            return TokenChunk((), "cancelled")
        if not line.startswith("data:"):
            return None
        data = line.removeprefix("data:").strip()
        if data == "[DONE]" or len(data) > _LONGEST_EVENT:
            raise self.cut_off()
        try:
            told: Any = json.loads(data)
        except ValueError:
            raise RemoteServerError(f"{self._name} sent an event that is no JSON") from None
        if isinstance(told, dict) and "error" in told:
            raise failure(self._name, _status_of(cast("dict[str, Any]", told)), data)
        if isinstance(told, dict) and not cast("dict[str, Any]", told).get("choices"):
            return None
        choice = choice_of(cast("object", told))
        ids = ids_of(choice)
        if ids is None:
            raise RemoteServerError(f"{self._name} gives no token ids any more")
        reason = choice.get("finish_reason")
        end = next((place for place, id_ in enumerate(ids) if id_ in self._stops), None)
        if end is not None:
            ids, reason = ids[: end + 1], "stop"
        if reason is None:
            return TokenChunk(tuple(ids)) if ids else None
        self.is_over = True
        stopped_by = choice.get("stop_reason")
        if end is None and reason == "stop" and isinstance(stopped_by, int):
            ids = [*ids, stopped_by]
        return TokenChunk(tuple(ids), "length" if reason == "length" else "stop")

    def cut_off(self) -> RemoteEngineError:
        """The error of a stream that ends without its end."""
        return RemoteServerError(f"{self._name} ended its reply without saying why")


def _status_of(told: Mapping[str, Any]) -> int:
    error: Any = told.get("error")
    code = cast("Mapping[str, Any]", error).get("code") if isinstance(error, dict) else None
    if isinstance(code, int):
        return code
    return {"timeout": 504, "queue_full": 503, "stopping": 503}.get(str(code), 500)


def choice_of(told: object) -> dict[str, Any]:
    """The first choice of a completion.

    Raises:
        EngineError: it is none.
    """
    listed: Any = cast("dict[str, Any]", told).get("choices") if isinstance(told, dict) else None
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        raise RemoteServerError("the server's reply is no completion")
    return cast("dict[str, Any]", listed[0])


def ids_of(choice: Mapping[str, Any]) -> list[int] | None:
    """The token ids of a choice; None where there are none, or something else."""
    ids: Any = choice.get("token_ids")
    if not isinstance(ids, list):
        return None
    listed = cast("list[object]", ids)
    is_plain = all(isinstance(one, int) and not isinstance(one, bool) for one in listed)
    return cast("list[int]", listed) if is_plain else None
