"""Functions made up of things, verbs and parameters, so that no list of them can be learned.

Each is drawn anew, in the form of the rows of functions.toml.
"""

import random
import tomllib
from pathlib import Path
from typing import Any

_PARTS = tomllib.loads((Path(__file__).resolve().parent / "made.toml").read_text("utf-8"))
_GIVES = (["ok"], ["number 1-9000"], ["text"], ["int 1-900"], ["code"],
          ["name: title", "price: int 3-900"], ["status: parcel", "date: date"],
          ["result: float 0.1-90"], ["place: city", "score: int 1-100"])  # fmt: skip
_SAID_BEHIND = ("with {label} {{}}", "{label} {{}}", "{label}: {{}}", "and {{}} as the {label}",
                "with {a} {label} of {{}}", "set the {label} to {{}}", "{label}={{}}")  # fmt: skip
_SAID = ("{label} {{{key}}}", "{a} {label} of {{{key}}}", "the {label} {{{key}}}",
         "{{{key}}} as {label}", "{label} = {{{key}}}", "{label}: {{{key}}}")  # fmt: skip
_JOINTS = (" with ", " for ", " given ", ", ", ": ", " using ", " where it has ")


def made_function(rng: random.Random) -> dict[str, Any]:
    """One function that nobody has seen, with ways to ask for it."""
    while True:
        made = _made(rng)
        if made is not None:
            return made


def _made(rng: random.Random) -> dict[str, Any] | None:
    group = rng.choice(_PARTS["group"])
    thing, verb = rng.choice(group["things"]), rng.choice(group.get("verbs", _PARTS["verbs"]))
    takes: list[str] = []
    needed: list[tuple[str, str, str]] = []
    own = rng.sample(group["takes"], rng.randint(1, 5))
    more = rng.sample(_PARTS["anywhere"]["takes"], rng.randint(0, 3))
    required = rng.choice((1, 1, 2, 2, 3))
    used: set[str] = set()
    for written in (*own, *more):
        head, label, about, said = (part.strip() for part in written.split(" | "))
        names, kind = (part.strip() for part in head.split(":", 1))
        if used & set(names.split("/")):
            continue
        used |= set(names.split("/"))
        if len(needed) < required and kind != "flag" and written not in more:
            takes.append(f"{names}: {kind}! | {about}")
            needed.append((names.split("/")[0], label, said))
            continue
        if kind != "flag":
            said = "; ".join([said, *(_worded(one, label) for one in rng.sample(_SAID_BEHIND, 2))])
        takes.append(f"{names}: {kind} | {about} | {said}")
    if not needed:
        return None
    if rng.random() < 0.3:
        rng.shuffle(takes)
    article = _article(thing)
    return {
        "names": _names(rng, verb, thing),
        "about": [
            f"{verb.capitalize()} {article}{thing}.",
            f"{verb.capitalize()} {article}{thing} by {' and '.join(one for _, one, _ in needed)}.",
            f"This function is used to {verb} {article}{thing}.",
        ],
        "asks": [_asked(rng, verb, f"{article}{thing}", needed) for _ in range(4)],
        "takes": takes,
        "gives": rng.choice(_GIVES),
    }


def _worded(wording: str, label: str, key: str = "") -> str:
    return wording.format(label=label, key=key, a="an" if label[0] in "aeio" else "a")


def _article(thing: str) -> str:
    if " of " in thing or " in " in thing:
        return "the "
    return "an " if thing[0] in "aeio" else "a "


def _names(rng: random.Random, verb: str, thing: str) -> list[str]:
    words = [word for word in thing.replace("-", " ").split() if word not in ("a", "an", "of")]
    noun = "_".join(words)
    first = verb.replace(" ", "_")
    return [
        f"{first}_{noun}", f"{noun}.{first}", f"{words[-1]}.{first}_{words[0]}",
        f"{noun}_{first}", f"{rng.choice(('api', 'tools', 'service', 'app'))}.{first}_{noun}",
    ]  # fmt: skip


def _asked(rng: random.Random, verb: str, thing: str, needed: list[tuple[str, str, str]]) -> str:
    """A wording that names all that is required, in any order, with or without labels."""
    parts: list[str] = []
    for key, label, said in rng.sample(needed, len(needed)):
        if rng.random() < 0.45:
            parts.append(rng.choice(said.split(";")).strip().replace("{}", "{" + key + "}"))
        else:
            parts.append(_worded(rng.choice(_SAID), label, key))
    does = verb.capitalize()
    begun = rng.choice(
        (f"{does} {thing}", f"{does} {thing}", f"{does} {thing}", f"I need {thing}",
         f"What is {thing}", f"Help me {verb} {thing}", f"I want to {verb} {thing}")
    )  # fmt: skip
    if not thing.startswith("the "):
        begun = begun.replace("What is ", "Is there ")
    if rng.random() < 0.15:
        told = " and ".join(parts)
        return f"{told[0].upper()}{told[1:]}. {begun}"
    end = "?" if begun.startswith(("What", "Is")) else ""
    return begun + rng.choice(_JOINTS) + _listed(rng, parts) + end


def _listed(rng: random.Random, parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + rng.choice((" and ", ", ", " and ")) + parts[-1]
