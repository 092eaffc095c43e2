"""The dispatcher: arguments fitted or refused, time, number, size, retries, audit, secrets."""

import asyncio
import json
import logging
import threading
import time
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import ToolMessage
from langchain_core.tools import ToolException
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel, Field

from groundglm.notation import TOOL_FAILED
from groundglm.tools import (
    AuditFile,
    DispatchLimits,
    ToolDispatcher,
    ToolPolicy,
    ToolRegistry,
    policy_of,
    tool,
    tool_from_schema,
)
from groundglm.tools.redaction import redacted, redacted_value

HOW = pytest.mark.parametrize("how", ["sync", "async"])


def dispatched(tools, name, args, how="sync", **options):
    dispatcher = tools if isinstance(tools, ToolDispatcher) else ToolDispatcher(tools, **options)
    call = {"name": name, "args": args, "id": "1", "type": "tool_call"}
    if how == "async":
        return asyncio.run(dispatcher.adispatch(call))
    return dispatcher.dispatch(call)


class Unit(Enum):
    celsius = "celsius"
    fahrenheit = "fahrenheit"


class Place(BaseModel):
    city: str
    street: str = ""


def report(
    place: Place,
    days: int = 3,
    unit: Unit = Unit.celsius,
    tags: list[str] | None = None,
    detail: Literal["short", "long"] = "short",
    exact: bool = False,
) -> str:
    """A weather report.

    Args:
        place: Where.
        days: How many days.
        unit: Of the temperature.
        tags: Further words.
        detail: How long it is.
        exact: Whether to round.
    """
    return json.dumps([place.city, days, unit.value, tags, detail, exact])


async def areport(place: Place, days: int = 3) -> str:
    """A weather report."""
    await asyncio.sleep(0)
    return f"{place.city} {days}"


@HOW
@pytest.mark.parametrize(
    ("args", "got"),
    [
        ({"place": {"city": "Oslo"}}, ["Oslo", 3, "celsius", None, "short", False]),
        (
            {"place": '{"city": "Oslo"}', "days": "5", "exact": "true", "tags": '["a"]'},
            ["Oslo", 5, "celsius", ["a"], "short", True],
        ),
        (
            {"place": {"city": "奥斯陆"}, "unit": "Fahrenheit", "detail": "LONG", "days": 2.0},
            ["奥斯陆", 2, "fahrenheit", None, "long", False],
        ),
    ],
)
def test_arguments_are_read_as_the_schema_wants_them(args, got, how):
    assert json.loads(dispatched([report], "report", args, how).content) == got


