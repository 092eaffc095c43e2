"""Every regular expression of the package against strings made to make it slow.

The patterns are collected from the source, so that a new one is tried without being listed here;
the strings come from the pattern itself: what leads to one of its repetitions, then what that
repetition takes, over and over, then something that nothing takes.
"""

import ast
import importlib
import multiprocessing
import os
import re
import re._constants as sre
import re._parser as parser
import signal
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

# Sentences, lines, titles and questions that patterns read are bounded to 1,000 characters or less;
# those patterns that see more must be linear, which 4,000 characters would show as well.
_FULL = os.environ.get("GROUNDGLM_FULL") == "1"
_LENGTH = 2_000 if _FULL else 1_000
_SECONDS = 1.0 if _FULL else 0.25  # what takes the square of the length takes a fourth for a half
_CHOICES = 5 if _FULL else 3  # of what a repetition may take
_ROOT = Path(__file__).resolve().parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
_ROOMS = [name.partition(".")[2] for name in _PROJECT["tool"]["setuptools"]["packages"]][1:]


# --- the patterns of the package -----------------------------------------------------------------


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(_ROOT.glob("*.py")):
        if not path.name.startswith("__"):
            yield f"groundglm.{path.stem}", path
    for room in _ROOMS:
        for path in sorted((_ROOT / room).glob("*.py")):
            if path.name != "__init__.py":
                yield f"groundglm.{room}.{path.stem}", path


