"""Metadata filters: a small language that is checked when it is read, and evaluated by columns.

`{"year": {"$gte": 1990}, "kind": ["book", "essay"]}` are two conditions of which both must hold.

| condition | holds where the value |
|---|---|
| `value` or `{"$eq": value}` | equals it |
| `[a, b]` or `{"$in": [a, b]}` | equals one of them |
| `{"$ne": value}`, `{"$nin": [a, b]}` | does not, or is missing |
| `{"$gt": x}`, `$gte`, `$lt`, `$lte` | is a number beside a number, or a text beside a text |
| `{"$exists": true}` | is there (`false`: is missing) |
| `{"$contains": text}` | is a text that holds it |
| `{"$startswith": text}` | is a text that begins with it |

A list as a document's value holds where one of its members does. `$and`, `$or` (lists of filters)
and `$not` (a filter) combine; `"$id"` is the document's id; `"a.b"` is `b` inside `a`. Texts are
compared as they are, so dates should be ISO 8601. 1 and 1.0 are equal, 1 and true are not.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

ID = "$id"

#: A filter as a user writes it, or what says of a document's metadata whether it fits.
Filter = Mapping[str, Any] | Callable[[dict[str, Any]], bool]

_MOST_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition on one key: `test` of a single value, or, with `equal`, one of these values."""

    key: str
    test: Callable[[Any], bool]
    equal: frozenset[str] | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """Conditions that must all hold, of which one must, or (of one) that must not."""

    kind: Literal["and", "or", "not"]
    parts: tuple["Leaf | Branch", ...]


Condition = Leaf | Branch


def read_filter(filter: Mapping[str, Any]) -> Condition:
    """The condition that a filter states.

    Raises:
        ValueError: it is none; the message names the place and what is known.

    >>> read_filter({"year": {"$more": 3}})  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ValueError: the filter has '$more' at 'year'; known are $contains, $eq, $exists, ...
    """
    return _read(filter, 0)


def _read(filter: object, depth: int) -> Condition:
    if not isinstance(filter, Mapping):
        raise ValueError(f"a filter is a mapping, not {filter!r:.80}")
    if depth > _MOST_DEPTH:
        raise ValueError(f"the filter is nested more than {_MOST_DEPTH} deep")
    parts: list[Condition] = []
    for key, wanted in cast("Mapping[object, object]", filter).items():
        if not isinstance(key, str):
            raise ValueError(f"a key of a filter is a string, not {key!r:.80}")
        if key in ("$and", "$or"):
            if not isinstance(wanted, Sequence) or isinstance(wanted, str) or not wanted:
                raise ValueError(f"{key} takes a list of filters, not {wanted!r:.80}")
            inner = tuple(_read(one, depth + 1) for one in cast("Sequence[object]", wanted))
            parts.append(Branch("and" if key == "$and" else "or", inner))
        elif key == "$not":
            parts.append(Branch("not", (_read(wanted, depth + 1),)))
        elif key.startswith("$") and key != ID:
            raise ValueError(f"the filter has {key!r}; known are $and, $or, $not and {ID}")
        else:
            parts += _conditions(key, wanted)
    return parts[0] if len(parts) == 1 else Branch("and", tuple(parts))


def _conditions(key: str, wanted: object) -> Iterator[Condition]:
    if isinstance(wanted, Mapping):
        said = cast("Mapping[object, object]", wanted)
        if not any(isinstance(name, str) and name.startswith("$") for name in said):
            yield _equal(key, [cast("object", wanted)])
            return
        for name, value in said.items():
            make = _OPERATORS.get(str(name))
            if make is None:
                known = ", ".join(sorted(_OPERATORS))
                raise ValueError(f"the filter has {name!r} at {key!r}; known are {known}")
            yield make(key, value)
    elif isinstance(wanted, list | tuple | set | frozenset):
        yield _equal(key, cast("object", wanted))
    else:
        yield _equal(key, [wanted])


def _equal(key: str, values: object, *, negated: bool = False) -> Leaf:
    if not isinstance(values, list | tuple | set | frozenset):
        raise ValueError(f"the filter takes a list at {key!r}, not {values!r:.80}")
    wanted = frozenset(canonical(value) for value in cast("Sequence[object]", values))
    return Leaf(key, lambda value: canonical(value) in wanted, wanted, negated)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[str, object], Leaf]:
    def make(key: str, wanted: object) -> Leaf:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | str):
            raise ValueError(f"the filter compares {key!r} with {wanted!r:.80}, which has no order")
        kind: tuple[type, ...] = (str,) if isinstance(wanted, str) else (int, float)
        return Leaf(
            key,
            lambda value: (
                isinstance(value, kind) and not isinstance(value, bool) and compare(value, wanted)
            ),
        )

    return make


def _text(test: Callable[[str, str], bool]) -> Callable[[str, object], Leaf]:
    def make(key: str, wanted: object) -> Leaf:
        if not isinstance(wanted, str):
            raise ValueError(f"the filter looks at {key!r} for {wanted!r:.80}, which is no text")
        return Leaf(key, lambda value: isinstance(value, str) and test(value, wanted))

    return make


def _exists(key: str, wanted: object) -> Leaf:
    if not isinstance(wanted, bool):
        raise ValueError(f"$exists at {key!r} takes true or false, not {wanted!r:.80}")
    return Leaf(key, lambda _: True, negated=not wanted)


_OPERATORS: dict[str, Callable[[str, Any], Leaf]] = {
    "$eq": lambda key, value: _equal(key, [value]),
    "$ne": lambda key, value: _equal(key, [value], negated=True),
    "$in": _equal,
    "$nin": lambda key, values: _equal(key, values, negated=True),
    "$gt": _ordered(lambda value, wanted: value > wanted),
    "$gte": _ordered(lambda value, wanted: value >= wanted),
    "$lt": _ordered(lambda value, wanted: value < wanted),
    "$lte": _ordered(lambda value, wanted: value <= wanted),
    "$exists": _exists,
    "$contains": _text(lambda value, wanted: wanted in value),
    "$startswith": _text(lambda value, wanted: value.startswith(wanted)),
}


def canonical(value: object) -> str:
    """A text that is the same for equal JSON values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r:.80} is no value that metadata can hold") from error


def values_at(metadata: Mapping[str, Any], key: str) -> list[Any]:
    """The values of a document at a key: itself, and its members where it is a list."""
    if key in metadata:
        value: Any = metadata[key]
    else:
        value = metadata
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return []
            value = cast("Mapping[str, Any]", value)[part]
    return [value, *cast("list[Any]", value)] if isinstance(value, list) else [value]
