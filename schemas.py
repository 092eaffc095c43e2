"""JSON schemas as tools bring them: other names of types mapped, references resolved, refused."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

Schema = Mapping[str, Any] | bool

# What users and benchmarks write for JSON's own names.
_SPELT: Mapping[str, str] = {
    "object": "dict map",
    "number": "float double",
    "integer": "int",
    "string": "str",
    "boolean": "bool",
    "array": "list tuple",
    "null": "none",
}
_TYPES = {spelt: type_ for type_, names in _SPELT.items() for spelt in names.split()}
_KNOWN = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_ANY = frozenset({"any", "Any"})
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_SINGLE = (
    "items additionalProperties not if then else contains propertyNames unevaluatedProperties "
    "unevaluatedItems"
).split()
_DEEPEST = 60
#: Keywords that say nothing of the values.
NOTES = frozenset(
    "title description default examples deprecated readOnly writeOnly $comment $schema $id $defs "
    "definitions discriminator".split()
)
_TEXT_NOTES = NOTES - {"$defs", "definitions"}


class SchemaError(ValueError):
    """A schema asks for what does not exist, or cannot be forced."""


def standard_schema(schema: Mapping[str, Any], *, where: str = "the schema") -> dict[str, Any]:
    """A copy with JSON's own names of types: dict is object, float is number, any is left out.

    Raises:
        SchemaError: a type has an unknown name, the schema nests too deep, or is no JSON schema.
    """
    if not isinstance(cast("object", schema), Mapping):
        raise SchemaError(f"{where} is no schema: {schema!r}")
    try:
        written = json.dumps(dict(schema), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaError(f"{where} is no JSON: {error}") from None
    found = cast("dict[str, Any]", _standard(json.loads(written), where, 0))
    _check(found, where)
    return found


def _check(schema: Mapping[str, Any], where: str) -> None:
    """Refuse keywords with values of the wrong kind, such as a length that is no number."""
    import jsonschema

    library: Any = jsonschema
    try:
        library.Draft202012Validator.check_schema(schema)
    except library.exceptions.SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        raise SchemaError(f"{where} is no JSON schema: {place}: {error.message}") from None


def _standard(node: Any, where: str, depth: int) -> Any:  # noqa: ANN401 - a schema or a boolean
    if depth > _DEEPEST:
        raise SchemaError(f"{where} nests deeper than {_DEEPEST}")
    if isinstance(node, bool):
        return node
    if not isinstance(node, dict):
        raise SchemaError(f"{where} is no schema: {node!r}")
    schema = cast("dict[str, Any]", node)
    for key in _TEXT_NOTES & schema.keys():
        del schema[key]  # nothing depends on them, and many write null there
    if "type" in schema:
        _standard_type(schema, where)
    for key in _MAPS:
        found: object = schema.get(key)
        if isinstance(found, dict):
            named = cast("dict[str, Any]", found)
            schema[key] = {
                name: _standard(one, f"{where}.{name}", depth + 1) for name, one in named.items()
            }
    for key in _LISTS:
        found = schema.get(key)
        if isinstance(found, list):
            listed = cast("list[Any]", found)
            schema[key] = [_standard(one, where, depth + 1) for one in listed]
    for key in _SINGLE:
        if key in schema:
            schema[key] = _standard(schema[key], f"{where}.{key}", depth + 1)
    return schema


def _standard_type(schema: dict[str, Any], where: str) -> None:
    given: object = schema["type"]
    names = cast("list[object]", given if isinstance(given, list) else [given])
    found: list[str] = []
    for name in names:
        mapped = _TYPES.get(name, name) if isinstance(name, str) else name
        if isinstance(mapped, str) and mapped in _ANY:
            del schema["type"]
            return
        if not isinstance(mapped, str) or mapped not in _KNOWN:
            raise SchemaError(f"{where} has the unknown type {name!r}")
        found.append(mapped)
    schema["type"] = found if isinstance(given, list) else found[0]


def resolve(root: Mapping[str, Any], reference: str) -> Schema:
    """The schema behind a reference such as "#/$defs/Place".

    Raises:
        SchemaError: it leads nowhere, or out of the schema.
    """
    node: Any = root
    if not reference.startswith("#"):
        raise SchemaError(f"the reference {reference!r} leads out of the schema")
    for part in reference.removeprefix("#").strip("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not key:
            continue
        if not isinstance(node, dict) or key not in node:
            raise SchemaError(f"the reference {reference!r} leads nowhere")
        node = cast("Any", node)[key]
    if not isinstance(node, dict | bool):
        raise SchemaError(f"the reference {reference!r} leads to no schema")
    return cast("Schema", node)


def exclusive(root: Mapping[str, Any], branches: Sequence[Schema]) -> bool:
    """Whether no value can satisfy two branches: by their types, or by a property that tells."""
    targets = [_behind(root, branch) for branch in branches]
    return all(
        _apart(root, one, other)
        for number, one in enumerate(targets)
        for other in targets[number + 1 :]
    )


def _apart(root: Mapping[str, Any], one: Schema, other: Schema) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return not one or not other
    kind, another = one.get("type"), other.get("type")
    if isinstance(kind, str) and isinstance(another, str) and kind != another:
        return {kind, another} != {"integer", "number"}
    told, others = (_told_values(root, branch) for branch in (one, other))
    return any(name in others and not told[name] & others[name] for name in told)


def _told_values(root: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, set[str]]:
    """The values that a required property of an object is bound to, as JSON."""
    found: dict[str, set[str]] = {}
    for name in schema.get("required") or ():
        properties = cast("dict[str, Schema]", schema.get("properties") or {})
        bound = _behind(root, properties.get(name, True))
        if isinstance(bound, Mapping) and ("const" in bound or "enum" in bound):
            values = bound.get("enum", [bound.get("const")])
            found[name] = {json.dumps(value, sort_keys=True) for value in values}
    return found if schema.get("type") == "object" else {}


def merged(root: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What `allOf` and its siblings say together as one schema, and what that cannot say."""
    own = {key: one for key, one in schema.items() if key != "allOf"}
    whole: dict[str, Any] = {}
    unheld: list[str] = []
    for part in [own, *cast("list[Schema]", schema["allOf"])]:
        target = _behind(root, part)
        if isinstance(target, bool):
            if not target:
                whole["enum"] = []
            continue
        for key, one in target.items():
            if not _merge(whole, key, one):
                unheld.append(f"allOf with two {key}")
    return whole, unheld


