"""Questions to a table in SQL: CSV files in memory, read only, within time and size."""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from ..errors import DocumentError
from ..loading.encodings import decode
from ..loading.tables import separator_of, table_rows
from .registry import ToolPolicy, with_policy

_MOST_ROWS = 1_000_000
_MOST_COLUMNS = 500
_LONGEST_QUERY = 10_000
_LONGEST_VALUE = 1_000_000
_SHOWN_VALUES = 3
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,15})?")
# Functions that reach out of the database, where a build of SQLite has them.
_OUTSIDE = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_ALLOWED = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)


class Tables:
    r"""CSV files as tables of a database in memory that nothing can change.

    A column of numbers alone is one of numbers; an empty cell is null. The database stands apart
    from all files, and a query that is too long in time is stopped.

    >>> with Tables({"people": "name,age\nAnn,31\nBo,27"}) as tables:
    ...     tables.query("select name from people where age > 30")
    [{'name': 'Ann'}]
    """

    def __init__(self, tables: Mapping[str, str]) -> None:
        """Read tables.

        Args:
            tables: The text of each, as CSV or TSV with a header, by its name.

        Raises:
            DocumentError: one has no header, or is too large.
        """
        self._guard = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self.columns: dict[str, list[tuple[str, str, list[str]]]] = {}
        for name, text in tables.items():
            self._read(name, text)
        self._connection.execute("pragma query_only=1")
        self._connection.set_authorizer(_authorize)
        # A function such as zeroblob would take all the memory at once, before any time is up.
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)

    @classmethod
    def of_files(cls, paths: Iterable[str | Path]) -> "Tables":
        """The tables of files, named by them.

        Raises:
            DocumentError: one cannot be read.
        """
        found: dict[str, str] = {}
        for path in map(Path, paths):
            try:
                text = decode(path.read_bytes())
            except OSError as error:
                raise DocumentError(f"{path} cannot be read: {error}") from error
            found[_free(_identifier(path.stem, "table"), found)] = text
        return cls(found)

    def __enter__(self) -> "Tables":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the tables."""
        self._connection.close()

    def describe(self) -> str:
        """The tables with their columns, kinds and first values, a line each."""
        lines: list[str] = []
        for name, columns in self.columns.items():
            told = ", ".join(
                f"{quoted(column)} {kind} (e.g. {', '.join(values)})" if values else quoted(column)
                for column, kind, values in columns
            )
            lines.append(f"{quoted(name)}: {told}")
        return "\n".join(lines)

    def query(
        self, sql: str, *, most_rows: int = 100, timeout: float = 5.0
    ) -> list[dict[str, object]]:
        """The rows that a SELECT gives, at most so many.

        Raises:
            ValueError: it is no single SELECT, is wrong, or took too long.
        """
        if len(sql) > _LONGEST_QUERY:
            raise ValueError(f"the query is longer than {_LONGEST_QUERY} characters")
        ends = time.monotonic() + timeout
        with self._guard:
            self._connection.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
            try:
                cursor = self._connection.execute(sql)
                names = [one[0] for one in cursor.description or ()]
                rows = cursor.fetchmany(most_rows)
            except sqlite3.DatabaseError as error:
                said = str(error)
                if "interrupted" in said:
                    raise ValueError(f"the query took longer than {timeout:g} seconds") from None
                if "not authorized" in said or "prohibited" in said or "readonly" in said:
                    raise ValueError("only a single SELECT over the tables is allowed") from None
                raise ValueError(f"the query is wrong: {said}; {self.describe()}") from None
            except (sqlite3.Warning, sqlite3.ProgrammingError) as error:
                raise ValueError(f"only a single SELECT is allowed: {error}") from None
            finally:
                self._connection.set_progress_handler(None, 0)
        if not names:
            raise ValueError("only a single SELECT over the tables is allowed")
        return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]

    def _read(self, name: str, text: str) -> None:
        rows = _rows(text)
        header = next(rows, list[str]())
        if not any(cell.strip() for cell in header):
            raise DocumentError(f"the table {name} has no header")
        if len(header) > _MOST_COLUMNS:
            raise DocumentError(f"the table {name} has more than {_MOST_COLUMNS} columns")
        columns: list[str] = []
        for number, cell in enumerate(header, start=1):
            columns.append(_free(_identifier(cell, f"column{number}"), columns))
        body = [(*row, *[""] * len(columns))[: len(columns)] for row in rows if any(row)]
        if len(body) > _MOST_ROWS:
            raise DocumentError(f"the table {name} has more than {_MOST_ROWS} rows")
        kinds = [_kind([row[index] for row in body]) for index in range(len(columns))]
        typed = ", ".join(f"{quoted(one)} {kind}" for one, kind in zip(columns, kinds, strict=True))
        self._connection.execute(f"create table {quoted(name)} ({typed})")
        places = ", ".join("?" * len(columns))
        self._connection.executemany(
            f"insert into {quoted(name)} values ({places})",
            ([_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in body),
        )
        self._connection.commit()
        self.columns[name] = [
            (one, kind, list(dict.fromkeys(row[index][:30] for row in body[:50] if row[index]))[
                :_SHOWN_VALUES])
            for index, (one, kind) in enumerate(zip(columns, kinds, strict=True))
        ]  # fmt: skip


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _authorize(action: int, _: object, name: object, *__: object) -> int:
    if action == sqlite3.SQLITE_FUNCTION and str(name).lower() in _OUTSIDE:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _rows(text: str) -> Iterator[list[str]]:
    for _, row in table_rows(text, separator_of(text)):
        if isinstance(row, str):
            raise DocumentError(f"the table cannot be read: {row}")
        yield [cell.strip() for cell in row]


def _identifier(text: str, otherwise: str) -> str:
    return " ".join(text.split())[:60].replace("\x00", "") or otherwise


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where another one, in whatever case, bears it."""
    known = {one.casefold() for one in taken}
    number, free = 2, name
    while free.casefold() in known:
        free, number = f"{name} {number}", number + 1
    return free