@HOW
@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "place: Field required"),
        ({"place": {"city": "Oslo"}, "day": 3}, "'days' may be meant"),
        ({"place": {"city": "Oslo", "zip": "1"}}, "place.zip"),
        ({"place": {"city": "Oslo"}, "days": "many"}, "days"),
        ({"place": "Oslo"}, "place"),
        ({"place": {"city": "Oslo"}, "unit": "kelvin"}, "unit"),
        ({"place": {"city": "Oslo"}, "tags": [1]}, "tags"),
        ({"place": {"city": None}}, "place.city"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_runs(args, said, how):
    ran = []

    def report_it(
        place: Place,
        days: int = 3,
        unit: Unit = Unit.celsius,
        tags: list[str] = [],  # noqa: B006
    ) -> str:
        """A weather report."""
        ran.append(place)
        return "ran"

    message = dispatched([report_it], "report_it", args, how)

    assert message.status == "error"
    assert message.content.startswith(TOOL_FAILED)
    assert said in message.content
    assert ran == []


@HOW
def test_an_asynchronous_function_and_one_without_arguments(how):
    def now() -> str:
        """The time."""
        return "noon"

    assert dispatched([areport], "areport", {"place": {"city": "Oslo"}}, how).content == "Oslo 3"
    assert dispatched([now], "now", {}, how).content == "noon"
    assert "takes no arguments" in dispatched([now], "now", {"zone": "x"}, how).content


def test_a_docstring_describes_the_parameters():
    (schema,) = ToolRegistry([report]).schemas()
    properties = schema["function"]["parameters"]["properties"]
    assert properties["days"]["description"] == "How many days."
    assert schema["function"]["description"] == "A weather report."


def test_names_and_descriptions_may_be_chinese():
    @tool(read_only=True)
    def 查询天气(城市: str, 天数: int = 1) -> str:
        """查询某个城市的天气。"""
        return f"{城市}晴，{天数}天"

    assert (
        dispatched([查询天气], "查询天气", {"城市": "北京", "天数": "2"}).content == "北京晴，2天"
    )
    assert "城市" in dispatched([查询天气], "查询天气", {"城": "北京"}).content


@HOW
def test_an_unknown_tool_is_told_what_there_is(how):
    message = dispatched([report], "weather", {}, how)
    assert "report" in message.content
    assert message.status == "error"


# --- what the body does ---------------------------------------------------------------------------


@HOW
@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        KeyError("x"),
        RuntimeError(),
        ToolException("told"),
        RecursionError("deep"),
        MemoryError(),
        TimeoutError("its own"),
        OSError(2, "No such file", "/srv/app/secret.pem"),
        StopIteration(),
        SystemExit(3),
        AssertionError(),
    ],
)
def test_whatever_a_tool_raises_becomes_an_observation(error, how):
    @tool()
    def breaks() -> str:
        """Break."""
        raise error

    message = dispatched([breaks], "breaks", {}, how)
    assert message.status == "error"
    assert message.content.startswith(TOOL_FAILED)
    assert "/srv" not in message.content
    assert "longer than" not in message.content


@HOW
def test_a_pydantic_error_of_the_body_is_not_told_as_wrong_arguments(how):
    @tool()
    def read_file(name: str) -> str:
        """Read a file."""
        return Place.model_validate({"street": name}).city

    message = dispatched([read_file], "read_file", {"name": "x"}, how)
    assert "ValidationError" in message.content
    assert "arguments of read_file are wrong" not in message.content


@HOW
def test_a_tool_that_takes_too_long_is_given_up(how):
    @tool(timeout=0.2)
    def sleeps() -> str:
        """Sleep."""
        time.sleep(5)
        return "woke"

    @tool(timeout=0.2, read_only=True)
    async def asleep() -> str:
        """Sleep."""
        await asyncio.sleep(5)
        return "woke"

    began = time.monotonic()
    first = dispatched([sleeps], "sleeps", {}, how)
    second = dispatched([asleep], "asleep", {}, how)
    assert time.monotonic() - began < 4
    assert "longer than 0.2 seconds" in first.content
    assert "not known" in first.content
    assert "not known" not in second.content


def test_an_asynchronous_tool_that_is_given_up_is_cancelled():
    cancelled = threading.Event()

    @tool(timeout=0.2)
    async def asleep() -> str:
        """Sleep."""
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "woke"

    for how in ("sync", "async"):
        cancelled.clear()
        dispatched([asleep], "asleep", {}, how)
        assert cancelled.wait(5), how


@HOW
@pytest.mark.parametrize(("idempotent", "tries"), [(True, 3), (False, 1)])
def test_only_an_idempotent_tool_is_tried_again(idempotent, tries, how):
    ran = []

    @tool(idempotent=idempotent)
    def flaky() -> str:
        """Fail twice."""
        ran.append(1)
        if len(ran) < 3:
            raise ConnectionError("gone")
        return "there"

    message = dispatched([flaky], "flaky", {}, how)
    assert len(ran) == tries
    assert (message.content == "there") == idempotent


