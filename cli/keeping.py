"""Commands that keep a base: backup, restore, compact, reembed, repair, words."""

from pathlib import Path
from typing import Annotated

import typer

from ..assembly import open_base
from .bases import KbOption, find_base, settings_of
from .output import FAILED, JsonOption, console, print_json, say
from .progress import counted

ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(backup)
    app.command()(restore)
    app.command()(compact)
    app.command()(reembed)
    app.command()(repair)
    app.command()(words)


def backup(
    file: Annotated[Path, typer.Argument(help="The ZIP file to write.")],
    kb: KbOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the base as it stands now into one file; others may go on working with it."""
    with open_base(find_base(kb), read_only=True) as base:
        told = base.backup(file, replace=force)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "size": size, **told})
        return
    say(f"{file}: {told['documents']} documents, {told['facts']} facts, {size / 1e6:,.1f} MB")
    say(f"A base of it: groundglm restore {file} PATH")


def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    path: Annotated[Path, typer.Argument(help="The folder of the base.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move a base that is there aside, and take its place.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a base of a backup, checked whole before anything is put in place."""
    from ..knowledge.backups import restore as restored

    told = restored(file, path, replace=force)
    with open_base(path) as base:
        base.keep_indexes()
    if as_json:
        print_json({"path": str(path), **told})
        return
    say(f"{path}: {told['documents']} documents, {told['facts']} facts, as of {told['made_at']}")
    if force:
        say(f"A base that was there is in {path / 'replaced-...'}; delete it when you like.")


def compact(kb: KbOption = None, as_json: JsonOption = False) -> None:
    """Give the space of what was deleted back, and keep nothing of it in any file."""
    with open_base(find_base(kb)) as base, console.status("packing"):
        before, after = base.compact()
    if as_json:
        print_json({"before": before, "after": after})
        return
    say(f"{before / 1e6:,.1f} MB before, {after / 1e6:,.1f} MB now")


def reembed(
    model: Annotated[
        str, typer.Argument(help='"minilm", "hash", or a sentence-transformers model.')
    ],
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the base to another embedding model; interrupted, the same command goes on."""
    from ..assembly import make_embeddings
    from ..settings import write_embedding_model

    folder = find_base(kb)
    embeddings = make_embeddings(settings_of(folder, embeddings__model=model).values)
    with open_base(folder) as base, counted("embedding") as progress:
        before = base.embedding_name
        try:
            embedded = base.reembed(embeddings, progress=progress)
        except KeyboardInterrupt:
            console.print(
                f"interrupted: the base still has the model {before!r}; the same command goes on "
                "from there",
                markup=False,
            )
            raise
        write_embedding_model(folder, base.embedding_name)
        data = {"before": before, "model": base.embedding_name, "embedded": embedded}
    if as_json:
        print_json(data)
        return
    say(f"{embedded} passages embedded; the base has the model {data['model']!r} now")
    say("Thresholds chosen with the old one may not fit: groundglm calibrate")


def repair(
    kb: KbOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is wrong and what can be saved.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mend a base: lost vectors and indexes, or all that can be read of a damaged file."""
    from ..knowledge.repairing import repair as repaired

    folder = find_base(kb)
    with counted("reading") as progress:
        report = repaired(folder, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(report.to_dict())
    else:
        for line in report.lines():
            say(line)
    if report.lost or (dry_run and report.problems):
        raise typer.Exit(FAILED)


def words(
    file: Annotated[
        Path | None, typer.Argument(help="One word a line, as in jieba's dictionaries; else show.")
    ] = None,
    kb: KbOption = None,
    clear: Annotated[bool, typer.Option("--clear", help="Have none any more.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show or set the Chinese words that the base keeps whole: products, herbs, parts, names."""
    folder = find_base(kb)
    if file is None and not clear:
        with open_base(folder, read_only=True) as base:
            own = base.own_words
    else:
        lines = [] if clear or file is None else file.read_text("utf-8-sig").splitlines()
        listed = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
        with open_base(folder) as base, console.status("indexing"):
            base.set_own_words(listed)
            own = base.own_words
    if as_json:
        print_json({"words": list(own)})
        return
    for word in own:
        say(word)
    if not own:
        say("the base has no words of its own; set them with: groundglm words FILE")
