"""Twenty scenarios with a real language model, judged by a program: the small one.

What it cannot do is named with its reason. It is SmolLM2-135M with an adapter, not ChatGLM3.
"""

import pytest
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.documents import Document
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from groundglm import KnowledgeBase, build_agent
from groundglm.agent import Text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENTS = {
    "museum.txt": "The harbour museum opens at nine. It is closed on Mondays. Admission is 12 "
    "euros. The curator of the museum is Ruth Lindgren.",
    "ferry.txt": "The ferry to Hollvik leaves at 14:30 from pier three. A ticket costs 8 euros. "
    "The ferry is run by Anders Nyman.",
    "nyman.txt": "Anders Nyman was born in Visby and studied at Lund University.",
    "leave.txt": "Employees receive 28 days of paid leave a year. Leave must be requested two "
    "weeks ahead by email to the team lead. Unused leave expires at the end of March.",
    "printer.txt": "The X200 printer weighs 14 kg. To clear a paper jam, open the rear cover and "
    "pull the sheet out slowly. The warranty is valid for three years.",
    "lindgren.txt": "Ruth Lindgren lives in Malmö. She wrote the book 'Ships of the North'.",
}


class Desk:
    """Functions, and what was done with them."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def tools(self):
        def get_weather(city: str, days: int = 1) -> str:
            """Tell the weather in a city.

            Args:
                city: The city.
                days: For how many days.
            """
            return f"It is sunny in {city} for {days} days."

        def send_mail(to: str, subject: str) -> str:
            """Send a mail.

            Args:
                to: The address.
                subject: The subject line.
            """
            self.sent.append((to, subject))
            return "ok"

        def convert_length(value: float, from_unit: str, to_unit: str) -> str:
            """Convert a length into another unit."""
            return f"{value * 1.609344:.1f} {to_unit}"

        def stock_price(company: str) -> float:
            """Get the price of a company's shares."""
            raise ConnectionError("the exchange does not answer")

        return [get_weather, send_mail, convert_length, stock_price]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    made = KnowledgeBase.open(tmp_path_factory.mktemp("kb") / "kb")
    made.add_documents([Document(text, id=name) for name, text in DOCUMENTS.items()])
    return made


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def agent(base, small_chat, desk):
    return build_agent(base, model=small_chat, tools=desk.tools(), allow_changing_tools=True)


def cited(answer):
    return {one.source.document_id for one in (answer.numbered[c.number] for c in answer.citations)}


def calls(answer):
    return [(use.name, dict(use.args), use.status) for use in answer.tool_calls]


@pytest.mark.parametrize(
    ("question", "holds", "document"),
    [
        ("When does the harbour museum open?", "nine", "museum.txt"),
        ("How much does a ticket for the ferry cost?", "8 euros", "ferry.txt"),
        ("How many days of leave do employees get?", "28", "leave.txt"),
        ("How do I clear a paper jam?", "rear cover", "printer.txt"),
        ("How heavy is the X200 printer?", "14 kg", "printer.txt"),
    ],
)
def test_an_answer_with_its_passage(agent, question, holds, document):
    answer = agent.ask(question)
    assert holds in answer.text and cited(answer) == {document}
    assert all(citation.supported for citation in answer.citations)
    assert answer.model.startswith("groundglm-small (SmolLM2-135M-Instruct, adapter ")


@pytest.mark.xfail(
    reason="takes the sentence that names Hollvik for the one that names who runs it"
)
def test_the_right_sentence_of_several(agent):
    assert "Anders Nyman" in agent.ask("Who runs the ferry to Hollvik?").text


def test_two_pieces_for_one_answer(agent):
    answer = agent.ask("Where does the curator of the museum live?")
    assert "Malmö" in answer.text and cited(answer) == {"museum.txt", "lindgren.txt"}


