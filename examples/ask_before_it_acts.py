"""An agent that asks a person before it changes anything on the word of a document."""

import tempfile

from langchain_core.documents import Document
from langchain_core.messages import AIMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import ApprovalNeeded, SqliteMemory
from groundglm.chatglm3 import ScriptedEngine
from groundglm.tools import tool

SENT: list[str] = []


@tool()  # it changes something: not declared read-only
def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    SENT.append(to)
    return f"sent to {to}"


def scripted(to: str) -> ChatGLM3:
    """A model that wants to write to this address, as ChatGLM3 would write it."""
    args = {"to": to, "text": "The rent is due."}
    call = AIMessage("", tool_calls=[{"name": "send_mail", "args": args, "id": "1"}])
    return ChatGLM3(engine=ScriptedEngine([call, "It is done."]))


with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(f"{folder}/kb") as base:
    base.add_documents([Document("Bo pays the rent. Write to bo@example.org.", id="rent")])
    with SqliteMemory(f"{folder}/talk.sqlite") as memory:
        agent = build_agent(
            base, model=scripted("ann@example.org"), tools=[send_mail], checkpointer=memory
        )
        print(agent.ask("Mail ann@example.org that the rent is due.", thread_id="a").text)

        # This address stands in a document only: a person is asked first.
        agent = build_agent(
            base, model=scripted("bo@example.org"), tools=[send_mail], checkpointer=memory
        )
        for event in agent.stream("Tell Bo that the rent is due.", thread_id="b"):
            if isinstance(event, ApprovalNeeded):
                print(event.pending[0].description)
        print(agent.resume("b", "approve").text, SENT)
