"""Commands that ask a base: ask, chat, search, facts."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..assembly import make_agent, open_base
from .bases import KbOption, find_base, settings_of
from .graphing import fact_data
from .output import (
    JsonOption,
    console,
    print_json,
    print_json_line,
    read_question,
    say,
)

if TYPE_CHECKING:
    from ..agent.answer_lines import Places
    from ..agent.transcript import Answer
    from ..knowledge.base import KnowledgeBase

KOption = Annotated[int | None, typer.Option("-k", help="How many passages.", min=1, max=50)]
ModeOption = Annotated[str | None, typer.Option(help='"vector", "bm25", "hybrid" or "graph".')]


ModelOption = Annotated[
    str | None, typer.Option("--model", help="The folder of a ChatGLM3 checkpoint that answers.")
]
AdapterOption = Annotated[
    str | None, typer.Option("--adapter", help="A LoRA or P-tuning v2 folder for the model.")
]
BaseURLOption = Annotated[
    str | None,
    typer.Option("--base-url", help="ChatGLM3 on another machine: a server of token ids, to /v1."),
]
TokenizerOption = Annotated[
    str | None,
    typer.Option("--tokenizer", help='The tokenizer of the model there: a folder, or "bytes".'),
]
VerboseOption = Annotated[
    bool, typer.Option("-v", "--verbose", help="Show the whole evidence and how it was found.")
]
TraceOption = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        help="Write what was searched, found, called and checked to a .html, .json or .txt file.",
    ),
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


def ask(
    question: Annotated[str, typer.Argument(help='The question; "-" reads standard input.')],
    kb: KbOption = None,
    k: KOption = None,
    mode: ModeOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    adapter: AdapterOption = None,
    base_url: BaseURLOption = None,
    tokenizer: TokenizerOption = None,
    verbose: VerboseOption = False,
    trace: TraceOption = None,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Answer here, also where a server runs.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the answer cites numbered evidence, or is declined with the reason.

    Where a server of the base runs, it is asked, unless an option asks for something else.
    """
    folder = find_base(kb)
    settings = settings_of(
        folder,
        grounding__k=k,
        grounding__mode=mode,
        engine__model=model,
        engine__name=engine,
        engine__adapter=adapter,
        engine__base_url=base_url,
        engine__tokenizer=tokenizer,
    ).values
    with open_base(folder, read_only=True, device=settings.embeddings.device) as base:
        answer = make_agent(base, settings).ask(read_question(question))
        if trace is not None:
            _write_trace(answer, trace)
        if as_json:
            print_json(answer.to_dict())
        else:
            print_answer(answer, _places(folder, base), verbose=verbose)


def _write_trace(answer: "Answer", path: Path) -> None:
    """The trace in the form that the ending of the file names."""
    if path.suffix.lower() in (".html", ".htm"):
        text = answer.trace_html()
    elif path.suffix.lower() == ".json":
        text = json.dumps(answer.to_dict(), ensure_ascii=False, indent=2) + "\n"
    else:
        text = answer.trace_text() + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error}") from error


def _places(folder: Path, base: "KnowledgeBase") -> "Places":
    from ..agent.answer_lines import Places  # LangChain comes with it: not before it is needed

    return Places(folder, base.path_of)


def print_answer(answer: "Answer", places: "Places", *, verbose: bool = False) -> None:
    """An answer for a reader."""
    from ..agent.answer_lines import answer_lines

    for line in answer_lines(answer, places, verbose=verbose):
        say(line)


def chat(
    kb: KbOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    adapter: AdapterOption = None,
    base_url: BaseURLOption = None,
    tokenizer: TokenizerOption = None,
    verbose: VerboseOption = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON for each answer on stdout.")
    ] = False,
) -> None:
    """Ask several questions in one conversation; /exit or Ctrl-D ends it."""
    folder = find_base(kb)
    settings = settings_of(
        folder,
        engine__model=model,
        engine__name=engine,
        engine__adapter=adapter,
        engine__base_url=base_url,
        engine__tokenizer=tokenizer,
    ).values
    with open_base(folder, read_only=True, device=settings.embeddings.device) as base:
        agent = make_agent(base, settings)
        places = _places(folder, base)
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
                print_json_line(answer.to_dict())
            else:
                print_answer(answer, places, verbose=verbose)


def search(
    query: Annotated[str, typer.Argument(help='What to search for; "-" reads standard input.')],
    kb: KbOption = None,
    k: KOption = None,
    mode: ModeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search for passages (and facts, in mode "graph") without asking a model."""
    folder = find_base(kb)
    settings = settings_of(folder, grounding__k=k, grounding__mode=mode).values
    grounding = settings.grounding
    with open_base(folder, read_only=True, device=settings.embeddings.device) as base:
        found = base.search(read_question(query), k=grounding.k, mode=grounding.mode)  # type: ignore[arg-type]
    if as_json:
        print_json([piece.to_dict() for piece in found])
        return
    from ..agent.answer_lines import describe_evidence

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
        found, known = base.facts(entity), base.fact_count(entity)
    if as_json:
        print_json([fact_data(fact) for fact in found])
        return
    for fact in found:
        where = "; ".join(str(source) for source in fact.sources[:3])
        say(f"{fact.subject} | {fact.predicate} | {fact.object}  ({where})")
    if known > len(found):
        say(f"... and {known - len(found):,} more, which are not shown")
    if not found:
        say(f"no fact about {entity!r} is known")