def _literal(node: ast.expr, names: dict[str, Any]) -> str | None:
    """A pattern as it stands in the source, the names in it filled in from its module."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts: list[str] = []
        for piece in node.values:
            inner = piece.value if isinstance(piece, ast.FormattedValue) else piece
            if isinstance(inner, ast.Name):
                parts.append(str(names.get(inner.id, "x")))
            elif isinstance(inner, ast.Call) and ast.unparse(inner).startswith("TABLES.one_of("):
                parts.append(names["TABLES"].one_of(ast.literal_eval(inner.args[0])))
            else:
                parts.append(_literal(inner, names) or "x")
        return "".join(parts)
    return None


def _patterns() -> Iterator[tuple[str, str]]:
    seen: set[str] = set()  # a part that several modules share is tried once
    for name, path in _modules():
        source = path.read_text("utf-8")
        module = importlib.import_module(name)
        found: list[tuple[int, str]] = []
        tree = ast.parse(source)
        pieces = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant | ast.JoinedStr) or id(node) in pieces:
                continue
            start = (ast.get_source_segment(source, node) or "")[:4].lower()
            if not re.match(r"(?:r|rf|fr)['\"](?!['\"]{2})", start):
                continue
            text = _literal(node, vars(module))
            if text is not None:
                found.append((node.lineno, text))
        for value in vars(module).values():
            found += [(0, one.pattern) for one in _compiled(value)]
        for line, text in found:
            if text not in seen and _is_pattern(text):
                seen.add(text)
                yield f"{name}:{line}", text


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:  # a replacement, such as r"\1%"
        return False
    return True


def _compiled(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, bytes):  # tried as the text that has these codes
            yield re.compile(value.pattern.decode("latin-1"), value.flags)
        else:
            yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _compiled(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _compiled(one)
    elif is_dataclass(value) and not isinstance(value, type):  # a relation, the tables of rules
        for field in fields(value):
            yield from _compiled(getattr(value, field.name))


# --- strings for a pattern -----------------------------------------------------------------------


def _sample(nodes: Any, choice: int) -> str:
    """A string that the nodes of a parsed pattern take, `choice` telling which of several."""
    return "".join(_sample_one(kind, value, choice) for kind, value in nodes)


def _sample_one(kind: Any, value: Any, choice: int) -> str:
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is sre.ANY:
        return "aA .("[choice % 5]
    if kind is sre.IN:
        return _member(value, choice)
    if kind is sre.BRANCH:
        return _sample(value[1][choice % len(value[1])], choice)
    if kind is sre.SUBPATTERN:
        return _sample(value[3], choice)
    if kind is sre.ATOMIC_GROUP:
        return _sample(value, choice)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, body = value
        return _sample(body, choice) * max(least, min(most, choice % 3))
    return ""


_OF_CATEGORY = {
    sre.CATEGORY_SPACE: " \n",
    sre.CATEGORY_WORD: "aA1中",
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_NOT_SPACE: "a中",
    sre.CATEGORY_NOT_WORD: " .",
    sre.CATEGORY_NOT_DIGIT: "a ",
}


def _member(value: Any, choice: int) -> str:
    if value[0][0] is sre.NEGATE:
        candidates = "aA1 .中（(-'"
        return candidates[choice % len(candidates)]
    members: list[str] = []
    for kind, what in value:
        if kind is sre.LITERAL:
            members.append(chr(what))
        elif kind is sre.RANGE:
            members.append(chr(what[0]))
        elif kind is sre.CATEGORY:
            members += list(_OF_CATEGORY[what])
    return members[choice % len(members)]


def _repetitions(nodes: Any, before: str) -> Iterator[tuple[str, Any]]:
    """Each repetition in a parsed pattern, with a string that leads to it."""
    for kind, value in nodes:
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            if value[1] >= 8:
                yield before, value[2]
            yield from _repetitions(value[2], before)
        elif kind is sre.SUBPATTERN:
            yield from _repetitions(value[3], before)
        elif kind is sre.ATOMIC_GROUP:
            yield from _repetitions(value, before)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from _repetitions(branch, before)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repetitions(value[1], before)
        before += _sample_one(kind, value, 1)


def hostile_strings(pattern: str, flags: int = 0) -> Iterator[str]:
    """Strings on which a pattern that can be slow is slow."""
    parsed = parser.parse(pattern, flags)
    seen: set[str] = set()
    for lead, body in _repetitions(parsed, ""):
        for choice in range(_CHOICES):
            pump = _sample(body, choice)
            if not pump or len(pump) > 60:
                continue
            for start in {lead, ""}:
                text = start + pump * ((_LENGTH - len(start)) // len(pump))
                for end in ("\x00", pump[:1] + "x."):
                    if text + end not in seen:
                        seen.add(text + end)
                        yield text + end
    for text in (
        "(",
        " ",
        "a ",
        "B. ",
        "A ",
        "一",
        "第",
        "1,",
        "[1]",
        "《",
        "A, ",
        "他",
        "“",
        "\n",
        "- ",
    ):
        yield text * (_LENGTH // len(text)) + "\x00"


# --- the test -------------------------------------------------------------------------------------


class _TooSlow(Exception):
    pass


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


def _slowest(pattern: str) -> tuple[float, str]:
    """The longest time that a search took, and on what."""
    compiled = re.compile(pattern)
    worst = (0.0, "")
    # Of the processor's time, so that other work beside it does not count.
    before = signal.signal(signal.SIGVTALRM, _stop)
    try:
        for text in hostile_strings(pattern):
            for look in (compiled.search, compiled.fullmatch):
                start = time.process_time()
                signal.setitimer(signal.ITIMER_VIRTUAL, 2 * _SECONDS)
                try:
                    look(text)
                except _TooSlow:
                    return float("inf"), text
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                worst = max(worst, (time.process_time() - start, text))
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return worst


def test_no_pattern_is_slow_on_any_string() -> None:
    found = list(_patterns())
    assert len(found) > 300, "the patterns are no longer found in the source"

    slow = {}
    # Forked, so that each has a timer of its own; only `re` runs in them.
    with multiprocessing.get_context("fork").Pool(min(4, os.cpu_count() or 1)) as pool:
        tried = pool.map(_slowest, [pattern for _, pattern in found], chunksize=8)
    for (where, pattern), (seconds, text) in zip(found, tried, strict=True):
        if seconds > _SECONDS:
            slow[where] = f"{seconds:.1f} s on {text[:40]!r}...: {pattern[:80]}"
    assert not slow


def test_a_pattern_that_is_slow_would_be_noticed() -> None:
    for pattern in (r"(?:[A-Z]\w*|[A-Z])(?: (?:[A-Z]\w*|[A-Z]))*!", r"(a|b|ab)*c", r"(\s*a?\s*)*x"):
        assert _slowest(pattern)[0] > _SECONDS
