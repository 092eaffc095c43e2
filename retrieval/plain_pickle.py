"""A pickle read as plain data: its opcodes are looked at, and nothing of it is ever run.

`pickle` calls whatever a file names. Here a class or function that a file names is no more than its
name, and an object that it would make is a `Made` with that name and what it would be made of.
"""

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from ..errors import DocumentError

_MARK = object()
_MOST_OPCODES = 200_000_000


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function by its name."""

    name: str


@dataclass(slots=True, eq=False)
class Made:
    """An object that a pickle would have made: of what, from which arguments, with which state."""

    name: str
    arguments: Any = ()
    state: Any = None
    items: list[Any] = field(default_factory=list[Any])


def read_plain(data: bytes) -> Any:
    """What a pickle holds.

    Raises:
        DocumentError: it is no pickle, is damaged, or does what plain data does not need.
    """
    reader = _Reader()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if number > _MOST_OPCODES:
                raise DocumentError("the pickle is too long")
            if opcode.name == "STOP":
                return reader.stack.pop()
            step = _STEPS.get(opcode.name)
            if step is None:
                raise DocumentError(f"the pickle does what plain data needs not: {opcode.name}")
            step(reader, argument)
    except DocumentError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DocumentError(f"it is no pickle, or damaged: {error}") from None
    raise DocumentError("the pickle has no end")


class _Reader:
    """The stack and the memory of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def marked(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("a mark is missing")
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found


def _push(reader: _Reader, value: Any) -> None:
    reader.stack.append(value)


def _pairs(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(values[::2], values[1::2], strict=True)


def _set_items(reader: _Reader, pairs: Iterator[tuple[Any, Any]]) -> None:
    target = reader.stack[-1]
    if isinstance(target, Made):
        target.items += pairs
    else:
        target.update(pairs)


def _extend(reader: _Reader, values: list[Any]) -> None:
    target = reader.stack[-1]
    if isinstance(target, Made):
        target.items += values
    elif isinstance(target, set):
        cast("set[Any]", target).update(values)
    else:
        target.extend(values)


def _set_item(reader: _Reader, _: Any) -> None:
    value, key = reader.stack.pop(), reader.stack.pop()
    _set_items(reader, iter([(key, value)]))


def _append(reader: _Reader, _: Any) -> None:
    value = reader.stack.pop()
    _extend(reader, [value])


def _tuple(count: int) -> Callable[[_Reader, Any], None]:
    def step(reader: _Reader, _: Any) -> None:
        values = reader.stack[len(reader.stack) - count :]
        del reader.stack[len(reader.stack) - count :]
        if len(values) != count:
            raise ValueError("the stack is empty")
        reader.stack.append(tuple(values))

    return step


def _global(reader: _Reader, argument: Any) -> None:
    reader.stack.append(Named(str(argument).replace(" ", ".")))


def _stack_global(reader: _Reader, _: Any) -> None:
    name, module = reader.stack.pop(), reader.stack.pop()
    reader.stack.append(Named(f"{module}.{name}"))


def _make(reader: _Reader, _: Any) -> None:
    arguments, what = reader.stack.pop(), reader.stack.pop()
    if not isinstance(what, Named):
        raise ValueError("what is to be made has no name")
    data = _PLAIN.get(what.name)
    reader.stack.append(Made(what.name, arguments) if data is None else data(*arguments))


def _bytes_of(text: str = "", encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise ValueError(f"bytes in {encoding}")
    return text.encode("latin1")


def _set_of(items: list[Any]) -> set[Any]:
    return set(items)


def _frozenset_of(items: list[Any]) -> frozenset[Any]:
    return frozenset(items)


def _object_of(what: Named, _: Any, __: Any) -> Made:
    return Made(what.name)


# What old protocols make plain data by; it is done here, not by what the names stand for.
_PLAIN: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _bytes_of,
    "__builtin__.bytes": _bytes_of,
    "__builtin__.set": _set_of,
    "builtins.set": _set_of,
    "__builtin__.frozenset": _frozenset_of,
    "builtins.frozenset": _frozenset_of,
    "copy_reg._reconstructor": _object_of,
    "copyreg._reconstructor": _object_of,
}


def _make_with_keywords(reader: _Reader, _: Any) -> None:
    keywords = reader.stack.pop()
    _make(reader, _)
    reader.stack[-1].state = keywords


def _build(reader: _Reader, _: Any) -> None:
    state, target = reader.stack.pop(), reader.stack[-1]
    if not isinstance(target, Made):
        raise ValueError("plain data has no state")
    target.state = state


def _memoize(reader: _Reader, _: Any) -> None:
    reader.memory[len(reader.memory)] = reader.stack[-1]


def _put(reader: _Reader, argument: Any) -> None:
    reader.memory[int(argument)] = reader.stack[-1]


def _get(reader: _Reader, argument: Any) -> None:
    reader.stack.append(reader.memory[int(argument)])


def _nothing(_: _Reader, __: Any) -> None:
    pass


_LITERALS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES "
    "SHORT_BINBYTES BINBYTES8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 FLOAT BINFLOAT"
).split()
_STEPS: dict[str, Callable[[_Reader, Any], None]] = {
    **dict.fromkeys(_LITERALS, _push),
    **dict.fromkeys(("PROTO", "FRAME"), _nothing),
    "NONE": lambda reader, _: reader.stack.append(None),
    "NEWTRUE": lambda reader, _: reader.stack.append(True),
    "NEWFALSE": lambda reader, _: reader.stack.append(False),
    "MARK": lambda reader, _: reader.stack.append(_MARK),
    "POP": lambda reader, _: reader.stack.pop(),
    "POP_MARK": lambda reader, _: reader.marked().clear(),
    "DUP": lambda reader, _: reader.stack.append(reader.stack[-1]),
    "EMPTY_TUPLE": lambda reader, _: reader.stack.append(()),
    "EMPTY_LIST": lambda reader, _: reader.stack.append([]),
    "EMPTY_DICT": lambda reader, _: reader.stack.append({}),
    "EMPTY_SET": lambda reader, _: reader.stack.append(set()),
    "TUPLE": lambda reader, _: reader.stack.append(tuple(reader.marked())),
    "LIST": lambda reader, _: reader.stack.append(reader.marked()),
    "DICT": lambda reader, _: reader.stack.append(dict(_pairs(reader.marked()))),
    "FROZENSET": lambda reader, _: reader.stack.append(frozenset(reader.marked())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": _append,
    "APPENDS": lambda reader, _: _extend(reader, reader.marked()),
    "ADDITEMS": lambda reader, _: _extend(reader, reader.marked()),
    "SETITEM": _set_item,
    "SETITEMS": lambda reader, _: _set_items(reader, _pairs(reader.marked())),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _make,
    "NEWOBJ": _make,
    "NEWOBJ_EX": _make_with_keywords,
    "BUILD": _build,
    "MEMOIZE": _memoize,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
}
