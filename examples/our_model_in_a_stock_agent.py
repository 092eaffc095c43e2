"""The model and the tools of GroundGLM in LangChain's own agent, without ours."""

import tempfile
from typing import Any, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase
from groundglm.tools import calculator_tool, fact_tools, search_tool

with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder) as base:
    base.add_documents([Document("The ferry to Hollvik leaves at 7:15.", id="ferry")])
    base.add_facts([{"subject": "Hollvik", "predicate": "population", "object": "1,204"}])
    tools = [search_tool(base), *fact_tools(base), calculator_tool()]
    agent = cast("Any", create_agent(ChatGLM3(engine="extractive"), tools=tools))
    for question in ("What is 12 * 34?", "Please look up the facts of Hollvik."):
        state = agent.invoke({"messages": [("user", question)]})
        print(f"{question}\n  {state['messages'][-1].content}")
    print(search_tool(base).invoke({"query": "ferry to Hollvik"}))
