"""Commands of the graph: show (also as a picture), paths, export."""

import csv
import io
import json
import re
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..assembly import make_agent, open_base
from ..errors import MissingExtraError
from ..text.scripts import has_cjk
from .bases import KbOption, find_base, settings_of
from .output import JsonOption, console, print_json, say

if TYPE_CHECKING:
    from ..drawing import Picture
    from ..facts import Fact
    from ..knowledge.base import KnowledgeBase

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Write a picture: a file ending in .svg, .png or .html."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    graph = typer.Typer(help="The knowledge graph.", no_args_is_help=True)
    graph.command("show")(graph_show)
    graph.command("paths")(graph_paths)
    graph.command("export")(graph_export)
    app.add_typer(graph, name="graph")


def fact_data(fact: "Fact") -> dict[str, object]:
    """A fact as JSON."""
    return {
        "id": fact.id,
        "subject": fact.subject,
        "predicate": fact.predicate,
        "object": fact.object,
        "confidence": fact.confidence,
        "sources": [source.to_dict() for source in fact.sources],
    }


def graph_show(
    asked: Annotated[
        str | None,
        typer.Argument(
            help="An entity, whose neighbourhood is shown, or a question; else a summary."
        ),
    ] = None,
    kb: KbOption = None,
    out: OutOption = None,
    hops: Annotated[int, typer.Option(help="How far from the entity.", min=1, max=3)] = 1,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(help="How many facts at most.", min=1)] = 50,
) -> None:
    """Show the graph around an entity, or the facts that a question leads to; as a picture too."""
    folder = find_base(kb)
    with open_base(folder, read_only=True) as base:
        if asked is None:
            if out is not None:
                raise typer.BadParameter("--out draws an entity or a question: name one")
            _summary(base, as_json)
            return
        facts, known, strong = _facts_for(base, folder, asked, hops, limit)
    if out is not None:
        from ..knowledge.fact_pictures import picture_of_facts

        picture = picture_of_facts(facts[:limit], strong=strong)
        _write(out, picture, asked, [f"{f.subject} — {f.predicate} → {f.object}" for f in facts])
    if as_json:
        print_json([fact_data(fact) for fact in facts[:limit]])
        return
    for fact in facts[:limit]:
        say(f"{fact.subject} —{fact.predicate}→ {fact.object}")
    if len(facts) > limit or known > len(facts):
        more = "them" if known <= len(facts) else f"{len(facts):,} of all {known:,}"
        say(f"... {max(known, len(facts)) - limit} more; raise --limit to see {more}")
    if not facts:
        say(f"no fact about {asked!r} is known")
    elif out is not None:
        say(f"wrote {out}")


def _summary(base: "KnowledgeBase", as_json: bool) -> None:
    counts = base.statistics()
    best = [(entity.name, facts) for entity, facts in base.best_connected()]
    if as_json:
        print_json(
            {
                "entities": counts["entities"],
                "facts": counts["facts"],
                "best_connected": [{"name": name, "facts": facts} for name, facts in best],
            }
        )
        return
    say(f"{counts['entities']} entities, {counts['facts']} facts")
    for name, degree in best:
        say(f"  {name}: {degree} facts")


def _facts_for(
    base: "KnowledgeBase", folder: Path, asked: str, hops: int, limit: int
) -> tuple[list["Fact"], int, set[str]]:
    """The facts of an entity or of a question, how many there are, and the ids that stand out."""
    found = base.facts(asked)
    if found:
        strong = {one.id for one in base.entities_of(asked)}
        if hops > 1:
            found = base.facts_around(asked, hops=hops, limit=limit + 1)
            return found, len(found), strong
        return found, base.fact_count(asked), strong
    # No entity of that name: what the answer to it as a question rests on.
    settings = settings_of(folder, engine__name="extractive").values
    answer = make_agent(base, settings).ask(asked)
    shown = {piece.id for piece in answer.evidence if piece.kind == "fact"}
    cited = {one.evidence_id for one in answer.citations} & shown
    linked = [fact for one in base.link(asked) for fact in base.facts(one.entity.id)]
    ids = {fact.subject_id for fact in linked} | {fact.object_id for fact in linked}
    around = [fact for id_ in sorted(ids) for fact in base.facts(id_)]
    facts = list({fact.id: fact for fact in (*linked, *around) if fact.id in shown}.values())
    ends = {end for fact in facts if fact.id in cited for end in (fact.subject_id, fact.object_id)}
    return facts, len(facts), cited | ends


def _write(path: Path, picture: "Picture", title: str, facts: list[str]) -> None:
    from ..drawing import to_html, to_svg

    ending = path.suffix.lower()
    if ending not in (".svg", ".png", ".html", ".htm"):
        raise typer.BadParameter(f"{path}: a picture ends in .svg, .png or .html")
    if ending == ".svg":
        path.write_text(to_svg(picture, title=title) + "\n", encoding="utf-8")
    elif ending == ".png":
        _write_png(path, picture, title)
    else:
        path.write_text(to_html(picture, title=title, facts=facts), encoding="utf-8")


