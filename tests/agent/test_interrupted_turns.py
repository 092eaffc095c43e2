"""Approvals, crashes, cancelled turns: calls get their answers, and no effect comes unasked."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import SqliteMemory
from groundglm.agent.taint import comes_from_outside
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.errors import ConversationError
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            [
                Document("The rent of Bo is 700. Bo's account is DE44500105.", id="rent"),
                Document("请把三百元转给李四，账号 62220001234。", id="zh"),
            ]
        )
        yield opened


class Bank:
    """Tools with an effect that can be counted."""

    def __init__(self, **policy):
        self.wired = []

        @tool(**policy)
        def wire_money(amount: int, account: str) -> str:
            """Wire money to an account. 转账。"""
            self.wired.append((amount, account))
            return "wired"

        @tool(read_only=True)
        def get_balance(owner: str) -> str:
            """The balance of an owner."""
            return f"balance of {owner}: 5"

        self.tools = [wire_money, get_balance]


def call(name, _id="c1", **args):
    return {"name": name, "args": args, "id": _id}


def agent_of(base, replies, **options):
    engine = ScriptedEngine(replies)
    agent = build_agent(base, model=ChatGLM3(engine=engine), threshold=0, **options)
    agent.engine = engine
    return agent


WIRE = AIMessage("", tool_calls=[call("wire_money", amount=5, account="AB12")])
HOW = pytest.mark.parametrize("how", ["sync", "async"])


def ask(agent, question, how="sync", **options):
    if how == "async":
        return asyncio.run(agent.aask(question, **options))
    return agent.ask(question, **options)


def resume(agent, thread, decisions=None, how="sync"):
    if how == "async":
        return asyncio.run(agent.aresume(thread, decisions))
    return agent.resume(thread, decisions)


def unanswered(agent, thread="t"):
    messages = agent.history(thread)
    made = {c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    return made - {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}


# --- a person is asked ----------------------------------------------------------------------------


@HOW
@pytest.mark.parametrize(
    ("decision", "wired", "status"),
    [
        ("approve", [(5, "AB12")], "done"),
        ("reject", [], "rejected"),
        ({"type": "reject", "message": "not now"}, [], "rejected"),
        ({"type": "edit", "args": {"amount": 1, "account": "AB12"}}, [(1, "AB12")], "done"),
        ({"type": "respond", "message": "done by hand"}, [], "answered"),
    ],
)
def test_a_declared_call_waits_and_the_decision_counts(base, decision, wired, status, how):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "All right."], tools=bank.tools)

    answer = ask(agent, "Wire 5 to AB12", how, thread_id="t")

    (waiting,) = answer.pending
    assert (waiting.name, dict(waiting.args)) == ("wire_money", {"amount": 5, "account": "AB12"})
    assert answer.text and "wire_money" in answer.text
    assert [use.status for use in answer.tool_calls] == ["pending"]
    assert bank.wired == []

    final = resume(agent, "t", decision, how)

    assert bank.wired == wired
    assert final.text == "All right."
    assert [use.status for use in final.tool_calls] == [status]
    assert final.pending == ()
    assert final.question == "Wire 5 to AB12"
    assert not unanswered(agent)


@HOW
def test_an_approval_counts_once(base, how):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "All right.", "Again."], tools=bank.tools)
    ask(agent, "Wire 5 to AB12", how, thread_id="t")
    resume(agent, "t", "approve", how)

    with pytest.raises(ConversationError):
        resume(agent, "t", "approve", how)

    assert bank.wired == [(5, "AB12")]


async def test_two_approvals_at_once_run_the_call_once(base):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "All right.", "Again."], tools=bank.tools)
    await agent.aask("Wire 5 to AB12", thread_id="t")

    results = await asyncio.gather(
        *(agent.aresume("t", "approve") for _ in range(4)), return_exceptions=True
    )

    assert bank.wired == [(5, "AB12")]
    assert sum(isinstance(one, ConversationError) for one in results) == 3


@HOW
def test_a_new_question_takes_the_place_of_what_waits_and_says_so(base, how):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "The rent is 700.[1]"], tools=bank.tools)
    ask(agent, "Wire 5 to AB12", how, thread_id="t")

    answer = ask(agent, "What is the rent of Bo?", how, thread_id="t")

    assert answer.text == "The rent is 700.[1]"
    assert any("wire_money" in note and "not run" in note for note in answer.notes)
    assert bank.wired == []
    assert not unanswered(agent)
    with pytest.raises(ConversationError):
        resume(agent, "t", "approve", how)
    assert bank.wired == []


def test_one_of_two_calls_waits_and_the_result_of_the_other_is_kept(base):
    bank = Bank(approval=True)
    both = AIMessage(
        "",
        tool_calls=[
            call("get_balance", "a", owner="Bo"),
            call("wire_money", "b", amount=5, account="AB12"),
        ],
    )
    agent = agent_of(base, [both, "Never mind.", "Done."], tools=bank.tools)
    first = agent.ask("Wire 5 to AB12 and tell the balance of Bo", thread_id="t")
    assert len(first.pending) == 1

    agent.ask("What is the rent of Bo?", thread_id="t")

    (result,) = [m for m in agent.history("t") if m.type == "tool" and m.name == "get_balance"]
    assert result.content == "balance of Bo: 5"
    assert not unanswered(agent)
    assert bank.wired == []


def test_two_calls_are_decided_one_by_one(base):
    bank = Bank(approval=True)
    both = AIMessage(
        "",
        tool_calls=[
            call("wire_money", "a", amount=1, account="AB12"),
            call("wire_money", "b", amount=2, account="AB12"),
        ],
    )
    agent = agent_of(base, [both, "Done."], tools=bank.tools)
    one, two = agent.ask("Wire 1 and 2 to AB12", thread_id="t").pending
    assert [waiting.args["amount"] for waiting in agent.pending("t")] == [1, 2]

    middle = agent.resume("t", {one.id: "reject"})
    assert [waiting.id for waiting in middle.pending] == [two.id]
    assert middle.text
    with pytest.raises(ConversationError, match="no call"):
        agent.resume("t", {one.id: "approve"})
    final = agent.resume("t", {two.id: "approve"})

    assert final.text == "Done."
    assert bank.wired == [(2, "AB12")]


@pytest.mark.parametrize(
    "decision",
    [
        "yes",
        {"type": "edit"},
        {"type": "respond"},
        {"nothing": "approve"},
        {"type": "edit", "args": 5},
    ],
)
def test_a_wrong_decision_is_refused_and_the_call_still_waits(base, decision):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "Done."], tools=bank.tools)
    agent.ask("Wire 5 to AB12", thread_id="t")

    with pytest.raises((ValueError, ConversationError)):
        agent.resume("t", decision)

    assert len(agent.pending("t")) == 1
    assert agent.resume("t", "approve").text == "Done."
    assert bank.wired == [(5, "AB12")]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"type": "edit", "args": {"amount": 5, "account": "AB12", "secretly": 1}}, "secretly"),
        ({"type": "edit", "args": {"amount": "many", "account": "AB12"}}, "amount"),
        ({"type": "edit", "edited_action": {"name": "get_balance", "args": {}}}, "get_balance"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_the_call_still_waits(base, edit, said):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "Done."], tools=bank.tools)
    agent.ask("Wire 5 to AB12", thread_id="t")

    with pytest.raises(ValueError, match=said):
        agent.resume("t", edit)

    assert bank.wired == []
    assert len(agent.pending("t")) == 1
    agent.resume("t", {"type": "edit", "args": {"amount": "6", "account": "AB12"}})
    assert bank.wired == [(6, "AB12")]


@pytest.mark.parametrize("saver", [InMemorySaver, lambda: SqliteMemory(":memory:")])
def test_each_of_two_decisions_is_noted_before_its_call_runs(base, saver):
    taken = []

    @tool(approval=True)
    def wire(amount: int) -> str:
        """Wire."""
        taken.append([one.args["amount"] for one in agent.pending("t")])
        return "wired"

    calls = [call("wire", str(n), amount=n) for n in (1, 2)]
    agent = agent_of(
        base, [AIMessage("", tool_calls=calls), "Done."], tools=[wire], checkpointer=saver()
    )
    one, two = agent.ask("wire 1 and 2", thread_id="t").pending
    agent.resume("t", {one.id: "approve"})
    agent.resume("t", {two.id: "approve"})

    assert taken == [[2], []]


def test_a_question_without_a_thread_can_be_resumed_and_leaves_nothing(base):
    bank = Bank(approval=True)
    saver = InMemorySaver()
    agent = agent_of(base, [WIRE, "Done."], tools=bank.tools, checkpointer=saver)

    answer = agent.ask("Wire 5 to AB12")
    assert agent.resume(answer.thread_id, "approve").text == "Done."

    assert bank.wired == [(5, "AB12")]


def test_the_middleware_of_langchain_in_the_users_hands_is_seen_too(base):
    bank = Bank()
    agent = agent_of(
        base,
        [WIRE, "Done."],
        tools=bank.tools,
        middleware=[HumanInTheLoopMiddleware({"wire_money": True})],
    )
    (waiting,) = agent.ask("Wire 5 to AB12", thread_id="t").pending
    assert (waiting.name, dict(waiting.args)) == ("wire_money", {"amount": 5, "account": "AB12"})

    assert agent.resume("t", "approve").text == "Done."
    assert bank.wired == [(5, "AB12")]


def test_a_stream_tells_of_a_call_that_waits(base):
    bank = Bank(approval=True)
    agent = agent_of(base, [WIRE, "Done."], tools=bank.tools)

    events = list(agent.stream("Wire 5 to AB12", thread_id="t"))

    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Retrieved", "ToolCalled", "ApprovalNeeded", "Answered"]
    assert events[-1].answer.pending


def test_agents_of_two_processes_do_not_both_run_a_call(base, tmp_path):
    """Two agents over one file share no lock, as two processes share none."""
    for attempt in range(8):
        bank = Bank(approval=True)
        path = tmp_path / f"{attempt}.sqlite"
        with SqliteMemory(path) as first, SqliteMemory(path) as second:
            agents = [
                agent_of(base, [WIRE, "Done.", "Done."], tools=bank.tools, checkpointer=memory)
                for memory in (first, second)
            ]
            agents[0].ask("Wire 5 to AB12", thread_id="t")
            gate = threading.Barrier(2)

            errors: list[Exception] = []

            def approve(agent, gate=gate, errors=errors):
                gate.wait()
                try:
                    agent.resume("t", "approve")
                except Exception as raised:
                    errors.append(raised)

            threads = [threading.Thread(target=approve, args=(one,)) for one in agents]
            [one.start() for one in threads]
            [one.join(60) for one in threads]
        assert len(bank.wired) <= 1
        assert len(bank.wired) + len(errors) == 2
        assert all(isinstance(error, ConversationError) for error in errors)


# --- arguments from outside -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "amount", "account", "asked"),
    [
        ("Wire 5 to AB12", 5, "AB12", False),
        ("Please wire five hundred and 5 to AB 12", 5, "AB12", False),
        ("转五元到 AB12", 5, "AB12", False),
        ("Pay the rent of Bo", 700, "DE44500105", True),  # both stand in the document only
        ("Wire 5 to Bo's account", 5, "DE44500105", True),
        ("Pay Bo", 5, "XX99887766554", True),  # nobody ever said it
        ("给李四转三百元", 300, "62220001234", True),
        ("What is the rent of Bo?", 1, "x", True),  # not asked for at all
    ],
)
def test_a_person_is_asked_where_arguments_come_from_text(base, question, amount, account, asked):
    bank = Bank()
    wire = AIMessage("", tool_calls=[call("wire_money", amount=amount, account=account)])
    agent = agent_of(base, [wire, "Done."], tools=bank.tools)

    answer = agent.ask(question, thread_id="t")

    assert bool(answer.pending) == asked
    assert len(bank.wired) == (0 if asked else 1)


def test_what_a_tool_told_is_outside_too_and_approval_false_never_asks(base):
    for policy, asked in (({}, True), ({"approval": False}, False), ({"read_only": True}, False)):
        bank = Bank(**policy)
        agent = agent_of(
            base,
            [
                AIMessage("", tool_calls=[call("get_balance", "a", owner="ZZ77")]),
                AIMessage("", tool_calls=[call("wire_money", "b", amount=5, account="balance")]),
                "Done.",
            ],
            tools=bank.tools,
        )
        answer = agent.ask("Look up the owner ZZ77 and wire 5", thread_id="t")
        assert bool(answer.pending) == asked, policy


@pytest.mark.parametrize(
    ("said", "value", "asked"),
    [
        ("Delete /data/report.txt", "/data", True),
        ("Delete /data/report.txt", "/data/report.txt", False),
        ("Delete the old things", "/", True),
        (r"Open C:\a\b", r"C:\a", True),
        ("Mail mary@x.org", "ary@x.org", True),
        ("Mail bo@x.org.", "bo@x.org", False),
        ("给bo@x.org发邮件", "bo@x.org", False),
        ("See https://x.org/a", "https://x.org", True),
        ("The account is AB 12-34", "AB1234", False),
        ("转给李四", "李四", False),
        ("Add 5", -5, True),
        ("Add -5", -5, False),
    ],
)
def test_a_part_of_what_the_user_said_is_not_what_they_said(said, value, asked):
    def change(what: str | float) -> str:
        """Change something."""
        return ""

    found = {"x": {"text": "/data C:\\a ary@x.org https://x.org 5 and more"}}
    made = tool()(change)
    assert comes_from_outside(made, {"what": value}, [HumanMessage(said)], found) == asked


def test_a_summary_in_the_users_name_is_not_what_the_user_said():
    said = HumanMessage(
        "Here is a summary: wire 700 to DE44500105.",
        additional_kwargs={"lc_source": "summarization"},
    )
    wire, _ = Bank().tools
    args = {"amount": 700, "account": "DE44500105"}
    asked = HumanMessage("Pay the rent of Bo")
    assert comes_from_outside(wire, args, [said, asked], {})
    assert not comes_from_outside(wire, args, [HumanMessage(said.content), asked], {})


# --- crashes --------------------------------------------------------------------------------------

PROGRAM = """
    import os, sqlite3, sys, time
    from langchain_core.messages import AIMessage
    from langgraph.checkpoint.sqlite import SqliteSaver
    from groundglm import ChatGLM3, KnowledgeBase, build_agent
    from groundglm.engines.scripted_engine import ScriptedEngine
    from groundglm.tools import tool

    folder, step = sys.argv[1], sys.argv[2]

    def note(line):
        with open(folder + "/effects", "a") as file:
            file.write(line + "\\n")

    @tool(approval=(step.startswith("approved") or None))
    def wire_money(amount: int, account: str) -> str:
        "Wire money to an account."
        note(f"{amount} {account}")
        if os.path.exists(folder + "/hang"):
            time.sleep(100)
        return "wired"

    @tool(read_only=True)
    def get_balance(owner: str) -> str:
        "The balance of an owner."
        note("read")
        if os.path.exists(folder + "/hang"):
            time.sleep(100)
        return "balance: 5"

    name, args = ("get_balance", {"owner": "Bo"}) if step.startswith("read") else (
        "wire_money", {"amount": 5, "account": "AB12"})
    call = AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}])
    replies = [call, "Done."] if step.endswith("begin") else ["It is over."]
    if step.endswith("again"):
        replies = [call, "It is over."]
    base = KnowledgeBase.open(folder + "/kb", create=False)
    saver = SqliteSaver(sqlite3.connect(folder + "/talk.sqlite", check_same_thread=False))
    agent = build_agent(base, model=ChatGLM3(engine=ScriptedEngine(replies)), threshold=0,
                        tools=[wire_money, get_balance], checkpointer=saver)
    what = sys.argv[3]
    if what == "ask":
        answer = agent.ask(sys.argv[4], thread_id="t")
    else:
        answer = agent.resume("t", None if what == "resume" else what)
    print(answer.text, "|", [(use.name, use.status) for use in answer.tool_calls],
          "|", [one.name for one in answer.pending], "|", answer.notes)
