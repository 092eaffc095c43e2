"""From a JSON schema to rules of a Lark grammar, of Python literals or of JSON.

The rules are a subset of what the schema allows, never more, but for the features that `unheld`
names. Lark is read by llguidance (https://github.com/guidance-ai/llguidance, its dialect).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..schemas import NOTES, Schema, SchemaError, exclusive, first_violation, merged, resolve
from ..wire.literals import is_parameter
from .number_rules import number_rule
from .text_rules import Dialect, quoted, repeated, text_rule

_LONGEST_KEY = 40
_NESTED_ANY = 2
_MOST_REPEATS = 100  # an array's bounds beyond it are not held
_CHECKED = (
    "not if contains dependentRequired dependentSchemas propertyNames unevaluatedProperties "
    "unevaluatedItems"
).split()
_TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression of the grammar, and the most bytes that may be left to end it from within."""

    expression: str
    bytes: float


@dataclass(frozen=True, slots=True)
class _Property:
    """A property of an object: its name as written with what follows it, and its value."""

    lead: str
    value: Piece
    required: bool


class SchemaRules:
    """Collects the rules of one schema; `unheld` names what of it no rule can hold."""

    def __init__(self, dialect: Dialect, root: Mapping[str, Any], prefix: str) -> None:
        self.rules: list[str] = []
        self.unheld: list[str] = []
        self._dialect = dialect
        self._root = root
        self._prefix = prefix
        self._known: dict[str, Piece] = {}

    # --- rules ----------------------------------------------------------------------------------

    def rule(self, body: str, *, terminal: bool = False) -> str:
        """Add a rule, or a terminal, and give its name."""
        name = f"{self._prefix}{len(self.rules)}"
        name = name.upper() if terminal else name
        self.rules.append(f"{name}: {body}")
        return name

    def value(self, schema: Schema, where: str) -> Piece | None:
        """The rule of a schema's values; None where nothing satisfies it.

        Raises:
            SchemaError: a reference of it leads nowhere.
        """
        if isinstance(schema, bool):
            return self._any(_NESTED_ANY) if schema else None
        if "$ref" in schema:
            return self._reference(schema, where)
        for key in _CHECKED:
            if key in schema:
                self._cannot(where, key)
        if "allOf" in schema:
            whole, unheld = merged(self._root, schema)
            for feature in unheld:
                self._cannot(where, feature)
            return self.value(whole, where)
        if "const" in schema:
            return self._one_of([schema["const"]], schema)
        if "enum" in schema:
            return self._one_of(schema["enum"], schema)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self._alternatives(key, schema, where)
        kind = _kind(schema)
        if isinstance(kind, list):
            return self._either([self.value({**schema, "type": one}, where) for one in kind])
        return self._of_kind(kind, schema, where)

    def _of_kind(self, kind: str, schema: Mapping[str, Any], where: str) -> Piece | None:
        true, false, null = self._dialect.words
        match kind:
            case "string":
                return self._string(schema, where)
            case "integer" | "number":
                return self._number(kind, schema, where)
            case "boolean":
                return Piece(f'("{true}" | "{false}")', 5)
            case "null":
                return Piece(f'"{null}"', 4)
            case "array":
                return self._array(schema, where)
            case "object":
                return self.object(schema, where)
            case _:
                return self._any(_NESTED_ANY)

    # --- references and alternatives ------------------------------------------------------------

    def _reference(self, schema: Mapping[str, Any], where: str) -> Piece | None:
        reference = str(schema["$ref"])
        siblings = {key: one for key, one in schema.items() if key not in NOTES and key != "$ref"}
        target = resolve(self._root, reference)
        if siblings:
            if isinstance(target, bool):
                return self.value(siblings if target else False, where)
            if "$ref" in target:
                self._cannot(where, "$ref beside " + ", ".join(siblings))
                return self.value(target, where)
            return self.value({"allOf": [target, siblings]}, where)
        if reference in self._known:
            return self._known[reference]
        name = f"{self._prefix}ref{len(self._known)}"
        # Inside of itself the end is as far as it likes.
        self._known[reference] = Piece(name, float("inf"))
        piece = self.value(target, where)
        if piece is None:
            self.rules += [f"{name}: {name.upper()}", f"{name.upper()}: /a/ & /b/"]
            return None
        self.rules.append(f"{name}: {piece.expression}")
        self._known[reference] = Piece(name, piece.bytes)
        return self._known[reference]

    def _alternatives(self, key: str, schema: Mapping[str, Any], where: str) -> Piece | None:
        branches = cast("list[Schema]", schema[key])
        if key == "oneOf" and not exclusive(self._root, branches):
            self._cannot(where, "oneOf")
        rest = {name: one for name, one in schema.items() if name != key and name not in NOTES}
        if rest:
            branches = [{"allOf": [rest, branch]} for branch in branches]
        return self._either([self.value(branch, where) for branch in branches])

    def _either(self, pieces: Sequence[Piece | None]) -> Piece | None:
        found = [piece for piece in pieces if piece is not None]
        if not found:
            return None
        expressions = list(dict.fromkeys(piece.expression for piece in found))
        most = max(piece.bytes for piece in found)
        if len(expressions) == 1:
            return Piece(expressions[0], most)
        return Piece(f"({' | '.join(expressions)})", most)

    def _one_of(self, values: Sequence[object], schema: Mapping[str, Any]) -> Piece | None:
        rest = {key: one for key, one in schema.items() if key not in NOTES}
        whole = {**self._root, **rest} if "$defs" in self._root else rest
        whole = {key: one for key, one in whole.items() if key in rest or key == "$defs"}
        fitting = [value for value in values if not first_violation(whole, value)]
        texts = [text for text in map(self._dialect.literal, fitting) if _is_text(text)]
        if not texts:
            return None
        body = " | ".join(quoted(text) for text in dict.fromkeys(texts))
        most = max(len(text.encode("utf-8", "replace")) for text in texts)
        return Piece(f"({body})", most)

    # --- texts and numbers ----------------------------------------------------------------------

    def _string(self, schema: Mapping[str, Any], where: str) -> Piece | None:
        found = text_rule(schema, self._dialect)
        if found is None:
            return None
        if found.unheld:
            self._cannot(where, found.unheld)
        return Piece(self.rule(found.expression, terminal=True), found.bytes)

    def _number(self, kind: str, schema: Mapping[str, Any], where: str) -> Piece | None:
        found = number_rule(kind, schema, self._dialect.copies)
        if found is None:
            return None
        expression, unheld = found
        if unheld:
            self._cannot(where, unheld)
        return Piece(self.rule(expression, terminal=expression.startswith("/")), 40)

    # --- arrays and objects ---------------------------------------------------------------------

    def _array(self, schema: Mapping[str, Any], where: str) -> Piece | None:
        if schema.get("uniqueItems") and int(schema.get("maxItems", 2)) > 1:
            self._cannot(where, "uniqueItems")
        shortest, longest = int(schema.get("minItems", 0)), schema.get("maxItems")
        if longest is not None and int(longest) < shortest:
            return None
        first = [
            self.value(one, f"{where}[{number}]")
            for number, one in enumerate(schema.get("prefixItems", ()))
        ]
        if None in first:
            first = first[: first.index(None)]
            longest = min(len(first), int(longest)) if longest is not None else len(first)
        item = self.value(schema.get("items", True), f"{where}[]")
        if item is None:
            longest = min(len(first), int(longest)) if longest is not None else len(first)
        if longest is not None and int(longest) < shortest:
            return None
        if max(shortest, 0) > _MOST_REPEATS:
            self._cannot(where, f"minItems {shortest}")
            shortest = _MOST_REPEATS
        return self._items(cast("list[Piece]", first), item, shortest, longest)

    def _items(
        self, first: list[Piece], item: Piece | None, shortest: int, longest: int | None
    ) -> Piece:
        """`[`, the items in front, then any number of the others, `]`."""
        most = len(first) + _MOST_REPEATS if longest is None else int(longest)
        fixed = first[:most]
        unbounded = longest is None or most > _MOST_REPEATS
        rest = ""
        if item is not None and most > len(fixed):
            low = max(0, shortest - len(fixed))
            further = f'(", " {item.expression})'
            if fixed:
                rest = repeated(further, low, None if unbounded else most - len(fixed))
            else:
                times = repeated(further, max(0, low - 1), None if unbounded else most - 1)
                rest = f"{item.expression} {times}".rstrip()
                if shortest == 0:
                    rest = f"({rest})?"
        # Items in front may stop anywhere once there are enough.
        inner = rest
        for number in range(len(fixed) - 1, -1, -1):
            lead = '", " ' if number else ""
            inner = f"{lead}{fixed[number].expression} {inner}".rstrip()
            if number >= shortest:
                inner = f"({inner})?"
        sizes = [piece.bytes + 2 for piece in fixed]
        sizes += [item.bytes + 2] * max(1, shortest - len(fixed)) if item is not None else []
        return Piece(self.rule(f'"[" {inner} "]"'), sum(sizes) + 2)

    def object(self, schema: Mapping[str, Any], where: str) -> Piece | None:
        """The rule of an object, `{...}`."""
        found = self.properties(schema, where)
        if found is None:
            return None
        if isinstance(found, list):
            found = self.chain(found, lead=self._key)
        return Piece(self.rule(f'"{{" {found.expression} "}}"'), found.bytes + 2)

    def properties(self, schema: Mapping[str, Any], where: str) -> list[_Property] | Piece | None:
        """The declared properties that can be given, or the entries of an open dictionary."""
        declared = cast("dict[str, Schema]", schema.get("properties") or {})
        required = [str(name) for name in schema.get("required") or ()]
        other = cast("Schema", schema.get("additionalProperties", True))
        if schema.get("patternProperties") and not declared:
            self._cannot(where, "patternProperties")
        fewest = int(schema.get("minProperties", 0))
        most = schema.get("maxProperties")
        names = dict.fromkeys([*declared, *required])
        if not names:
            return self._entries(other, fewest, most, where)
        if fewest > len(required):
            self._cannot(where, "minProperties")
        found: list[_Property] = []
        for name in names:
            if not _is_text(name):
                raise SchemaError(f"the name of a property holds half a character: {name!r}")
            value = self.value(declared.get(name, other), f"{where}.{name}" if where else name)
            if value is None:
                if name in required:
                    return None
                continue
            found.append(_Property(name, value, name in required))
        if most is not None and int(most) < len(found):
            found = [one for one in found if one.required]
            if int(most) < len(found):
                return None
        return found

    def _entries(self, other: Schema, fewest: int, most: int | None, where: str) -> Piece | None:
        value = self.value(other, f"{where}.*")
        if value is None:
            return None if fewest else Piece("", 0)
        if fewest > 1:
            self._cannot(where, "minProperties")  # a key may come twice
        return self._pairs(value, fewest, most)

    def _pairs(self, value: Piece, fewest: int = 0, most: int | None = None) -> Piece:
        quote = self._dialect.quote
        key = self.rule(f"/{quote}{self._dialect.plain}{{1,{_LONGEST_KEY}}}{quote}/", terminal=True)
        entry = f'{key} ": " {value.expression}'
        further = repeated(f'(", " {entry})', 0, None if most is None else int(most) - 1)
        body = f"{entry} {further}".rstrip() if most is None or int(most) > 0 else ""
        if not fewest and body:
            body = f"({body})?"
        return Piece(body, value.bytes + 4 * _LONGEST_KEY + 8)

    def _key(self, name: str) -> str:
        return f"{self._dialect.literal(name)}: "

    def argument(self, name: str) -> str:
        """What stands before an argument of a call; the group of other names brings its own."""
        return f"{name}=" if name else ""

    def chain(
        self,
        properties: Sequence[_Property],
        *,
        lead: Any,
        may_be_empty: bool = True,  # noqa: ANN401
    ) -> Piece:
        """Properties in their order, the optional ones left out at will, commas between.

        Two rules for each: with a comma where something stands before it, and without.
        """
        first, later, size = "", "", 0.0
        has_rest = False
        for one in reversed(properties):
            text = str(lead(one.lead))
            body = f"{quoted(text)} {one.value.expression}" if text else one.value.expression
            size += one.value.bytes + len(text.encode("utf-8", "replace")) + 2
            ahead = f"{body} {later}".rstrip()
            if one.required:
                new_first, new_later = ahead, f'", " {ahead}'
            else:
                new_first = f"{ahead} | {first}" if has_rest else self._last(ahead, may_be_empty)
                new_later = f'(", " {ahead} | {later})' if later else f'(", " {ahead})?'
            first, later, has_rest = self.rule(new_first), self.rule(new_later), True
        return Piece(first, size)

    @staticmethod
    def _last(body: str, may_be_empty: bool) -> str:
        return f"({body})?" if may_be_empty else body

    def call(self, schema: Mapping[str, Any], where: str) -> Piece | None:
        """The arguments of a call: `name=value, ..., **{"other name": value}`."""
        found = self.properties(schema, where)
        if found is None:
            return None
        if isinstance(found, Piece):
            if not found.expression or "additionalProperties" not in schema:
                return Piece("", 0)
            return Piece(f'("**{{" {found.expression} "}}")', found.bytes + 4)
        plain = [one for one in found if is_parameter(one.lead)]
        other = [one for one in found if not is_parameter(one.lead)]
        if not other:
            return self.chain(plain, lead=self.argument)
        starred = self.chain(other, lead=self._key, may_be_empty=False)
        group = Piece(f'"**{{" {starred.expression} "}}"', starred.bytes + 4)
        last = _Property("", group, any(one.required for one in other))
        return self.chain([*plain, last], lead=self.argument)

    # --- anything -------------------------------------------------------------------------------

    def _any(self, depth: int) -> Piece:
        """Any value, lists and dictionaries nested to a depth."""
        known = f"any {depth}"
        if known not in self._known:
            text = self._string({}, "")
            number = self._number("number", {}, "")
            assert text is not None and number is not None
            true, false, null = self._dialect.words
            simple = [text.expression, number.expression, f'"{true}"', f'"{false}"', f'"{null}"']
            if depth:
                inner = self._any(depth - 1)
                simple.append(self._items([], inner, 0, None).expression)
                simple.append(self.rule(f'"{{" {self._pairs(inner).expression} "}}"'))
            self._known[known] = Piece(self.rule(" | ".join(simple)), 60 * (depth + 1) * 4)
        return self._known[known]

    def _cannot(self, where: str, feature: str) -> None:
        found = f"{where}: {feature}" if where else feature
        if found not in self.unheld:
            self.unheld.append(found)


def _is_text(text: str) -> bool:
    """Whether no half of a character stands in it, which no id can write."""
    return text == text.encode("utf-8", "replace").decode()


def _kind(schema: Mapping[str, Any]) -> str | list[str]:
    """The type, or the one that its other keywords are about; "any" where none is."""
    given: object = schema.get("type")
    if isinstance(given, str):
        return given
    if isinstance(given, list):
        return [str(one) for one in cast("list[object]", given)]
    for keys, kind in (
        (("properties", "required", "additionalProperties", "minProperties"), "object"),
        (("items", "prefixItems", "minItems", "maxItems"), "array"),
        (("pattern", "minLength", "maxLength", "format"), "string"),
        (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
    ):
        if any(key in schema for key in keys):
            return kind
    return "any"
