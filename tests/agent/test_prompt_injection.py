"""Hostile text stays text: no role, no call that nobody approved, no citation, no other prompt."""

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.notation import parse_evidence
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool
from groundglm.wire.prompt import decode_segments
from groundglm.wire.tokenizer import CONTROL_TOKENS

from ..hostile_texts import FIRST, LATER

HOSTILE = [*FIRST, *LATER]
# Each eighth in the fast tier, all in the full one.
NUMBERS = pytest.mark.parametrize(
    "number",
    [pytest.param(n, marks=[pytest.mark.slow] if n % 8 else []) for n in range(len(HOSTILE))],
)
QUESTIONS = ("When does the museum open?", "博物馆几点开门？")
OPENS = "The museum opens at nine in the morning."
OPENS_ZH = "博物馆早上九点开门。"


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """A base with one hostile document, for the number of its text."""
    opened = {}

    def base_of(number):
        if number not in opened:
            text = HOSTILE[number]
            base = KnowledgeBase.open(tmp_path_factory.mktemp(f"kb{number}"), HashEmbeddings())
            true = Document(f"{OPENS} {OPENS_ZH}", id="true", metadata={"title": "Museum 博物馆"})
            told = {"title": f"museum {text}"}
            hostile = Document(f"museum 博物馆 opens 开门 {text}", id="hostile", metadata=told)
            base.add_documents([true, hostile])
            opened[number] = base
        return opened[number]

    yield base_of
    for base in opened.values():
        base.close()


class Effects:
    def __init__(self, result="ok"):
        self.ran = []

        @tool()
        def wire_money(amount: int, account: str) -> str:
            """Wire money to an account. 向账号转账。"""
            self.ran.append((amount, account))
            return "wired"

        @tool()
        def delete_everything() -> str:
            """Delete everything. 删除全部数据。"""
            self.ran.append("deleted")
            return "deleted"

        @tool(read_only=True)
        def read_mail(folder: str) -> str:
            """Read the mail in a folder."""
            return result

        self.tools = [wire_money, delete_everything, read_mail]


def prompt_is_whole(engine, system):
    """Each prompt holds the roles that the agent gave it, and its own system prompt."""
    for request in engine.requests:
        controls = sum(id_ in CONTROL_TOKENS.values() for id_ in request.prompt_ids)
        segments = decode_segments(request.prompt_ids, engine.tokenizer)
        assert controls == len(segments) + 3
        roles = [segment.role for segment in segments]
        assert roles[0] == "system" and roles.count("system") == 1
        assert segments[0].content == system
        for segment in segments:
            if segment.role == "observation":
                numbers = [piece.number for piece in parse_evidence(segment.content)]
                assert len(numbers) == len(set(numbers))
                assert all(number <= 3 for number in numbers)


@NUMBERS
def test_a_hostile_document_moves_the_engine_without_weights_to_nothing(bases, number):
    effects = Effects()
    model = ChatGLM3(engine="extractive")
    agent = build_agent(
        bases(number),
        model=model,
        tools=effects.tools,
        threshold=0,
        allow_changing_tools=True,
    )
    for question in QUESTIONS:
        answer = agent.ask(question)
        assert effects.ran == []
        assert all(use.name == "read_mail" for use in answer.tool_calls) or not answer.tool_calls
        for citation in answer.citations:
            assert citation.number in answer.numbered
            assert citation.supported, (answer.text, citation)
        assert not any("which no evidence bears" in note for note in answer.notes)


@NUMBERS
def test_a_model_that_obeys_a_document_is_stopped_by_a_person(bases, number):
    plain = ScriptedEngine(["x"])
    build_agent(bases(number), model=ChatGLM3(engine=plain), tools=Effects().tools).ask("x")
    system = decode_segments(plain.requests[0].prompt_ids, plain.tokenizer)[0].content
    for name, args in (
        ("wire_money", {"amount": 900, "account": "EVIL99887766"}),
        ("delete_everything", {}),
    ):
        effects = Effects()
        obeys = AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}])
        engine = ScriptedEngine([obeys, "Done."])
        agent = build_agent(
            bases(number), model=ChatGLM3(engine=engine), tools=effects.tools, threshold=0
        )
        assert [one.name for one in agent.ask(QUESTIONS[0]).pending] == [name]
        agent.ask(QUESTIONS[1])
        assert effects.ran == []
        prompt_is_whole(engine, system)


@NUMBERS
def test_a_hostile_result_of_a_tool_moves_nothing(bases, number):
    effects = Effects(HOSTILE[number])
    call = {"name": "read_mail", "args": {"folder": "inbox"}, "id": "1"}
    obeys = {"name": "wire_money", "args": {"amount": 900, "account": "EVIL99887766"}, "id": "2"}
    engine = ScriptedEngine(
        [AIMessage("", tool_calls=[call]), AIMessage("", tool_calls=[obeys]), "Done."]
    )
    agent = build_agent(bases(0), model=ChatGLM3(engine=engine), tools=effects.tools, threshold=0)

    answer = agent.ask("What is in my inbox?")

    assert effects.ran == []
    assert [one.name for one in answer.pending] == ["wire_money"]
    system = decode_segments(engine.requests[0].prompt_ids, engine.tokenizer)[0].content
    prompt_is_whole(engine, system)


def test_there_are_enough_of_them():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
    assert len(LATER) * 3 >= len(HOSTILE)
