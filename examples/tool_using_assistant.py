"""An assistant that answers from its documents and calls your own typed functions."""

import tempfile
from datetime import date

from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.tools import tool

MANUAL = """The greenhouse is watered at six in the morning. Tomatoes need two litres a day and
basil needs half a litre. The roof vents open by themselves above 28 degrees."""


@tool(read_only=True)  # it changes nothing, so an engine without weights may run it
def days_between(start_date: str, end_date: str) -> int:
    """Count the days between two dates (YYYY-MM-DD)."""
    return abs((date.fromisoformat(end_date) - date.fromisoformat(start_date)).days)


with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder) as base:
    manual = Document(MANUAL, id="manual", metadata={"title": "Greenhouse manual"})
    base.add_documents([manual])
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=[days_between])
    for question in (
        "Please count the days between 2026-03-01 and 2026-04-15.",
        "What is 2 * 12 + 0.5 * 8?",
        "At what temperature do the roof vents of the greenhouse open?",
    ):
        answer = agent.ask(question)
        print(f"{question}\n  {answer.text}")
        for use in answer.tool_calls:
            print(f"  {use.status}: {use.name}({dict(use.args)})")
