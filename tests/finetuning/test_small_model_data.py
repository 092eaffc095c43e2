"""The data of the small model's adapter: what the agent really sends, and nothing held out."""

import json
import random
import sys
from pathlib import Path

import pytest
from langchain_core.tools import StructuredTool

from groundglm import ChatGLM3, build_agent
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.finetuning.formats import read_conversation
from groundglm.wire.prompt import decode_segments

TRAINING = Path(__file__).resolve().parents[2] / "training"


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(TRAINING))
    try:
        import calls
        import cases
        import data
        import made
        import values

        import questions
    finally:
        sys.path.remove(str(TRAINING))
    return {one.__name__: one for one in (calls, cases, data, made, questions, values)}


ORDINARY = [("What is tea?", "Tea is a drink. People have made it for a very long time.")]


def prompts_of(case, cases):
    """What an agent over the same evidence and functions asks the model, turn by turn."""
    steps = iter([(turn.evidence, turn.hop) for turn in case.turns])
    found: list = []

    class Given:
        def search(self, query, **kwargs):
            if not found:
                pieces, hop = next(steps)
                found.extend([hop] if hop is not None else [])
                return [piece for _, piece in pieces]
            return [piece for _, piece in found.pop()[1]]

    def tool(spec, result):
        return StructuredTool(
            name=spec["name"],
            description=spec["description"],
            args_schema=spec["parameters"],
            func=lambda **_: result,
        )

    results = {call.name: call.result for turn in case.turns for call in turn.calls}
    replies = [
        (message["content"] or message)
        for message in cases.as_record(case)["messages"]
        if message["role"] == "assistant"
    ]
    return Given(), [tool(one, results.get(one["name"], "")) for one in case.functions], replies


@pytest.mark.parametrize("kind", ["answer", "from_fact", "both", "hop", "price"])
def test_a_case_with_evidence_is_what_the_agent_asks(scripts, kind):
    cases, asker = (
        scripts["cases"],
        scripts["questions"].Asker(random.Random(5), held=False, prose=[ORDINARY[0][1]]),
    )
    case = getattr(asker, kind)()
    while case.kind == "hop in vain" or case.turns[0].evidence[0][0] != 1:
        case = getattr(asker, kind)()
    compare(case, cases)


def test_a_call_is_what_the_agent_asks(scripts):
    caller = scripts["calls"].Caller(random.Random(1), held=False)
    compare(caller.two_calls(), scripts["cases"])
    compare(caller.calculation(), scripts["cases"])


def compare(case, cases):
    from langchain_core.messages import AIMessage

    source, tools, replies = prompts_of(case, cases)

    def as_reply(one):
        if isinstance(one, str):
            return one
        said = one["tool_calls"][0]["function"]
        call = {"name": said["name"], "args": json.loads(said["arguments"]), "id": "c"}
        return AIMessage("", tool_calls=[call])

    # The first call of the search is the agent's own.
    engine = ScriptedEngine([as_reply(one) for one in replies[1:]])
    agent = build_agent(source, model=ChatGLM3(engine=engine), tools=tools, threshold=0)
    agent.ask(case.turns[0].question)
    wanted = read_conversation(cases.as_record(case), 1).segments
    asked = decode_segments(engine.requests[-1].prompt_ids, engine.tokenizer)
    assert asked == list(wanted)[:-1]


def test_every_record_can_be_learned_and_is_the_same_each_time(scripts):
    data, cases = scripts["data"], scripts["cases"]
    ordinary = [*ORDINARY, ("Hello!", "Hello! How can I help you today?")] * 4
    made = [
        [
            json.dumps(cases.as_record(case))
            for case in data.cases(150, seed=3, held=False, ordinary=ordinary)
        ]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    for line in made[0]:
        assert read_conversation(json.loads(line), 1).segments[-1].role == "assistant"


def test_what_is_held_out_is_not_trained(scripts):
    values = scripts["values"]
    seen, held = (
        {values.Values(random.Random(seed), held=is_held).name("last") for seed in range(300)}
        for is_held in (False, True)
    )
    assert not seen & held
    calls = scripts["calls"]
    trained, kept = (
        {one["names"][0] for one in calls.Caller(random.Random(1), held=is_held).sources}
        for is_held in (False, True)
    )
    assert trained and kept and not trained & kept


def test_made_functions_are_many_and_can_be_asked_for(scripts):
    made, caller = scripts["made"], scripts["calls"].Caller(random.Random(2), held=False)
    rng = random.Random(7)
    sources = [made.made_function(rng) for _ in range(300)]
    kept = {name for one in scripts["calls"].FUNCTIONS if one.get("held") for name in one["names"]}
    assert len({one["names"][0] for one in sources}) > 150
    assert not kept & {name for one in sources for name in one["names"]}
    for source in sources:
        function = caller.function(source)
        question, args = caller.request(function)  # names all that is required, or it raises
        needed = function.spec["parameters"]["required"]
        assert question and needed and set(needed) <= set(args)
        assert set(args) <= set(function.spec["parameters"]["properties"])


def test_what_is_tested_with_is_not_made_up(scripts):
    kept = scripts["calls"].Caller(random.Random(1), held=True)
    known = {one["names"][0] for one in scripts["calls"].FUNCTIONS if one.get("held")}
    assert all(kept.function().source["names"][0] in known for _ in range(100))
