"""The command add: files and folders into a base, and what came of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..assembly import open_base
from ..text.terminal import visible_line
from .bases import KbOption, find_base, settings_of
from .output import SOME_REFUSED, JsonOption, console, print_json, say
from .progress import add_progress

if TYPE_CHECKING:
    from ..knowledge.base import KnowledgeBase
    from ..knowledge.preview import AddPreview
    from ..knowledge.records import AddReport

_MOST_SHOWN = 20  # files that were passed over for one reason


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(add)


def add(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, folders, and patterns such as 'a/**/*.pdf'.")
    ] = None,
    kb: KbOption = None,
    url: Annotated[
        list[str] | None, typer.Option(help="Fetch this page or file and add it; may be repeated.")
    ] = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Take out documents whose files have vanished.")
    ] = False,
    max_bytes: Annotated[int, typer.Option(help="Refuse larger files.", min=1)] = 50_000_000,
    max_seconds: Annotated[
        float, typer.Option(help="Give a file up that gets no further for so long.", min=0.1)
    ] = 120.0,
    max_memory: Annotated[
        int, typer.Option(help="Give a file up that takes more memory, in MB.", min=100)
    ] = 3_000,
    encoding: Annotated[
        str | None, typer.Option(help="That of text files whose encoding cannot be told.")
    ] = None,
    ocr: Annotated[
        str, typer.Option(help='Pictures of text: "auto", "rapidocr", "tesseract" or "off".')
    ] = "auto",
    archives: Annotated[
        bool, typer.Option("--archives", help="Read what is in ZIP and tar archives, too.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(help="How many files are read at once.", min=1)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be added, and how long it takes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add files and folders; what has not changed is skipped, what has is read again."""
    from ..loading.options import OCR, ReadingOptions

    if not paths and not url:
        raise typer.BadParameter("name files, folders, or an address with --url")
    options = ReadingOptions(
        encoding=encoding,
        ocr=cast(OCR, ocr),
        archives=archives,
        max_bytes=max_bytes,
        seconds=max_seconds,
        megabytes=max_memory,
    )
    folder = find_base(kb)
    with open_base(folder, settings_of(folder)) as base, add_progress() as progress:
        if dry_run:
            if url:
                raise typer.BadParameter("what stands at an address is not fetched for a dry run")
            found = base.preview_files(paths or (), options=options, jobs=jobs, progress=progress)
            _say_preview(found, as_json)
            return
        try:
            report = base.add_files(
                paths or (), sync=sync, options=options, jobs=jobs, progress=progress
            )
            if url:
                report = report.with_more(base.add_addresses(url, options=options))
        except KeyboardInterrupt:
            kept = base.statistics()["documents"]
            console.print(
                f"interrupted: the base holds {kept} whole documents, those added before included; "
                "the same command goes on from there",
                markup=False,
            )
            raise
        say_report(base, report, as_json)


def say_report(base: "KnowledgeBase", report: "AddReport", as_json: bool) -> None:
    """What an addition did, for people or for programs."""
    statistics = base.statistics()
    if as_json:
        data: dict[str, Any] = {
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "removed": report.removed,
            "refused": [{"id": id_, "reason": reason} for id_, reason in report.refused],
            "passed_over": [
                {"path": path, "reason": reason} for path, reason in report.passed_over
            ],
            "notes": [{"id": id_, "note": note} for id_, note in report.notes],
            "passages": report.passages,
            "facts": report.facts,
            "base": statistics,
        }
        print_json(data)
    else:
        for name in ("added", "updated", "removed"):
            for id_ in getattr(report, name):
                say(visible_line(f"{name} {id_}"))
        for id_, note in report.notes:
            say(visible_line(f"note {id_}: {note}" if id_ else f"note: {note}"))
        _say_passed_over(report.passed_over)
        for id_, reason in report.refused:
            say(visible_line(f"refused {id_ or '(a document without an id)'}: {reason}"))
        say(
            f"{len(report.added)} added, {len(report.updated)} updated, {len(report.unchanged)} "
            f"unchanged, {len(report.refused)} refused; {report.passages} new passages, "
            f"{report.facts} new facts; the base holds {statistics['documents']} documents"
        )
    if report.refused:
        raise typer.Exit(SOME_REFUSED)


def _say_passed_over(listed: Sequence[tuple[str, str]]) -> None:
    """The files that were passed over, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in listed:
        by_reason.setdefault(reason, []).append(path)
    for reason, paths in by_reason.items():
        for path in paths[:_MOST_SHOWN]:
            say(visible_line(f"passed over {path}: {reason}"))
        if len(paths) > _MOST_SHOWN:
            say(f"passed over {len(paths) - _MOST_SHOWN} more: {reason} (--json names all)")


def _say_preview(found: "AddPreview", as_json: bool) -> None:
    """What would be added, for people or for programs."""
    if as_json:
        print_json(
            {
                "documents": [{"id": id_, "passages": count} for id_, count in found.documents],
                "unchanged": found.unchanged,
                "refused": [{"id": id_, "reason": reason} for id_, reason in found.refused],
                "passed_over": [
                    {"path": path, "reason": reason} for path, reason in found.passed_over
                ],
                "notes": [{"id": id_, "note": note} for id_, note in found.notes],
                "formats": dict(found.formats),
                "characters": found.characters,
                "passages": found.passages,
                "seconds": round(found.seconds, 1),
            }
        )
    else:
        for id_, note in found.notes:
            say(visible_line(f"note {id_}: {note}"))
        _say_passed_over(found.passed_over)
        for id_, reason in found.refused:
            say(visible_line(f"would be refused {id_ or '(a document without an id)'}: {reason}"))
        for name, count in found.formats.most_common():
            say(f"{count:,} of {name}")
        say(
            f"would be added: {len(found.documents):,} documents with {found.passages:,} passages "
            f"({found.characters:,} characters) in about {_duration(found.seconds)}; "
            f"{len(found.unchanged):,} are unchanged, {len(found.refused):,} would be refused. "
            "Nothing was stored."
        )
    if found.refused:
        raise typer.Exit(SOME_REFUSED)


def _duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
