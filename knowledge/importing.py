"""Facts from files, CSV or JSON Lines, one a row; bad rows are named, the others kept."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ..errors import DocumentError
from ..evidence import Source
from ..facts import Contribution, Fact
from ..loading.json import json_lines
from ..loading.parts import text_of
from ..loading.tables import LONGEST_FIELD, separator_of, table_rows
from ..text.folding import fold
from ..text.scripts import has_cjk

#: A column may bear any of these names (compared folded).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject", "head", "主语", "主体", "实体", "头实体", "s"),
    "predicate": ("predicate", "relation", "property", "谓语", "关系", "属性", "谓词", "p"),
    "object": ("object", "tail", "value", "宾语", "客体", "值", "属性值", "尾实体", "o"),
    "subject_type": ("subject_type", "主体类型", "主语类型", "实体类型"),
    "object_type": ("object_type", "客体类型", "宾语类型"),
    "source": ("source", "来源", "出处"),
    "confidence": ("confidence", "置信度", "可信度"),
    "time": ("time", "时间"),
    "aliases": ("aliases", "alias", "别名"),
}
REQUIRED = ("subject", "predicate", "object")


@dataclass(frozen=True, slots=True)
class FactFile:
    """What a file of facts holds: the facts as mappings, and the rows that were refused.

    Iterating gives the facts. A row's aliases and types become facts of their own beside it.
    """

    facts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refused: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)


def read_facts(path: str | Path) -> FactFile:
    """Read a CSV (or TSV) or JSON Lines file of facts.

    A CSV needs a header with the columns subject, predicate and object (or 主语, 谓语, 宾语 and
    the like); each line of JSON Lines is an object with these keys. Optional: subject_type,
    object_type, source, confidence (0..1), time, aliases (a list, or text with ";" or "、").

    Returns:
        The facts, each a mapping that `to_fact` takes with its `line` in the file, and what was
        refused as (line, reason).

    Raises:
        DocumentError: The file cannot be read, or lacks a column.
    """
    path = Path(path)
    try:
        text = text_of(path.read_bytes())
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from error
    if not text.strip():
        raise DocumentError(f"{path}: the file is empty")
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson", ".json"):
        rows = _json_rows(text)
    elif suffix in (".csv", ".tsv", ".txt"):
        rows = _csv_rows(text, name=str(path))
    else:
        raise DocumentError(f"{path}: facts are read from .csv, .tsv and .jsonl files")
    return _collect(rows)


def _collect(rows: Iterable[tuple[int, dict[str, Any] | str]]) -> FactFile:
    found = FactFile()
    for line, row in rows:
        if isinstance(row, str):
            found.refused.append((line, row))
            continue
        try:
            _validated(row)
            extra = list(_facts_beside(row))
        except ValueError as error:
            found.refused.append((line, str(error)))
            continue
        for mapping in (row, *extra):
            found.facts.append({**mapping, "line": line})
    return found


# --- CSV ----------------------------------------------------------------------------------------


def _csv_rows(text: str, *, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    records = table_rows(text, separator_of(text))
    header: list[str] = []
    for _, row in records:
        if not isinstance(row, str) and any(cell.strip() for cell in row):
            header = row
            break
    columns = _columns(header, name=name)
    for line, row in records:
        if isinstance(row, str):
            yield line, row
        elif any(cell.strip() for cell in row):
            yield line, _csv_row(row, header, columns)


def _csv_row(row: list[str], header: list[str], columns: Mapping[str, int]) -> dict[str, Any] | str:
    if len(row) > len(header):
        return f"{len(row)} cells under {len(header)} columns; quote a cell that holds a separator"
    cells = {key: row[at].strip() for key, at in columns.items() if at < len(row)}
    return {key: value for key, value in cells.items() if value or key in REQUIRED}


def _columns(header: list[str], *, name: str) -> dict[str, int]:
    """Where each known column stands; the first of two that mean the same counts."""
    folded = [fold(cell).strip().replace(" ", "_") for cell in header]
    found: dict[str, int] = {}
    for key, names in COLUMNS.items():
        for alias in names:
            if alias in folded and folded.index(alias) not in found.values():
                found[key] = folded.index(alias)
                break
    missing = [key for key in REQUIRED if key not in found]
    if missing:
        seen = ", ".join(cell.strip() for cell in header)[:200]
        raise DocumentError(
            f"{name}: a file of facts needs the columns subject, predicate, object; "
            f"missing: {', '.join(missing)}; found: {seen}"
        )
    return found


# --- JSON Lines ---------------------------------------------------------------------------------


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    if text.lstrip().startswith("["):
        yield from _json_array(text)
        return
    for number, value in json_lines(text):
        yield number, f"not JSON: {value}" if isinstance(value, ValueError) else _json_row(value)


def _json_array(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        values = cast("list[object]", json.loads(text))
    except (ValueError, RecursionError) as error:
        yield 1, f"not JSON: {error}"
        return
    yield from ((number, _json_row(value)) for number, value in enumerate(values, start=1))


def _json_row(value: object) -> dict[str, Any] | str:
    if not isinstance(value, dict):
        return f"an object with subject, predicate and object is needed, not {value!r:.60}"
    return _known_keys(cast("dict[str, Any]", value))


def _known_keys(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping under our own keys."""
    folded = {fold(str(key)).strip().replace(" ", "_"): value for key, value in mapping.items()}
    found: dict[str, Any] = {}
    for key, names in COLUMNS.items():
        for alias in names:
            if alias in folded and folded[alias] is not None:
                found[key] = folded[alias]
                break
    return found


