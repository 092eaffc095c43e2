"""Commands that make a base and look after what is in it: init, add-facts, list, remove."""

from pathlib import Path
from typing import Annotated

import typer

from ..assembly import init_base, open_base
from ..errors import DocumentError
from ..text.terminal import visible_line
from .adding import say_report
from .bases import KbOption, find_base, settings_of
from .output import FAILED, JsonOption, console, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(init)
    app.command("add-facts")(add_facts)
    app.command("import-langchain")(import_langchain)
    app.command("list")(list_documents)
    app.command()(remove)


def init(
    path: Annotated[Path, typer.Argument(help="The folder of the new base.")],
    embeddings: Annotated[
        str | None, typer.Option(help='"minilm", "hash", or a sentence-transformers model.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a base with a commented settings file."""
    loaded = init_base(path, flags={"embeddings.model": embeddings})
    model = loaded.values.embeddings.model
    if as_json:
        print_json({"path": str(path), "embeddings": model})
        return
    say(f"Made a base in {path} (embeddings: {model}; settings: {path / 'groundglm.toml'})")
    say(f"Next: groundglm add --kb {path} FILES")


def add_facts(
    file: Annotated[
        Path, typer.Argument(help="CSV with subject, predicate, object; or JSON Lines.")
    ],
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add facts from a table or JSON Lines; the file is one document, so it can be removed."""
    from ..knowledge.files import FILE_KEY
    from ..knowledge.importing import read_facts
    from ..loading.files import document_id

    folder = find_base(kb)
    facts = read_facts(file)
    if not facts.facts:
        reasons = "; ".join(f"line {line}: {reason}" for line, reason in facts.refused[:3])
        raise DocumentError(f"{file} holds no fact that can be read. {reasons}".strip())
    with open_base(folder, settings_of(folder)) as base:
        stored = base.files()
        name = document_id(file, folder)  # as earlier versions called it
        if not base.database.content_hashes([name]):
            name = stored.name_of(file, file)
        metadata = {"source": name, FILE_KEY: stored.file_of(file)}
        report = base.add_facts(facts.facts, document_id=name, title=file.stem, metadata=metadata)
        report.refused += [(f"{file}:{line}", reason) for line, reason in facts.refused]
        say_report(base, report, as_json)


def import_langchain(
    folder: Annotated[
        Path, typer.Argument(help="What FAISS.save_local wrote: index.faiss and index.pkl.")
    ],
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the documents of a LangChain FAISS folder; its pickle is read as data and never run."""
    from ..retrieval.langchain_faiss import read_langchain_faiss

    found = read_langchain_faiss(folder)
    target = find_base(kb)
    with open_base(target, settings_of(target)) as base:
        report = base.add_documents(found.documents)
        report.notes += [("", note) for note in found.notes]
        say_report(base, report, as_json)


def list_documents(kb: KbOption = None, as_json: JsonOption = False) -> None:
    """List the documents of the base."""
    with open_base(find_base(kb), read_only=True) as base:
        documents = base.documents()
    if as_json:
        keys = ("id", "title", "kind", "characters", "passages", "facts", "metadata", "added_at")
        print_json([{key: getattr(one, key) for key in keys} for one in documents])
        return
    for one in documents:
        size = f"{one.characters} characters, {one.passages} passages, {one.facts} facts"
        say(visible_line(f"{one.id}  {one.title}  ({size})"))
    say(f"{len(documents)} documents")


def remove(
    names: Annotated[
        list[str], typer.Argument(help="Document ids as `list` shows them, files, or folders.")
    ],
    kb: KbOption = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Take a folder, with all files below it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove documents, with every passage and fact that stands on them alone."""
    if not all(name.strip() for name in names):  # an empty path would be the current folder
        raise DocumentError("a name is empty; nothing was removed")
    with open_base(find_base(kb)) as base:
        known = [one.id for one in base.documents()]
        stored = base.files()
        wanted: list[str] = []
        missing: list[str] = []
        for name in names:
            found = [name] if name in known else stored.documents_of(Path(name))
            below = {} if found else stored.below(Path(name))
            if below and not recursive:
                raise DocumentError(
                    f"{name} is a folder with {len(below)} files of the base; nothing was removed. "
                    "To remove them all: --recursive"
                )
            found += [id_ for ids in below.values() for id_ in ids]
            missing += [] if found else [name]
            wanted += found
        removed = base.delete(wanted)
    if as_json:
        print_json({"removed": removed, "missing": missing})
    else:
        for id_ in removed:
            say(visible_line(f"removed {id_}"))
        for id_ in missing:
            console.print(f"there is no document or file {id_!r}{_near(id_, known)}", markup=False)
    if missing:
        raise typer.Exit(FAILED)


def _near(id_: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(id_, known, n=1)
    return f"; the nearest is {near[0]!r}" if near else ""
