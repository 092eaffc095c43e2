"""What a base knows as tools of any agent: passages, the facts of an entity, paths between two."""

from collections.abc import Sequence
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from ..evidence import Evidence, PassageSource, SearchMode
from ..facts import FactSource
from ..notation import SEARCH_TOOL, fact_evidence, format_evidence
from .registry import ToolPolicy, tool, with_policy

_MOST_FACTS = 50
_MOST_PATHS = 5
_LONGEST_QUERY = 4_000
_POLICY = ToolPolicy(read_only=True, idempotent=True)


def search_tool(
    source: PassageSource,
    *,
    k: int = 5,
    mode: SearchMode = "graph",
    labels: Sequence[str] | None = None,
) -> BaseTool:
    """The search of a base as a tool of a stock agent; evidence is numbered from 1 in each result.

    An agent of `build_agent` brings a search of its own, which numbers over the conversation.

    Args:
        source: Where to search.
        k: How many passages.
        mode: How.
        labels: What may be seen; None for everything.
    """

    def search_knowledge(query: str) -> tuple[str, dict[str, Any]]:
        """在知识库中检索段落和事实。Search the knowledge base for passages and facts."""
        if not query.strip():
            return "the query is empty", {"evidence": []}
        found = source.search(query[:_LONGEST_QUERY], k=k, mode=mode, labels=labels)
        text = format_evidence(enumerate(found, start=1)) or "nothing was found"
        return text, {"evidence": [piece.to_dict() for piece in found]}

    made = StructuredTool.from_function(
        search_knowledge, name=SEARCH_TOOL, response_format="content_and_artifact"
    )
    return with_policy(made, _POLICY)


def fact_tools(facts: FactSource, *, labels: Sequence[str] | None = None) -> list[BaseTool]:
    """The tools `lookup_facts` and `find_paths` over the graph of a base.

    Args:
        facts: The base, or any source of facts.
        labels: What may be seen; None for everything.
    """
    seen: dict[str, Any] = {} if labels is None else {"labels": labels}

    @tool(read_only=True, idempotent=True)
    def lookup_facts(entity: str) -> str:
        """列出已知的关于某个实体的事实。List the facts that are known of an entity.

        Args:
            entity: Its name or another name of it.
        """
        found = facts.facts(entity, **seen)
        if not found:
            return _unknown(facts, entity, seen)
        pieces = [fact_evidence(fact, score=1.0, why="lookup") for fact in found[:_MOST_FACTS]]
        return _listed(pieces, len(found))

    @tool(read_only=True, idempotent=True)
    def find_paths(start: str, end: str, max_hops: int = 3) -> str:
        """查找两个实体之间由事实构成的路径。Find how two entities are connected by facts.

        Args:
            start: The name of one.
            end: The name of the other.
            max_hops: How many facts a path may have, 1 to 4.
        """
        found = facts.paths(start, end, max_hops=max(1, min(4, max_hops)), **seen)
        if not found:
            return f"no path between {start!r} and {end!r} is known"
        return "\n".join(map(str, found[:_MOST_PATHS]))

    return [lookup_facts, find_paths]


def _unknown(facts: FactSource, entity: str, seen: dict[str, Any]) -> str:
    near = [link.entity.name for link in facts.link(entity, **seen)][:5]
    hint = f"; known are: {', '.join(near)}" if near else ""
    return f"no fact about {entity!r} is known{hint}"


def _listed(pieces: Sequence[Evidence], known: int) -> str:
    text = "\n".join(piece.text for piece in pieces)
    return text if known <= len(pieces) else f"{text}\n... and {known - len(pieces)} more"