# --- one fact -----------------------------------------------------------------------------------


def to_fact(fact: Mapping[str, Any] | Fact, *, document_id: str, title: str = "") -> Fact:
    """Make a `Fact` of a mapping, with the document as its source.

    A `Fact` is taken as it is; without contributions it gains one.

    Raises:
        ValueError: Something is missing or of the wrong kind; the message names the fact.

    >>> to_fact({"主体": "苏轼", "关系": "朝代", "值": "北宋"}, document_id="facts.csv").object
    '北宋'
    """
    if isinstance(fact, Fact):
        if fact.contributions:
            return fact
        said = Contribution(Source(document_id, title), extractor="given")
        return Fact(
            fact.subject, fact.predicate, fact.object, (said,), fact.subject_id, fact.object_id
        )
    row = _known_keys(fact)
    try:
        subject, predicate, object_, confidence = _validated(row)
    except ValueError as error:
        line = fact.get("line")
        place = f"line {line}" if line is not None else f"the fact {dict(fact)!r:.120}"
        raise ValueError(f"{place}: {error}") from None
    said = Contribution(
        Source(document_id, str(row.get("source") or title)),
        extractor="import",
        confidence=confidence,
        time=str(row.get("time", "")),
    )
    return Fact(subject, predicate, object_, (said,))


def _validated(row: Mapping[str, Any]) -> tuple[str, str, str, float]:
    """Subject, predicate, object and confidence of a row."""
    parts: list[str] = []
    for key in REQUIRED:
        value: object = row.get(key, "")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"the {key} must be text or a number, not {value!r:.60}")
        text = " ".join(str(value).split())
        if not text:
            raise ValueError(f"the {key} is empty")
        if len(text) > LONGEST_FIELD:
            raise ValueError(f"the {key} is longer than {LONGEST_FIELD} characters")
        parts.append(text)
    return parts[0], parts[1], parts[2], _confidence(row.get("confidence", 1.0))


def _confidence(value: object) -> float:
    try:
        number = float(cast("Any", value))
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise ValueError(f"the confidence must be a number from 0 to 1, not {value!r:.40}")
    return number


def _facts_beside(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row's aliases and types as facts: so they come and go with the document that says them."""
    chinese = has_cjk(str(row["subject"]))
    shared = {key: row[key] for key in ("source",) if key in row}
    for alias in _listed(row.get("aliases", [])):
        predicate = "别名" if chinese else "alias"
        yield {"subject": row["subject"], "predicate": predicate, "object": alias, **shared}
    for key in ("subject", "object"):
        for kind in _listed(row.get(f"{key}_type", [])):
            predicate = "实体类型" if chinese else "instance of"
            yield {"subject": row[key], "predicate": predicate, "object": kind, **shared}


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        for mark in ("；", "、", "|"):
            value = value.replace(mark, ";")
        value = value.split(";")
    if not isinstance(value, list):
        raise ValueError(f"aliases and types must be text or lists of text, not {value!r:.60}")
    items = cast("list[object]", value)
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"aliases and types must be text or lists of text, not {value!r:.60}")
    return [text for item in items if (text := " ".join(str(item).split()))]
