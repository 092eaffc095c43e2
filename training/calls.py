"""Cases with functions: calls, results told, nothing to call, what was only said."""

import json
import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import Call, Case, Turn
from made import made_function
from values import Values

from groundglm.tools.calculator import calculate

FUNCTIONS = tomllib.loads((Path(__file__).resolve().parent / "functions.toml").read_text("utf-8"))[
    "function"
]
_JSON_TYPES = {
    "int": "integer", "year": "integer", "float": "number", "number": "number", "flag": "boolean",
    "numbers": "array", "list": "array", "dict": "object",
}  # fmt: skip
_POLITE = (
    "Please {}", "Could you {}", "Can you {}", "I would like you to {}", "{} please", "Hi, {}",
    "Now {}", "Quick: {}", "Would you {}", "Hey, {}", "I need you to {}", "{}, thanks",
)  # fmt: skip
_VERBS = frozenset(
    "Tell Send Write Find Convert Exchange Set Translate Look Calculate Compute Play Put Start Add "
    "Schedule Give Search Show Get Track Turn Switch Book Reserve Factorize Create Register Make "
    "Generate Order Sort Call Phone Split Solve List Save Log Record Wake Estimate Draw Pick Rent "
    "Open Heat Sign Locate Donate Fetch Take Check Update Plan Compare Cancel Download Print Help "
    "Analyze Archive Share Review Rank Determine".split()
)
_NEGATED = (
    "Do not {}.", "Don't {}.", "Please don't {}.", "You must not {}.", "Never {}.",
    "I do not want you to {}.", "No need to {}.", "There is no reason to {}.",
    "Whatever you do, do not {}.",
)  # fmt: skip
_NEGATED_HELD = (
    "Under no circumstances {}.", "It would be wrong to {}.", "Please refrain: do not {}.",
    "I'd rather you didn't {}.", "Stop, don't {}!",
)  # fmt: skip
_ABILITIES = (
    "What can you do?", "Which functions do you have?", "Which tools are there?",
    "How can you help me?",
)  # fmt: skip
_TOLD = (
    "Yesterday my brother wanted to {}.", "I already asked someone else to {}.",
    "My colleague used to {} every week.", "We managed to {} last year.",
    "She told me how hard it was to {}.", "Last week somebody asked me to {}.",
    "He is proud that he was able to {}.", "My father was never willing to {}.",
)  # fmt: skip
_TOLD_HELD = ("In a film I saw, they had to {}.", "Years ago I was able to {} by hand.",
              "He dreamed that he had to {}.")  # fmt: skip
REFUSED = "All right, I will not do that."
NOTED = "Thank you for telling me. Is there anything I can do?"
NO_FUNCTION = "None of the functions at hand can do that."
MADE = 0.35  # share of the functions that are made up
_SMALL = "one two three four five six seven eight nine ten eleven twelve".split()


@dataclass
class Function:
    """A function as it is offered once: its schema, and how each parameter is drawn and said."""

    spec: dict[str, Any]
    source: dict[str, Any]
    params: list[tuple[str, str, str, bool, list[str]]]  # key, name, kind, required, phrases

    @property
    def name(self) -> str:
        """What it is called."""
        return self.spec["name"]