def _behind(root: Mapping[str, Any], schema: Schema) -> Schema:
    """A schema with its reference followed, its own keywords beside those of the target."""
    for _ in range(_DEEPEST):
        if isinstance(schema, bool) or "$ref" not in schema:
            return schema
        own = {key: one for key, one in schema.items() if key != "$ref"}
        target = resolve(root, str(schema["$ref"]))
        schema = {**target, **own} if isinstance(target, Mapping) else target
    raise SchemaError("references lead in a circle")


def _merge(whole: dict[str, Any], key: str, value: Any) -> bool:  # noqa: ANN401 - any keyword
    old: Any = whole.get(key)
    if key not in whole or key in NOTES or old == value:
        whole[key] = value
    elif key == "properties":
        whole[key] = dict(old)
        for name, one in value.items():
            both = {"allOf": [old[name], one]} if name in old and old[name] != one else one
            whole[key][name] = both
    elif key in ("required", "allOf"):
        whole[key] = [*old, *(one for one in value if one not in old)]
    elif key == "enum":
        whole[key] = [one for one in old if one in value]
    elif key in ("minimum", "minLength", "minItems", "exclusiveMinimum", "minProperties"):
        whole[key] = max(old, value)
    elif key in ("maximum", "maxLength", "maxItems", "exclusiveMaximum", "maxProperties"):
        whole[key] = min(old, value)
    elif key == "additionalProperties" and False in (old, value):
        whole[key] = False
    else:
        return False
    return True


def first_violation(schema: Mapping[str, Any], value: object) -> str:
    """What of a value breaks a schema first, "" where nothing does."""
    import jsonschema
    import referencing
    import referencing.exceptions

    library: Any = jsonschema
    nothing: Any = cast("Any", referencing).Registry()
    # An empty registry: by itself jsonschema would fetch what a reference names.
    validator: Any = library.Draft202012Validator(schema, registry=nothing)
    try:
        error: Any = library.exceptions.best_match(validator.iter_errors(value))
    except referencing.exceptions.Unresolvable as unresolved:
        return f"the schema refers to what it does not hold: {unresolved}"
    if error is None:
        return ""
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {error.message}" if place else str(error.message)
