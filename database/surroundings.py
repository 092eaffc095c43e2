"""The text around a passage: its neighbours, or its section."""

from collections.abc import Sequence

from .database import Database

_PLACE = "SELECT document, position, heading FROM passages WHERE id = ?"
_NEAR = (
    "SELECT position, start, end, heading FROM passages "
    "WHERE document = ? AND position BETWEEN ? AND ? ORDER BY position"
)
_CUT = "SELECT substr(text, ?, ?) FROM documents WHERE number = ?"
_LARGEST_SECTION = 200  # passages on each side that are looked at


def context_of(database: Database, id_: str, around: int | None, *, most: int) -> str:
    """The text around a passage, itself included; empty where there is no such passage.

    Args:
        database: The database.
        id_: The passage.
        around: How many passages before it and behind it; None for those of its section.
        most: So many characters at most, unless it alone has more; passages that go beyond are
            left out.
    """
    with database.connections.reading() as connection:
        row = connection.execute(_PLACE, (id_,)).fetchone()
        if row is None:
            return ""
        document, position, heading = row
        reach = _LARGEST_SECTION if around is None else around
        near = connection.execute(_NEAR, (document, position - reach, position + reach)).fetchall()
        start, end = _around(near, position, heading if around is None else None, most)
        return connection.execute(_CUT, (start + 1, end - start, document)).fetchone()[0]


def _around(
    near: Sequence[tuple[int, int, int, str]], position: int, heading: str | None, most: int
) -> tuple[int, int]:
    """The characters from the first to the last passage around one, by turns on both sides."""
    at = next(number for number, one in enumerate(near) if one[0] == position)
    start, end = near[at][1:3]
    sides = [list(reversed(near[:at])), list(near[at + 1 :])]
    while any(sides):
        for side in sides:
            if not side:
                continue
            _, first, last, above = side.pop(0)
            is_elsewhere = heading is not None and above != heading
            if is_elsewhere or max(end, last) - min(start, first) > most:
                side.clear()
            else:
                start, end = min(start, first), max(end, last)
    return start, end
