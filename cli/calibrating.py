"""`groundglm calibrate`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ..assembly import open_base
from ..errors import DocumentError
from ..loading.encodings import decode
from ..loading.json import json_lines
from ..settings import FILE_NAME, write_threshold
from .bases import KbOption, find_base, settings_of
from .output import JsonOption, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(calibrate)


def calibrate(
    questions: Annotated[
        Path | None,
        typer.Option(help='JSON Lines of {"question", "answerable": true or false}.'),
    ] = None,
    decline_rate: Annotated[
        float,
        typer.Option(help="The share of unanswerable questions to decline.", min=0.5, max=0.99),
    ] = 0.9,
    kb: KbOption = None,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be written, write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Choose the threshold below which questions are declined, for this base.

    Without a file of questions, some are made of the base's own sentences; the unanswerable ones
    are the same questions with the document they come from taken out of what is found.
    """
    from ..agent.calibration import calibrate_from_questions, calibrate_from_sentences

    folder = find_base(kb)
    settings = settings_of(folder)
    mode = settings.values.grounding.mode
    with open_base(folder, settings, read_only=True) as base:
        model = base.embedding_name

        def search(query: str, k: int) -> Any:
            return base.search(query, k=k, mode=mode)

        results = (
            calibrate_from_questions(_read_questions(questions), search, decline_rate=decline_rate)
            if questions is not None
            else calibrate_from_sentences(base.database.texts(), search, decline_rate=decline_rate)
        )
    day = datetime.now(UTC).date().isoformat()
    data: list[dict[str, Any]] = []
    for language, found in sorted(results.items()):
        source = questions.name if questions is not None else "the base's own sentences"
        origin = (
            f"calibrated {day} on {found.answerable} answerable and {found.unanswerable} "
            f"unanswerable questions from {source}: answers {found.answered:.0%}, "
            f"declines {found.declined:.0%}, give or take {found.margin:.0%}"
        )
        if not dry_run:
            write_threshold(folder, language, found.threshold, origin=origin, model=model)
        row = {"language": language, "threshold": found.threshold, "origin": origin}
        rates = {"answered": found.answered, "declined": found.declined, "margin": found.margin}
        data.append(row | rates)
    if as_json:
        print_json({"thresholds": data, "written": not dry_run})
        return
    for entry in data:
        say(f"{entry['language']}: {entry['threshold']:.4f}  ({entry['origin']})")
    where = "nothing was written" if dry_run else f"written to {folder / FILE_NAME}"
    say(f"{where}; expect these rates on questions of the same kind only")


def _read_questions(path: Path) -> list[tuple[str, bool]]:
    try:
        text = decode(path.read_bytes())
    except (DocumentError, OSError) as error:
        raise DocumentError(f"{path} cannot be read: {error}") from error
    return [_asked(value, f"{path}, line {number}") for number, value in json_lines(text)]


def _asked(value: object, place: str) -> tuple[str, bool]:
    match value:
        case {"question": str(question), "answerable": bool(answerable)} if question.strip():
            return question, answerable
        case ValueError():
            said = f"it is not JSON ({value})"
        case _:
            said = f"it is {json.dumps(value, ensure_ascii=False):.80}"
    raise DocumentError(
        f'{place}: expected {{"question": "...", "answerable": true}} with true or false; {said}'
    )
