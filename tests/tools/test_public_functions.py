"""Functions of public sets: their schemas become tools, their calls arrive as they were written."""

import json
import lzma

import pytest
from langchain_core.messages import AIMessage

from groundglm import ChatGLM3
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.tools import ToolDispatcher, ToolPolicy, tool_from_schema
from groundglm.tools.arguments import ArgumentSchema

SETS = ("simple_python", "multiple", "parallel")


def lines(path):
    data = path.read_bytes()
    text = lzma.decompress(data) if path.suffix == ".xz" else data
    return [json.loads(line) for line in text.decode("utf-8").splitlines()]


def first(values, *, needed=False):
    """The first of the answers that count, as plain data; "" is what may be left out."""
    if isinstance(values, list) and values:
        return plain(next((one for one in values if one != "" or not needed), ""))
    return plain(values)


def arguments(function, answer):
    """The arguments of a true call: of what is optional, what the first answer holds."""
    required = function["parameters"].get("required", [])
    found = {key: first(values, needed=key in required) for key, values in answer.items()}
    return {key: value for key, value in found.items() if value != "" or key in required}


def plain(value):
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if one != [""] and first(one) != ""}
        return {key: first(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def noting(got, name):
    def function(**args):
        got.append((name, args))
        return "done"

    return function


@pytest.mark.parametrize("name", SETS)
def test_each_true_call_of_bfcl_arrives_as_it_was_written(shared_folder, name, full):
    folder = shared_folder / "data/bfcl"
    (path,) = folder.glob(f"BFCL_v4_{name}.json*")
    answers = {row["id"]: row["ground_truth"] for row in lines(
        folder / f"possible_answer/BFCL_v4_{name}.json")}  # fmt: skip
    wrong = []
    rows = lines(path)
    for row in rows if full else rows[::4]:
        got: list[tuple[str, dict]] = []
        functions = {one["name"]: one for one in row["function"]}
        tools = [
            tool_from_schema(function, noting(got, name), policy=ToolPolicy(read_only=True))
            for name, function in functions.items()
        ]
        wanted = [
            (name, arguments(functions[name], args))
            for call in answers[row["id"]]
            for name, args in call.items()
        ]
        calls = [
            {"name": name, "args": args, "id": str(number)}
            for number, (name, args) in enumerate(wanted)
        ]
        engine = ScriptedEngine([AIMessage("", tool_calls=calls)])
        model = ChatGLM3(engine=engine).bind_tools(tools)
        reply = model.invoke("q")
        dispatcher = ToolDispatcher(tools)
        results = [dispatcher.dispatch(call) for call in reply.tool_calls]
        if got != wanted:
            wrong.append((row["id"], wanted, got, [one.content for one in results]))
    assert wrong == []


def operations(api):
    """The operations of an OpenAPI description as schemas of functions."""
    document = json.loads(api["Documentation"])
    definitions = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            properties, required = {}, []
            for one in operation.get("parameters", []):
                note = {"description": one.get("description", "")}
                properties[one["name"]] = {**one.get("schema", {}), **note}
                required += [one["name"]] if one.get("required") else []
            for content in operation.get("requestBody", {}).get("content", {}).values():
                body = content.get("schema", {})
                properties |= body.get("properties", {"body": body})
                required += body.get("required", [])
            schema = {"type": "object", "properties": properties, "required": required}
            written = json.dumps({**schema, "$defs": definitions})
            yield {
                "name": operation.get("operationId") or f"{method} {path}",
                "description": operation.get("description") or operation.get("summary") or "",
                "parameters": json.loads(written.replace("#/components/schemas/", "#/$defs/")),
            }


def test_each_definition_of_toolalpaca_is_a_tool(shared_folder):
    rows = json.loads((shared_folder / "data/toolalpaca/eval_simulated.json").read_text("utf-8"))
    made = 0
    for api in rows:
        listed = list(operations(api))
        assert {one["name"] for one in listed} == set(api["Function_Description"]) - {"components"}
        for function in listed:
            tool = tool_from_schema(function, lambda **args: "done")
            schema = ArgumentSchema(tool)
            properties = function["parameters"]["properties"]
            assert set(schema.parameters.get("properties", {})) == set(properties)
            assert tool.args_schema["properties"].keys() == properties.keys()
            made += 1
    assert made > 50