@HOW
@pytest.mark.parametrize(
    "result",
    [
        "x" * 10_000_000,
        ["y" * 10_000_000],
        [{"type": "text", "text": "z" * 10_000_000}],
        {"a": "b" * 10_000_000},
    ],
)
def test_a_result_of_any_shape_is_cut(result, how):
    @tool()
    def big() -> Any:  # noqa: ANN401
        """Much."""
        return result

    message = dispatched([big], "big", {}, how, limits=DispatchLimits(max_characters=1_000))
    assert len(str(message.content)) < 1_200
    assert "cut" in str(message.content)


def test_an_artifact_is_the_programs_and_stays_whole():
    @langchain_tool(response_format="content_and_artifact")
    def load() -> tuple[str, list[int]]:
        """Load."""
        return "loaded", list(range(50_000))

    call = {"name": "load", "args": {}, "id": "1", "type": "tool_call"}
    assert len(ToolDispatcher([load]).dispatch(call).artifact) == 50_000


def test_so_many_run_at_once_and_no_more():
    running, most = 0, 0
    guard = threading.Lock()

    @tool()
    def work(number: int) -> str:
        """Work."""
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with guard:
            running -= 1
        return str(number)

    dispatcher = ToolDispatcher([work], limits=DispatchLimits(concurrency=3))
    threads = [
        threading.Thread(target=dispatched, args=(dispatcher, "work", {"number": n}))
        for n in range(12)
    ]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert most == 3

    async def together():
        calls = [{"name": "work", "args": {"number": n}, "id": str(n)} for n in range(12)]
        return await asyncio.gather(*map(dispatcher.adispatch, calls))

    most = 0
    results = asyncio.run(together())
    assert most == 3
    assert [one.content for one in results] == [str(n) for n in range(12)]
    assert [one.tool_call_id for one in results] == [str(n) for n in range(12)]


def test_tools_that_hang_do_not_take_the_place_of_others():
    @tool(timeout=0.1)
    def hangs() -> str:
        """Hang."""
        time.sleep(3)
        return ""

    @tool()
    def quick() -> str:
        """Quick."""
        return "done"

    async def main():
        dispatcher = ToolDispatcher([hangs, quick], limits=DispatchLimits(concurrency=64))
        await asyncio.gather(
            *(dispatcher.adispatch({"name": "hangs", "args": {}, "id": str(n)}) for n in range(40))
        )
        began = time.monotonic()
        message = await dispatcher.adispatch({"name": "quick", "args": {}, "id": "q"})
        assert message.content == "done"
        assert time.monotonic() - began < 1

    asyncio.run(main())


async def test_a_cancelled_call_is_cancelled():
    records = []

    @tool()
    async def asleep() -> str:
        """Sleep."""
        await asyncio.sleep(30)
        return ""

    dispatcher = ToolDispatcher([asleep], audit=records.append)
    task = asyncio.create_task(dispatcher.adispatch({"name": "asleep", "args": {}, "id": "1"}))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [one.status for one in records] == ["cancelled"]


# --- the audit and what is hidden -----------------------------------------------------------------


def test_each_call_has_a_line_without_secrets(tmp_path):
    path = tmp_path / "audit.jsonl"

    @tool(timeout=0.1)
    def login(user: str, password: str = "", wait: bool = False) -> str:
        """Log in."""
        if wait:
            time.sleep(1)
        if user == "bad":
            raise PermissionError("token=abcdefgh")
        return "in"

    dispatcher = ToolDispatcher([login], audit=AuditFile(path))
    for args in (
        {"user": "ann", "password": "hunter2"},
        {"user": "bad"},
        {"user": "slow", "wait": True},
        {"name": "x"},
    ):
        dispatched(dispatcher, "login", args)
    dispatched(dispatcher, "nothing", {})

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["status"] for one in lines] == ["done", "failed", "timed_out", "refused", "refused"]
    assert lines[0]["args"] == {"user": "ann", "password": "***"}
    assert "abcdefgh" not in path.read_text()
    assert all(one["time"].endswith("+00:00") and one["call_id"] == "1" for one in lines)