@pytest.mark.parametrize(
    "question", ["Who painted the Mona Lisa?", "What does the museum shop sell?"]
)
def test_a_decline(agent, question):
    answer = agent.ask(question)
    assert answer.declined and answer.reason is not None and not answer.citations


def test_a_call_and_its_result_told(agent):
    answer = agent.ask("What's the weather in Bergen for the next 3 days?")
    assert calls(answer) == [("get_weather", {"city": "Bergen", "days": 3}, "done")]
    assert "sunny in Bergen" in answer.text


def test_a_call_with_numbers(agent):
    answer = agent.ask("Convert 26 miles to kilometres")
    assert calls(answer)[0][1] == {"value": 26, "from_unit": "miles", "to_unit": "kilometres"}
    assert "41.8" in answer.text


def test_a_call_that_changes_something(agent, desk):
    agent.ask("Send a mail to anna@example.com with the subject 'Hello'")
    assert desk.sent == [("anna@example.com", "Hello")]


def test_a_call_that_changes_something_is_only_proposed_unless_that_is_allowed(
    base, small_chat, desk
):
    agent = build_agent(base, model=small_chat, tools=desk.tools())
    answer = agent.ask("Send a mail to anna@example.com with the subject 'Hello'")
    assert [status for _, _, status in calls(answer)] == ["held"] and desk.sent == []


def test_what_is_not_to_be_done_is_not_done(agent, desk):
    answer = agent.ask("Don't send a mail to anna@example.com with the subject 'Hello'.")
    assert desk.sent == [] and calls(answer) == []


def test_two_tools_in_a_row(agent, desk):
    question = "Get the weather in Rome, and then send a mail to bo@x.org, subject 'Sun'"
    answer = agent.ask(question)
    assert [name for name, _, _ in calls(answer)] == ["get_weather", "send_mail"]
    assert desk.sent == [("bo@x.org", "Sun")]


def test_a_tool_that_fails_is_told(agent):
    answer = agent.ask("What is the stock price of Volvo?")
    assert calls(answer) == [("stock_price", {"company": "Volvo"}, "failed")]
    assert "failed" in answer.text and "does not answer" in answer.notes[0]


def test_a_sum(base, small_chat):
    answer = build_agent(base, model=small_chat).ask("What is 345 + 12 * 9?")
    assert "453" in answer.text and calls(answer)[0][0] == "calculator"


def test_a_follow_up_for_the_same_function(agent):
    agent.ask("What is the weather in Paris?", thread_id="weather")
    answer = agent.ask("And in Madrid?", thread_id="weather")
    assert calls(answer) == [("get_weather", {"city": "Madrid"}, "done")]


@pytest.mark.xfail(
    strict=True, reason="the question alone, without what it is about, finds too little"
)
def test_a_follow_up_about_the_same_thing(agent):
    agent.ask("When does the ferry to Hollvik leave?", thread_id="ferry")
    assert "Nyman" in agent.ask("And who runs it?", thread_id="ferry").text


def test_a_call_waits_for_approval(base, small_chat, desk):
    agent = build_agent(
        base,
        model=small_chat,
        tools=desk.tools(),
        middleware=[HumanInTheLoopMiddleware({"send_mail": True})],
        checkpointer=InMemorySaver(),
        allow_changing_tools=True,
    )
    config = {"configurable": {"thread_id": "mail"}}
    asked = {"messages": [("user", "Send a mail to bo@x.org with the subject 'Sun'")]}
    state = agent.graph.invoke(asked, config)
    (request,) = state["__interrupt__"][0].value["action_requests"]
    assert request["args"] == {"to": "bo@x.org", "subject": "Sun"} and desk.sent == []
    agent.graph.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    assert desk.sent == [("bo@x.org", "Sun")]


def test_a_stream_is_the_answer_piece_by_piece(agent):
    *events, last = agent.stream("How much does a ticket for the ferry cost?")
    pieces = [event.text for event in events if isinstance(event, Text)]
    assert len(pieces) > 2
    assert "".join(pieces) == last.answer.text