class Caller:
    """Makes cases with functions."""

    def __init__(
        self, rng: random.Random, *, held: bool, held_functions: bool | None = None
    ) -> None:
        self.rng, self.held = rng, held
        self.values = Values(rng, held=held)
        wanted = held if held_functions is None else held_functions
        self.sources = [one for one in FUNCTIONS if one.get("held", False) == wanted]

    # --- functions ------------------------------------------------------------------------------

    def function(self, source: dict[str, Any] | None = None) -> Function:
        """One function, its names and descriptions chosen anew."""
        rng = self.rng
        source = source or self._source()
        params: list[tuple[str, str, str, bool, list[str]]] = []
        properties: dict[str, Any] = {}
        described = rng.random() < 0.75
        pydantic = not described and rng.random() < 0.7
        lines: list[str] = []
        for written in source["takes"]:
            head, about, *said = (part.strip() for part in written.split(" | "))
            names, kind = (part.strip() for part in head.split(":", 1))
            required = kind.endswith("!")
            if not required and rng.random() < 0.35:
                continue
            kind = kind.rstrip("!")
            variants = names.split("/")
            name = rng.choice(variants)
            schema = self._schema(kind)
            if described and about:
                schema["description"] = about + self._hint(kind, required)
            lines.append(f"        {name}: {about}")
            if not required and (pydantic or rng.random() < 0.3):
                schema["default"] = self.values.draw(kind) if kind != "flag" else False
            properties[name] = schema
            phrases = [one.strip() for one in said[0].split(";")] if said else []
            params.append((variants[0], name, kind, required, phrases))
        about = rng.choice(source["about"])
        if pydantic:
            for schema in properties.values():
                schema.pop("description", None)
            about = f"{about}\n\n    Args:\n" + "\n".join(lines) if rng.random() < 0.6 else about
        needed = [name for _, name, _, required, _ in params if required]
        parameters: dict[str, Any] = {
            "type": "object",
            "properties": properties,
            "required": needed,
        }
        if pydantic:
            parameters = {"properties": properties, "required": needed, "type": "object"}
        spec = {"name": self._name(source), "description": about, "parameters": parameters}
        return Function(spec, source, params)

    def _source(self) -> dict[str, Any]:
        """A function of the list, or, in training, as often one that is made up."""
        if not self.held and self.rng.random() < MADE:
            return made_function(self.rng)
        return self.rng.choice(self.sources)

    def _name(self, source: dict[str, Any]) -> str:
        name = self.rng.choice(source["names"])
        style = self.rng.random()
        if style < 0.12:
            first, *rest = re.split(r"[_.]", name)
            return first + "".join(part.capitalize() for part in rest)
        return name.replace(".", "_") if style < 0.3 else name

    def _schema(self, kind: str) -> dict[str, Any]:
        head, _, rest = kind.partition(" ")
        schema: dict[str, Any] = {"type": _JSON_TYPES.get(head, "string")}
        if head == "choice":
            schema["enum"] = rest.split("/")
        elif head == "numbers":
            schema["items"] = {"type": self.rng.choice(("number", "number", "integer"))}
            if schema["items"]["type"] == "integer":
                schema["items"] = {"type": "number"}
        elif head == "list":
            schema["items"] = {"type": "string"}
        elif head == "dict":
            parts = [part.partition(":") for part in rest.split(",")]
            schema["properties"] = {name: self._schema(inner) for name, _, inner in parts}
        return schema

    def _hint(self, kind: str, required: bool) -> str:
        if required or self.rng.random() < 0.5:
            return ""
        value = "false" if kind == "flag" else self.values.draw(kind)
        return f" Default is {value}."

    # --- requests -------------------------------------------------------------------------------

    def request(self, function: Function, *, plain: bool = False) -> tuple[str, dict[str, Any]]:
        """A request for a function and the arguments that it holds; `plain` has no politeness."""
        rng = self.rng
        said: dict[str, str] = {}
        args: dict[str, Any] = {}
        tails: list[str] = []
        for key, name, kind, required, phrases in function.params:
            if not required and (not phrases or rng.random() < 0.5):
                continue
            value = self._value(kind, args)
            args[name] = value
            said[key] = self._said(value)
            if not required:
                named = {"name": name.replace("_", " ")}
                tails.append(rng.choice(phrases).format(said[key], **named))
        asks = function.source["asks"]
        if plain:
            asks = [one for one in asks if one.split()[0] in _VERBS] or asks
        ask = rng.choice(asks)
        missing = [key for key in said if key not in tails and "{" + key + "}" not in ask]
        required_keys = {key for key, _, _, required, _ in function.params if required}
        left = [key for key in missing if key in required_keys]
        if left:  # every wording names all that is required
            raise ValueError(f"{ask!r} leaves out {left}")
        text = ask.format(**said)
        end = "?" if text.endswith("?") else ""
        text = text.rstrip("?")
        if not self.held and tails and rng.random() < 0.4:
            rng.shuffle(tails)
            if rng.random() < 0.2 and not plain:
                first = tails.pop()
                small = text if text.startswith("I ") else text[0].lower() + text[1:]
                text = f"{first[0].upper()}{first[1:]}, {small}"
        for number, tail in enumerate(tails):
            joint = " " if number == 0 else rng.choice((", ", " and ", " "))
            text += joint + tail
        text += end
        return (text if plain else self._polite(text)), args

    def _value(self, kind: str, args: dict[str, Any]) -> Any:
        while True:  # two cities of a trip are not the same one
            value = self.values.draw(kind)
            if isinstance(value, bool) or value not in args.values():
                return value

    def _said(self, value: Any) -> str:
        rng = self.rng
        if isinstance(value, list):
            written = [str(one) for one in value]
            if len(written) > 1 and rng.random() < 0.6:
                return ", ".join(written[:-1]) + " and " + written[-1]
            if not isinstance(value[0], str) and rng.random() < 0.4:
                return "[" + ", ".join(written) + "]"
            return ", ".join(written)
        if isinstance(value, dict):
            return " and ".join(f"{key} {one}" for key, one in value.items())
        if isinstance(value, int) and not isinstance(value, bool):
            if 1 <= value <= 12 and rng.random() < 0.15:
                return _SMALL[value - 1]
            if 1900 > value >= 1000 or value > 2100:
                return f"{value:,}" if rng.random() < 0.3 else str(value)
        return str(value)

    def _polite(self, text: str) -> str:
        rng = self.rng
        begins = text.split()[0] in _VERBS
        if begins and rng.random() < 0.35:
            small = text[0].lower() + text[1:]
            wording = rng.choice(_POLITE)
            text = wording.format(small)
            text = text[0].upper() + text[1:]
            if wording.startswith(("Could", "Can", "Would")):
                text = text.rstrip("?") + "?"
        elif rng.random() < 0.08:
            text = rng.choice(("Hi, ", "Hello! ", "One more thing: ", "I wonder: ")) + text
        if not text.endswith(("?", "!", ".")) and rng.random() < 0.6:
            text += "."
        if rng.random() < 0.06:
            text = text[0].lower() + text[1:]
        return text

    # --- results --------------------------------------------------------------------------------

    def result(self, function: Function) -> tuple[str, str]:
        """What a call gives, and how it is told."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.06:
            reason = rng.choice(
                ("ValueError: not found", "TimeoutError", "the service does not answer",
                 "PermissionError: not allowed", "no connection", "HTTPError: 503")
            )  # fmt: skip
            return f"The tool failed: {reason}", f"The tool {function.name} failed: {reason}."
        gives = function.source["gives"]
        if gives == ["ok"]:
            result = rng.choice(("ok", "done", "success", "true", '{"status": "ok"}', "saved"))
            return result, "That is done."
        if ":" in gives[0]:
            drawn = {}
            for one in gives:
                name, kind = one.split(": ", 1)
                drawn[name] = self.values.draw(kind)
            told = [f"the {name} is {value}" for name, value in drawn.items()]
            answer = " and ".join(told)
            if rng.random() < 0.3:
                written = ", ".join(f"{name}: {value}" for name, value in drawn.items())
            else:
                written = json.dumps(drawn, ensure_ascii=False)
            return written, f"{answer[0].upper()}{answer[1:]}."
        value = self.values.draw(gives[0])
        if isinstance(value, str):
            if rng.random() < 0.5:
                sentence = rng.choice(
                    ("{} was found.", "Here it says: {}.", "{}, as of today.", "It is {}.")
                ).format(value)
                return sentence, sentence
            return value, f"The answer is {value}."
        return str(value), f"The result is {value}."

    # --- cases ----------------------------------------------------------------------------------

    def offered(self, *functions: Function, others: int | None = None) -> list[dict[str, Any]]:
        """The functions among others, in any order."""
        names = {one.source["names"][0] for one in functions}
        pool = [one for one in self.sources if one["names"][0] not in names]
        count = self.rng.choice((0, 0, 1, 1, 2, 3, 4)) if others is None else others
        drawn = self.rng.sample(pool, min(count, len(pool)))
        if not self.held:
            drawn = [made_function(self.rng) if self.rng.random() < MADE else one for one in drawn]
        more = [self.function(one) for one in drawn]
        listed = [one.spec for one in (*functions, *more)]
        self.rng.shuffle(listed)
        return listed

    def call(self) -> Case:
        """One call, and its result told; now and then the next request for the same function."""
        function = self.function()
        turns = [self._turn(function)]
        if self.rng.random() < 0.15:
            turns.append(self._turn(function))
        return Case("call", turns, self.offered(function))

    def _turn(self, function: Function) -> Turn:
        question, args = self.request(function)
        result, answer = self.result(function)
        return Turn(question, answer, calls=[Call(function.name, args, result)])

    def two_calls(self) -> Case:
        """Two functions one after another, of one request."""
        first = second = self.function()
        while second.source["names"][0] == first.source["names"][0]:
            second = self.function()
        ask, args = self.request(first, plain=True)
        ask2, args2 = self.request(second, plain=True)
        joint = self.rng.choice((". Then {}", ", and then {}", " and after that {}", ". Also {}"))
        small = ask2[0].lower() + ask2[1:]
        question = ask.rstrip("?.") + joint.format(small)
        (result, told), (result2, told2) = self.result(first), self.result(second)
        turn = Turn(
            question,
            f"{told} {told2}",
            calls=[Call(first.name, args, result), Call(second.name, args2, result2)],
        )
        return Case("two_calls", [turn], self.offered(first, second))

    def calculation(self) -> Case:
        """A sum in words or signs, for the calculator."""
        rng = self.rng
        low = 400 if self.held else 1
        a, b, c = rng.randint(low, 999), rng.randint(2, 99), rng.randint(2, 20)
        question, expression = rng.choice((
            (f"What is {a} * {b}?", f"{a} * {b}"), (f"What is {a} times {b}?", f"{a} * {b}"),
            (f"How much is {a} plus {b}?", f"{a} + {b}"),
            (f"Compute {a} + {b} * {c}", f"{a} + {b} * {c}"),
            (f"What is {a} minus {b}?", f"{a} - {b}"), (f"Divide {a} by {c}", f"{a} / {c}"),
            (f"What is {c} percent of {a}?", f"{a} * {c} / 100"),
            (f"How much is {c}% of {a}?", f"{a} * {c} / 100"),
            (f"{c} percent of {a}, please", f"{a} * {c} / 100"),
            (f"What do I pay for {a} dollars less {c} percent?", f"{a} * (100 - {c}) / 100"),
            (f"Calculate ({a} + {b}) / {c}", f"({a} + {b}) / {c}"),
            (f"What is {c} squared?", f"{c} ** 2"), (f"{a}-{b}=?", f"{a}-{b}"),
            (f"Add {a} and {b}", f"{a} + {b}"),
            (f"{b} boxes hold {c} eggs each. How many eggs are that?", f"{b} * {c}"),
        ))  # fmt: skip
        written = calculate(expression)
        call = Call("calculator", {"expression": expression}, written)
        turn = Turn(question, f"The result is {written}.", calls=[call])
        functions = self.offered(others=rng.choice((0, 0, 1, 2)))
        return Case("calculation", [turn], functions)

    def quiet(self) -> Case:
        """A request that no function fits, or that is no request at all."""
        rng = self.rng
        function = self.function()
        kind = rng.choice(("no function", "no function", "negated", "negated", "told", "ability"))
        if kind == "no function":
            question, _ = self.request(function)
            offered = self.offered(function, others=rng.randint(1, 4))
            offered = [one for one in offered if one["name"] != function.name]
            return Case("no function", [Turn(question, NO_FUNCTION)], offered)
        while function.source["asks"][0].split()[0] not in _VERBS and not any(
            one.split()[0] in _VERBS for one in function.source["asks"]
        ):
            function = self.function()
        ask, _ = self.request(function, plain=True)
        ask = ask[0].lower() + ask[1:].rstrip(".?")
        offered = self.offered(function)
        if kind == "ability":
            names = ", ".join(one["name"] for one in offered)
            question = rng.choice(_ABILITIES)
            return Case(
                "ability", [Turn(question, f"I can call these functions: {names}.")], offered
            )
        told = kind == "told"
        wordings = (_TOLD_HELD if self.held else _TOLD) if told else (
            _NEGATED_HELD if self.held else _NEGATED
        )  # fmt: skip
        question = rng.choice(wordings).format(ask)
        return Case(kind, [Turn(question, NOTED if told else REFUSED)], offered)