def _kind(cells: Sequence[str]) -> str:
    told = [cell for cell in cells if cell]
    if not told or not all(map(_NUMBER.fullmatch, told)):
        return "TEXT"
    # A leading zero is no number's: a postcode or an id.
    if any(len(cell.lstrip("+-")) > 1 and cell.lstrip("+-")[0] == "0" and "." not in cell
           for cell in told):  # fmt: skip
        return "TEXT"
    return "REAL" if any("." in cell for cell in told) else "INTEGER"


def _cell(cell: str, kind: str) -> str | int | float | None:
    if not cell:
        return None
    if kind == "TEXT":
        return cell
    plain = cell.replace(",", "")
    return float(plain) if kind == "REAL" else int(plain)


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def table_tool(
    paths: Sequence[str | Path] | str | Path,
    *,
    name: str = "query_table",
    most_rows: int = 100,
    timeout: float = 5.0,
) -> BaseTool:
    """The tool `query_table`, by which a model asks CSV files in SQL that can change nothing.

    Args:
        paths: The files.
        name: The name of the tool.
        most_rows: How many rows a result has at most.
        timeout: Seconds for a query.

    Raises:
        DocumentError: a file cannot be read as a table.
    """
    tables = Tables.of_files([paths] if isinstance(paths, str | Path) else paths)

    def query_table(sql: str) -> str:
        try:
            rows = tables.query(sql, most_rows=most_rows + 1, timeout=timeout)
        except ValueError as error:
            raise ToolException(str(error)) from error
        shown = json.dumps(rows[:most_rows], ensure_ascii=False)
        more = f"\n(the first {most_rows} rows; there are more)" if len(rows) > most_rows else ""
        return (shown if rows else "no row") + more

    made = StructuredTool.from_function(
        query_table,
        name=name,
        description=(
            "Ask tables with one SELECT in SQLite's SQL. 用一条 SELECT 语句查询表格。\n"
            f"{tables.describe()}"
        ),
    )
    return with_policy(made, ToolPolicy(read_only=True, timeout=timeout + 5))
