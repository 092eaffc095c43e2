"""Names and numbers for made-up questions, those of training and those held out."""

import random
import re
import string
import tomllib
import zlib
from pathlib import Path

NAMES = tomllib.loads((Path(__file__).resolve().parent / "names.toml").read_text("utf-8"))
_MADE = {"city", "first", "last", "company", "title"}
_RANGE = re.compile(r"(-?[\d.]+)-(-?[\d.]+)")
_MONTHS = ("January", "March", "April", "June", "August", "October", "November", "December")


def is_held(name: str) -> bool:
    """Whether a name is kept out of training."""
    return zlib.crc32(name.encode()) % 2 == 1


class Values:
    """Draws values; with `held` only such as training never saw."""

    def __init__(self, rng: random.Random, *, held: bool) -> None:
        self.rng = rng
        self.held = held
        self._names = {
            kind: [one for one in names if is_held(one) == held] or list(names)
            for kind, names in NAMES.items()
        }

    def name(self, kind: str) -> str:
        """One of a list, or made up where names of a kind can be."""
        if kind in _MADE and self.rng.random() < 0.5:
            return self._made(kind)
        return self.rng.choice(self._names[kind])

    def _made(self, kind: str) -> str:
        # A made name is held out by its hash as well.
        while True:
            pick = self.rng.choice
            body = "".join(pick(NAMES["syllables"]) for _ in range(self.rng.randint(1, 2)))
            if kind in ("city", "last", "company"):
                body += pick(NAMES["endings"])
            word = body.capitalize()
            if kind == "company" and self.rng.random() < 0.5:
                word += pick(
                    (" Works", " Foods", " & Sons", " Group", " Inn", " Kitchen", " Lines")
                )
            if kind == "title":
                word = (
                    pick(("The ", "A ", "Old ", "")) + word + pick((" Song", " Days", "", " Two"))
                )
            if is_held(word) == self.held:
                return word

    def person(self) -> str:
        """A first and a last name."""
        return f"{self.name('first')} {self.name('last')}"

    def draw(self, kind: str) -> object:
        """A value of a kind, as functions.toml writes kinds."""
        head, _, rest = kind.partition(" ")
        rng = self.rng
        if head in ("int", "float", "number"):
            low, high = map(float, _RANGE.fullmatch(rest).groups())
            if head == "int" or (head == "number" and rng.random() < 0.7):
                return rng.randint(int(low), int(high))
            return round(rng.uniform(low, high), rng.choice((1, 2, 2)))
        if head == "choice":
            return rng.choice(rest.split("/"))
        if head == "flag":
            return True
        if head == "numbers":
            size = rng.randint(3, 7)
            if rng.random() < 0.7:
                return [rng.randint(-9 if rng.random() < 0.2 else 1, 99) for _ in range(size)]
            return [round(rng.uniform(1, 50), 1) for _ in range(size)]
        if head == "list":
            found: list[object] = []
            for _ in range(rng.randint(1, 3)):
                one = self.draw(rest)
                if one not in found:
                    found.append(one)
            return found
        if head == "dict":
            parts = [part.partition(":") for part in rest.split(",")]
            return {name: self.draw(inner) for name, _, inner in parts}
        special = getattr(self, f"_{head}", None)
        if special is not None:
            return special()
        return self.person() if head == "person" else self.name(head)

    def _email(self) -> str:
        host = self.rng.choice(("example.com", "mail.org", "company.io", "uni.edu", "post.net"))
        first = self.name("first").lower()
        last = self.name("last").lower()
        return self.rng.choice((f"{first}@{host}", f"{first}.{last}@{host}"))

    def _date(self) -> str:
        year, day = self.rng.randint(2019, 2030), self.rng.randint(1, 28)
        month = self.rng.randint(1, 12)
        written = f"{year}-{month:02}-{day:02}"
        name = self.rng.choice(_MONTHS)
        return self.rng.choice((written, written, f"{day} {name}", f"{name} {day}, {year}"))

    def _time(self) -> str:
        hour, minute = self.rng.randint(0, 23), self.rng.choice((0, 15, 30, 45, 5, 50))
        twelve = f"{(hour - 1) % 12 + 1}:{minute:02} {'am' if hour < 12 else 'pm'}"
        return self.rng.choice((f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}", twelve, "noon"))

    def _year(self) -> int:
        return self.rng.randint(1850, 2026)

    def _season(self) -> str:
        year = self.rng.randint(2001, 2025)
        return f"{year}-{year + 1}"

    def _code(self) -> str:
        letters = "".join(self.rng.choices(string.ascii_uppercase, k=self.rng.randint(1, 3)))
        return f"{letters}{self.rng.choice(('-', '', '-'))}{self.rng.randint(10, 9999)}"

    def _address(self) -> str:
        return f"{self.rng.randint(1, 99)} {self.name('street')}"