def test_the_audit_goes_to_a_logger_and_may_fail(caplog):
    with caplog.at_level(logging.INFO, "groundglm.audit"):
        dispatched([areport], "areport", {"place": {"city": "Oslo"}})
    assert json.loads(caplog.records[0].message)["tool"] == "areport"

    def broken(record):
        raise OSError("full")

    assert dispatched([areport], "areport", {"place": {"city": "Oslo"}}, audit=broken).content


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("open /etc/passwd", "open <path>"),
        ("see file:///etc/passwd now", "see <path> now"),
        ("at C:/Users/ann/x.txt", "at <path>"),
        ("https://example.org/a/b stays", "https://example.org/a/b stays"),
        ("postgres://ann:pw@db/x", "postgres://***@db/x"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ('{"api_key": "abcd efgh"}', '{"api_key": ***}'),
        ("密码：abc123", "密码：***"),
        ("key sk-abcdefghijklmnop", "key ***"),
        ("3/4 of the tokens", "3/4 of the tokens"),
    ],
)
def test_paths_and_secrets_are_hidden(text, told):
    assert redacted(text) == told


def test_what_the_environment_keeps_secret_is_hidden(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "very-own-value")
    assert redacted("failed with very-own-value") == "failed with ***"


@given(
    st.recursive(
        st.text() | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_data_is_redacted(data):
    json.dumps(redacted_value(data))


# --- policies, registries, schemas ----------------------------------------------------------------


def test_only_plain_words_make_a_tool_harmless():
    made = tool(read_only=True, idempotent=True, timeout=3, approval=False)(areport)
    assert policy_of(made) == ToolPolicy(True, True, 3.0, False)
    for value in ("yes", 1, "True", None):
        told = made.model_copy(update={"metadata": {"read_only": value, "approval": value}})
        assert not policy_of(told).read_only
        assert policy_of(told).approval is not False
    with pytest.raises(ValueError, match="timeout"):
        tool(timeout=0)
    with pytest.raises(ValueError, match="concurrency"):
        DispatchLimits(concurrency=0)


def test_a_registry_takes_a_name_once():
    registry = ToolRegistry([report])
    with pytest.raises(ValueError, match="two tools"):
        registry.add(report)
    with pytest.raises(ValueError, match="taken by GroundGLM"):
        registry.add(tool_from_schema({"name": "search_knowledge"}, lambda: ""))
    assert registry.names == ("report",)
    assert len(registry) == 1


def test_a_tool_of_a_schema_gets_what_was_written():
    got = []
    schema = {
        "name": "geo.find",
        "description": "Find.",
        "parameters": {
            "type": "dict",
            "properties": {
                "at": {"type": "tuple", "items": {"type": "float"}, "description": "Where."},
                "how": {"type": "any"},
                "n": {"type": "integer"},
            },
            "required": ["at"],
        },
    }
    made = tool_from_schema(schema, lambda **options: got.append(options) or "ok")

    assert dispatched([made], "geo.find", {"at": [1, 2.5], "how": "x", "n": "3"}).content == "ok"
    assert got == [{"at": [1, 2.5], "how": "x", "n": 3}]
    assert "at" in dispatched([made], "geo.find", {"n": 3}).content
    assert "'m'" in dispatched([made], "geo.find", {"at": [], "m": 3}).content


def test_limits_on_values_hold():
    def pick(number: Annotated[int, Field(ge=1, le=3)]) -> str:
        """Pick."""
        return str(number)

    assert dispatched([pick], "pick", {"number": 3}).content == "3"
    assert dispatched([pick], "pick", {"number": 4}).status == "error"


@given(
    st.dictionaries(
        st.sampled_from(["place", "days", "unit", "tags", "detail", "exact", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
        ),
    )
)
def test_no_arguments_end_a_turn(args):
    assert isinstance(dispatched([report], "report", args), ToolMessage)
