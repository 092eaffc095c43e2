"""Commands that ask a base: ask, chat, search, facts, graph show."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..assembly import make_agent, open_base
from .bases import KbOption, find_base, settings_of
from .output import JsonOption, console, describe_evidence, print_json, read_question, say

if TYPE_CHECKING:
    from ..agent.transcript import Answer
    from ..facts import Fact

KOption = Annotated[int | None, typer.Option("-k", help="How many passages.", min=1, max=50)]
ModeOption = Annotated[str | None, typer.Option(help='"vector", "bm25", "hybrid" or "graph".')]


ModelOption = Annotated[
    str | None, typer.Option("--model", help="The folder of a ChatGLM3 checkpoint that answers.")
]
AdapterOption = Annotated[
    str | None, typer.Option("--adapter", help="A LoRA or P-tuning v2 folder for the model.")
]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help='"auto", "extractive", "transformers" or "small".')
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(ask)
    app.command()(chat)
    app.command()(search)
    app.command()(facts)
    graph = typer.Typer(help="The knowledge graph.", no_args_is_help=True)
    graph.command("show")(graph_show)
    app.add_typer(graph, name="graph")


def ask(
    question: Annotated[str, typer.Argument(help='The question; "-" reads standard input.')],
    kb: KbOption = None,
    k: KOption = None,
    mode: ModeOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    adapter: AdapterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the answer cites numbered evidence, or is declined with the reason."""
    folder = find_base(kb)
    settings = settings_of(
        folder,
        grounding__k=k,
        grounding__mode=mode,
        engine__model=model,
        engine__name=engine,
        engine__adapter=adapter,
    ).values
    with open_base(folder, read_only=True) as base:
        answer = make_agent(base, settings).ask(read_question(question))
    if as_json:
        print_json(answer.to_dict())
    else:
        print_answer(answer)


def print_answer(answer: "Answer") -> None:
    """An answer for a reader: text, why it was declined, cited evidence, calls, notes."""
    say(answer.text)
    if answer.reason is not None:
        say(f"(declined: {answer.reason.text})")
    for use in answer.tool_calls:
        said = ", ".join(f"{key}={value!r}" for key, value in use.args.items())
        say(f"called {use.name}({said}) -> {use.result}")
    cited = sorted({citation.number for citation in answer.citations})
    for number in cited:
        say(describe_evidence(number, answer.numbered[number]))
    for citation in answer.citations:
        if not citation.supported:
            say(f"note: the sentence behind [{citation.number}] is not supported by it")
    for note in answer.notes:
        say(f"note: {note}")
    say(f"answered by {answer.model}")


def chat(
    kb: KbOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    adapter: AdapterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask several questions in one conversation; /exit or Ctrl-D ends it."""
    folder = find_base(kb)
    settings = settings_of(
        folder, engine__model=model, engine__name=engine, engine__adapter=adapter
    ).values
    with open_base(folder, read_only=True) as base:
        agent = make_agent(base, settings)
        console.print("Ask; /exit or Ctrl-D ends.", markup=False)
        while True:
            try:
                question = console.input("> ", markup=False)
            except EOFError:
                return
            if question.strip() in ("/exit", "/quit"):
                return
            if not question.strip():
                continue
            answer = agent.ask(question, thread_id="chat")
            if as_json:
                print_json(answer.to_dict())
            else:
                print_answer(answer)


def search(
    query: Annotated[str, typer.Argument(help='What to search for; "-" reads standard input.')],
    kb: KbOption = None,
    k: KOption = None,
    mode: ModeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search for passages (and facts, in mode "graph") without asking a model."""
    folder = find_base(kb)
    grounding = settings_of(folder, grounding__k=k, grounding__mode=mode).values.grounding
    with open_base(folder, read_only=True) as base:
        found = base.search(read_question(query), k=grounding.k, mode=grounding.mode)  # type: ignore[arg-type]
    if as_json:
        print_json([piece.to_dict() for piece in found])
        return
    for number, piece in enumerate(found, start=1):
        say(describe_evidence(number, piece))
    if not found:
        say("nothing was found")


def facts(
    entity: Annotated[str, typer.Argument(help="A name, an alias or an entity id.")],
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is known of an entity, with the sources."""
    with open_base(find_base(kb), read_only=True) as base:
        found = base.facts(entity)
    if as_json:
        print_json([_fact_data(fact) for fact in found])
        return
    for fact in found:
        where = "; ".join(str(source) for source in fact.sources[:3])
        say(f"{fact.subject} | {fact.predicate} | {fact.object}  ({where})")
    if not found:
        say(f"no fact about {entity!r} is known")


def graph_show(
    entity: Annotated[str | None, typer.Argument(help="Its neighbourhood; else a summary.")] = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(help="How many facts at most.", min=1)] = 50,
) -> None:
    """Show the graph around an entity, or its size and its best connected entities."""
    with open_base(find_base(kb), read_only=True) as base:
        if entity is None:
            graph = base.graph()
            degrees = sorted(graph.degree, key=lambda pair: (-pair[1], pair[0]))[:10]
            names = [(str(graph.nodes[node].get("name", node)), degree) for node, degree in degrees]
            data = {
                "entities": graph.number_of_nodes(),
                "facts": graph.number_of_edges(),
                "best_connected": [{"name": name, "facts": degree} for name, degree in names],
            }
            if as_json:
                print_json(data)
                return
            say(f"{data['entities']} entities, {data['facts']} facts")
            for name, degree in names:
                say(f"  {name}: {degree} facts")
            return
        found = base.facts(entity)
    if as_json:
        print_json([_fact_data(fact) for fact in found[:limit]])
        return
    for fact in found[:limit]:
        say(f"{fact.subject} —{fact.predicate}→ {fact.object}")
    if len(found) > limit:
        say(f"... {len(found) - limit} more; raise --limit to see them")
    if not found:
        say(f"no fact about {entity!r} is known")


def _fact_data(fact: "Fact") -> dict[str, object]:
    return {
        "id": fact.id,
        "subject": fact.subject,
        "predicate": fact.predicate,
        "object": fact.object,
        "confidence": fact.confidence,
        "sources": [source.to_dict() for source in fact.sources],
    }
