"""An answer as lines for a reader, and where what it cites stands: file, line or page, sentence."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..evaluation.citations import marks_in
from ..evidence import Evidence, Source
from ..notation import parse_fact, parse_fact_time
from ..text.terminal import visible_line
from .quotes import quoted_span
from .transcript import Answer

_MOST_BYTES = 5_000_000
_LONGEST_QUOTE = 300
_NAMED_PLACES = ("sheet ", "slide ")
_TIME = re.compile(r"\d{2,3}:\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer with its citations numbered from 1, and each cited piece with what cites it."""

    text: str
    cited: tuple[tuple[int, Evidence, tuple[str, ...]], ...]
    unsupported: tuple[int, ...]


def renumbered(answer: Answer) -> Shown:
    """Number the citations of an answer in the order in which they stand in its text."""
    marks = [mark for mark in marks_in(answer.text) if mark[0] in answer.numbered]
    new = {number: index for index, number in enumerate(dict.fromkeys(m[0] for m in marks), 1)}
    text = answer.text
    at: dict[tuple[int, int], list[int]] = {}
    for number, start, end in marks:
        at.setdefault((start, end), []).append(new[number])
    for (start, end), numbers in sorted(at.items(), reverse=True):
        text = f"{text[:start]}{''.join(f'[{number}]' for number in numbers)}{text[end:]}"
    said: dict[int, list[str]] = {number: [] for number in new}
    for citation in answer.citations:
        said.setdefault(citation.number, []).append(citation.span_in_answer.cut(answer.text))
    cited = tuple((new[n], answer.numbered[n], tuple(said[n])) for n in new)
    wrong = {new[one.number] for one in answer.citations if not one.supported and one.number in new}
    return Shown(text, cited, tuple(sorted(wrong)))


def answer_lines(answer: Answer, places: "Places", *, verbose: bool = False) -> list[str]:
    """An answer for a reader: text, why it was declined, what it cites, calls, notes.

    Citations are numbered from 1 in the order of the text; `verbose` shows whole pieces.
    """
    shown = renumbered(answer)
    lines = [shown.text]
    if answer.reason is not None and answer.reason.text not in answer.text:
        lines.append(f"({answer.reason.text})")
    for use in answer.tool_calls:
        said = ", ".join(f"{key}={value!r}" for key, value in use.args.items())
        lines.append(f"called {use.name}({said}) -> {use.result}")
    for number, piece, quotes in shown.cited:
        lines.append(
            describe_evidence(number, piece) if verbose else places.line(number, piece, quotes)
        )
    lines += [
        f"note: the sentence behind [{number}] is not supported by it"
        for number in shown.unsupported
    ]
    lines += [f"note: {note}" for note in answer.notes]
    lines.append(f"answered by {answer.model}")
    return lines


def describe_evidence(number: int | None, piece: Evidence) -> str:
    """One piece of evidence: number, kind, where it stands, why it was found, and its text."""
    mark = f"[{number}] " if number is not None else ""
    where = "; ".join(visible_line(str(source)) for source in piece.sources[:3]) or "no source"
    title = f" {piece.title}" if piece.title and piece.kind == "passage" else ""
    text = " ".join(piece.text.split())
    shown = text if len(text) <= 300 else text[:300] + " ..."
    return f"{mark}{piece.kind}{title} ({where}; {piece.why}; {piece.score:.2f})\n    {shown}"


class Places:
    """Lines for cited evidence; files are looked for where they were read, and beside the base.

    Args:
        base: The folder of the base.
        path_of: Where the file of a document lies, where that is known.
        here: The folder that paths are shown from; the current one if None.
    """

    def __init__(
        self,
        base: Path,
        path_of: Callable[[str], Path | None] | None = None,
        here: Path | None = None,
    ) -> None:
        self._here = Path.cwd() if here is None else here
        self._folders = (self._here, base, base.parent)
        self._path_of = path_of

    def line(self, number: int, piece: Evidence, said: Sequence[str]) -> str:
        """A citation on one line: number, file with line or page, and the sentence that is cited.

        Args:
            number: Its number.
            piece: The evidence.
            said: The sentences of the answer that cite it.
        """
        quote = _fact_text(piece) if piece.kind == "fact" else _quote(piece, said)
        sources = list(dict.fromkeys(self.place(source, quote) for source in piece.sources[:3]))
        return f"[{number}] {'; '.join(sources) or 'no source'}: {quote}"

    def place(self, source: Source, quote: str) -> str:
        """`file, line 12`, `file, page 3`, `file, sheet Fares`, or the file alone."""
        name = visible_line(source.document_id.removeprefix(f"{self._here}{os.sep}"))
        outer, _, _ = source.place.partition(" > ")
        if outer.startswith(_NAMED_PLACES) or _TIME.fullmatch(outer):
            return f"{name}, {outer}"
        if source.page is not None:
            return f"{name}, page {source.page}"
        for path in self._paths(source.document_id):
            line = _line_of(path, quote)
            if line:
                return f"{name}, line {line}"
        return f"{name}, {source.place}" if source.place else name

    def _paths(self, document_id: str) -> Iterator[Path]:
        known = None if self._path_of is None else self._path_of(document_id)
        if known is not None:
            yield known
        elif _is_plain(document_id):
            yield from (folder / document_id for folder in self._folders)


def _is_plain(document_id: str) -> bool:
    """Whether an id may be a file that was added; one that climbs out of its folder is none."""
    return ".." not in Path(document_id).parts and "\0" not in document_id


def _fact_text(piece: Evidence) -> str:
    parts = parse_fact(piece.text)
    if parts is None:
        return piece.text
    time = parse_fact_time(piece.text)
    return " | ".join(parts) + (f" ({time})" if time else "")


def _quote(piece: Evidence, said: Sequence[str]) -> str:
    """The sentence of a passage that carries best what an answer says of it first."""
    best = quoted_span(piece.text, said).cut(piece.text)
    plain = " ".join(best.split())
    return plain if len(plain) <= _LONGEST_QUOTE else plain[:_LONGEST_QUOTE] + " ..."


def _line_of(path: Path, quote: str) -> int:
    """The line of a text file in which a quote begins, however its lines are broken; 0 if none."""
    squeezed, lines = _squeezed(path)
    wanted = re.sub(r"\s+", "", quote.removesuffix(" ..."))
    start = squeezed.find(wanted) if len(wanted) > 3 else -1
    return lines[start] if start >= 0 else 0


@lru_cache(maxsize=32)
def _squeezed(path: Path) -> tuple[str, list[int]]:
    """The text of a file without its blanks, and the line of each of its characters."""
    from ..loading.encodings import decode

    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return "", []
        text = decode(path.read_bytes())
    except (OSError, ValueError):
        return "", []
    kept: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        plain = "".join(line.split())
        kept.append(plain)
        lines += [number] * len(plain)
    return "".join(kept), lines