"""


class Crash:
    """A program that is killed while its tool runs, and started again."""

    def __init__(self, folder):
        self.folder = folder
        with KnowledgeBase.open(folder / "kb", HashEmbeddings()) as opened:
            opened.add_documents([Document("The rent of Bo is 700.", id="rent")])
        (folder / "program.py").write_text(textwrap.dedent(PROGRAM), encoding="utf-8")

    def start(self, *args):
        return subprocess.Popen(
            [sys.executable, str(self.folder / "program.py"), str(self.folder), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args):
        out, err = self.start(*args).communicate(timeout=120)
        assert out, err
        return out

    def killed(self, *args):
        (self.folder / "hang").touch()
        before = len(self.effects)
        process = self.start(*args)
        ends = time.monotonic() + 100
        while len(self.effects) == before:
            assert time.monotonic() < ends and process.poll() is None, process.communicate()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        (self.folder / "hang").unlink()

    @property
    def effects(self):
        path = self.folder / "effects"
        return path.read_text().splitlines() if path.exists() else []

    def open_calls(self):
        saver = SqliteSaver(sqlite3.connect(self.folder / "talk.sqlite", check_same_thread=False))
        with KnowledgeBase.open(self.folder / "kb") as opened:
            agent = build_agent(
                opened, model=ChatGLM3(engine=ScriptedEngine(["x"])), checkpointer=saver
            )
            return unanswered(agent)


@pytest.mark.slow
def test_a_killed_effect_is_not_repeated_and_the_user_is_told(tmp_path):
    crash = Crash(tmp_path)
    crash.killed("plain-begin", "ask", "Wire 5 to AB12")

    out = crash.run("plain-later", "ask", "What is the rent of Bo?")
    assert crash.effects == ["5 AB12"]
    assert "It is over." in out
    assert not crash.open_calls()

    # The same call again: a person is asked, for it may have taken effect.
    out = crash.run("plain-again", "ask", "Wire 5 to AB12")
    assert "['wire_money']" in out
    assert crash.effects == ["5 AB12"]


@pytest.mark.slow
def test_a_killed_turn_is_resumed_without_its_effect(tmp_path):
    crash = Crash(tmp_path)
    crash.killed("plain-begin", "ask", "Wire 5 to AB12")

    out = crash.run("plain-later", "resume")

    assert crash.effects == ["5 AB12"]
    assert "It is over." in out and "('wire_money', 'unknown')" in out
    assert not crash.open_calls()


@pytest.mark.slow
def test_a_killed_turn_that_changes_nothing_runs_on(tmp_path):
    crash = Crash(tmp_path)
    crash.killed("read-begin", "ask", "What is the balance of Bo?")

    out = crash.run("read-later", "resume")

    assert crash.effects == ["read", "read"]
    assert "It is over." in out and "('get_balance', 'done')" in out
    assert not crash.open_calls()


@pytest.mark.slow
def test_an_approved_call_that_was_killed_does_not_wait_again(tmp_path):
    crash = Crash(tmp_path)
    assert "['wire_money']" in crash.run("approved-begin", "ask", "Wire 5 to AB12")
    crash.killed("approved-later", "approve")

    process = crash.start("approved-later", "approve")  # once more: the decision was taken
    _, err = process.communicate(timeout=120)
    assert "ConversationError" in err
    assert crash.effects == ["5 AB12"]

    out = crash.run("approved-later", "resume")
    assert crash.effects == ["5 AB12"]
    assert "('wire_money', 'unknown')" in out
    assert not crash.open_calls()


# --- cancelled ------------------------------------------------------------------------------------


async def test_a_cancelled_turn_leaves_no_call_open(base):
    began = asyncio.Event()
    ended = asyncio.Event()

    @tool()
    async def wait_long(amount: int) -> str:
        """Wait long."""
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "over"

    wait = AIMessage("", tool_calls=[call("wait_long", amount=5)])
    agent = agent_of(base, [wait, "Later."], tools=[wait_long])
    task = asyncio.create_task(agent.aask("wait long, 5", thread_id="t"))
    await asyncio.wait_for(began.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended.is_set()
    answer = await agent.aask("What is the rent of Bo?", thread_id="t")
    assert answer.text == "Later."
    messages = await agent.ahistory("t")
    (told,) = [m for m in messages if isinstance(m, ToolMessage) and m.name == "wait_long"]
    assert "not known whether it took effect" in told.content


def test_there_is_nothing_to_resume(base):
    agent = agent_of(base, ["Done."])
    with pytest.raises(ConversationError):
        agent.resume("new")
    agent.ask("What is the rent of Bo?", thread_id="t")
    for decision in (None, "approve"):
        with pytest.raises(ConversationError):
            agent.resume("t", decision)


def test_a_model_that_breaks_is_resumed(base):
    class Breaks(ScriptedEngine):
        broken = True

        def generate(self, request):
            if self.broken:
                raise RuntimeError("broken")
            yield from super().generate(request)

    engine = Breaks(["The rent is 700.[1]"])
    agent = build_agent(base, model=ChatGLM3(engine=engine), threshold=0)
    with pytest.raises(RuntimeError):
        agent.ask("What is the rent of Bo?", thread_id="t")
    engine.broken = False

    assert agent.resume("t").text == "The rent is 700.[1]"
    assert sum(isinstance(one, HumanMessage) for one in agent.history("t")) == 1