def _write_png(path: Path, picture: "Picture", title: str) -> None:
    """The picture drawn by matplotlib, in a font of the machine that has Chinese characters."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("a picture as PNG", extra="plots") from error
    library: Any = matplotlib  # its types are partly unknown
    library.use("agg")
    from matplotlib.figure import Figure

    fonts = _chinese_fonts()
    names = " ".join((title, *(n.name for n in picture.nodes), *(e.label for e in picture.edges)))
    if has_cjk(names) and not fonts:
        console.print(
            "no font with Chinese characters was found: install one (Debian: fonts-noto-cjk), or "
            "write .svg or .html, which take the reader's",
            markup=False,
        )
    figure: Any = Figure(figsize=(picture.width / 80, picture.height / 80), dpi=160)
    with library.rc_context({"font.family": [*fonts, "sans-serif"]}), _quiet_glyphs():
        axes: Any = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, picture.width)
        axes.set_ylim(picture.height, 0)
        axes.axis("off")
        figure.text(0.02, 0.94, title, fontsize=9, color="#445")
        for edge in picture.edges:
            start, end = picture.places[edge.source], picture.places[edge.target]
            colour, width = ("#0a58ca", 2.2) if edge.is_strong else ("#8899aa", 1.0)
            arrow = {
                "arrowstyle": "-|>",
                "color": colour,
                "lw": width,
                "shrinkA": 18,
                "shrinkB": 18,
            }
            axes.annotate("", xy=end, xytext=start, arrowprops=arrow)
            middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 6
            axes.text(*middle, edge.label, ha="center", fontsize=7, color="#445")
        for node in picture.nodes:
            box = {
                "boxstyle": "round,pad=0.5",
                "fc": "#dbe7ff" if node.is_strong else "#eef2ff",
                "ec": "#0a58ca" if node.is_strong else "#8888aa",
            }
            axes.text(
                *picture.places[node.id], node.name, ha="center", va="center", fontsize=8, bbox=box
            )
        figure.savefig(path)


_CHINESE_FONTS = re.compile(r"(?i)cjk|sourcehan|wqy|wenquanyi|pingfang|msyh|simhei|hiragino")


def _chinese_fonts() -> list[str]:
    """The names of fonts of this machine that have Chinese characters."""
    from matplotlib import font_manager

    manager: Any = font_manager  # its types are partly unknown
    names: list[str] = []
    for path in sorted(manager.findSystemFonts()):
        if _CHINESE_FONTS.search(Path(path).name) and "bold" not in path.lower():
            try:
                manager.fontManager.addfont(path)
                names.append(manager.FontProperties(fname=path).get_name())
            except (OSError, RuntimeError):  # a font that cannot be read
                continue
    return list(dict.fromkeys(names))


@contextmanager
def _quiet_glyphs() -> Generator[None]:
    """Without a warning for each character that no font has: it was said once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        yield


def graph_paths(
    start: Annotated[str, typer.Argument(help="A name, an alias or an entity id.")],
    end: Annotated[str, typer.Argument(help="Another one.")],
    kb: KbOption = None,
    max_hops: Annotated[int, typer.Option(help="Facts in a chain at most.", min=1, max=6)] = 3,
    as_json: JsonOption = False,
) -> None:
    """Show how two entities are connected: the shortest chains of facts, with their sources."""
    with open_base(find_base(kb), read_only=True) as base:
        unknown = [name for name in (start, end) if not base.facts(name)]
        near = {name: base.names_near(name) for name in unknown}
        found = [] if unknown else base.paths(start, end, max_hops=max_hops)
    if as_json:
        print_json(
            [
                {"entities": path.entities, "facts": [fact_data(fact) for fact in path.facts]}
                for path in found
            ]
        )
        return
    for name in unknown:
        hint = f"; the nearest is {near[name][0]!r}" if near[name] else ""
        say(f"no fact about {name!r} is known{hint}")
    for path in found:
        say(str(path))
        for fact in path.facts:
            where = "; ".join(str(source) for source in fact.sources[:3])
            say(f"    {fact.subject} | {fact.predicate} | {fact.object}  ({where})")
    if not found and not unknown:
        say(f"no chain of at most {max_hops} facts joins {start!r} and {end!r}")


def graph_export(
    path: Annotated[Path, typer.Argument(help="A file ending in .graphml, .csv or .json.")],
    kb: KbOption = None,
    around: Annotated[
        str | None, typer.Option(help="Only the neighbourhood of this entity.")
    ] = None,
    hops: Annotated[int, typer.Option(help="How far from it.", min=1, max=6)] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the graph for other programs: GraphML, CSV (as add-facts reads it) or JSON."""
    writers: dict[str, Callable[[Any], str]] = {
        ".graphml": _graphml,
        ".csv": _csv,
        ".json": _json,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise typer.BadParameter(f"{path}: it must end in .graphml, .csv or .json")
    if path.exists() and not force:
        raise typer.BadParameter(f"{path} is there already; --force writes over it")
    with open_base(find_base(kb), read_only=True) as base:
        if around is not None and not base.facts(around):
            raise ValueError(f"no fact about {around!r} is known")
        graph = base.graph(around, hops=hops, limit=1_000_000)
    path.write_text(writer(graph), encoding="utf-8")
    counts = {"entities": graph.number_of_nodes(), "facts": graph.number_of_edges()}
    if as_json:
        print_json({"path": str(path), **counts})
    else:
        say(f"wrote {counts['entities']} entities and {counts['facts']} facts to {path}")


_COLUMNS = ("subject", "predicate", "object", "confidence", "time", "sources")


def _graphml(graph: Any) -> str:  # noqa: ANN401 - a MultiDiGraph
    import networkx as nx

    library: Any = nx
    return "\n".join(library.generate_graphml(graph)) + "\n"


def _csv(graph: Any) -> str:  # noqa: ANN401 - a MultiDiGraph
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for _, _, data in graph.edges(data=True):
        writer.writerow(data)
    return written.getvalue()


def _json(graph: Any) -> str:  # noqa: ANN401 - a MultiDiGraph
    told = {
        "entities": [{"id": id_, **data} for id_, data in graph.nodes(data=True)],
        "facts": [
            {"id": key, "subject_id": one, "object_id": other, **data}
            for one, other, key, data in graph.edges(keys=True, data=True)
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
