"""Cases with evidence: answers with their numbers, declines, a second search, follow-ups.

An answer is the sentence of the evidence that says it, and behind it the number of its piece:
finding and copying holds for any document, free wording only for the words that were trained.
"""

import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import Call, Case, Turn, piece
from values import Values

from groundglm.evidence import Evidence
from groundglm.notation import decline_text, format_fact
from groundglm.text import fold, sentences
from groundglm.tools.calculator import calculate

WORLD = tomllib.loads((Path(__file__).resolve().parent / "facts.toml").read_text("utf-8"))
_BY_PREDICATE = {one["predicate"]: one for one in WORLD["relation"]}
DECLINE = decline_text("en")
_ABOUT = (
    "What does it say about {}?", "What is said of {}?", "Tell me about {}.", "And {}?",
    "What do you know about {}?", "Is there anything on {}?", "Where is {} mentioned?",
)  # fmt: skip
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_TIMES = ("minutes", "hours", "days", "weeks", "months", "years")
_JOBS = ("a teacher", "a nurse", "a carpenter", "an architect", "a baker", "a lawyer", "a pilot",
         "a painter", "an engineer", "a farmer", "a journalist", "a judge")  # fmt: skip
_PRIZES = ("the {made} Prize", "the {city} Medal", "the Order of {made}", "the {last} Award")
_GROUNDS = ("Stadium", "Arena", "Park", "Ground")
_HEADINGS = ("Background", "Notes", "History", "More", "See also", "Getting there", "Questions")
_FOODS = ("small fish", "leaves and fruit", "insects", "grass", "seeds", "crabs", "roots", "worms")


@dataclass
class Fact:
    """A made-up fact and the sentence that says it."""

    relation: dict[str, Any]
    subject: str
    object: str
    sentence: str


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


class Asker:
    """Makes cases with evidence; `prose` are paragraphs to put between."""

    def __init__(self, rng: random.Random, *, held: bool, prose: list[str]) -> None:
        self.rng, self.held, self.prose = rng, held, prose
        self.values = Values(rng, held=held)
        self.relations = [r for r in WORLD["relation"] if held or not r.get("held", False)]
        self.bridges = [b for b in WORLD["bridge"] if b.get("held", False) == held]
        if held:  # half of the questions are of kinds that were never seen
            self.relations += 5 * [r for r in WORLD["relation"] if r.get("held", False)]

    # --- the world ------------------------------------------------------------------------------

    def thing(self, kind: str) -> str:
        """A name of a thing of some kind."""
        pattern = self.rng.choice(WORLD["kinds"][kind])
        return self._filled(pattern)

    def _filled(self, pattern: str) -> str:
        values = self.values
        drawn = {
            "city": values.name("city"), "last": values.name("last"), "made": values._made("city"),
            "title": values.name("title"), "topic": values.name("topic"), "person": values.person(),
            "company": values.name("company"), "product": values.name("product"),
            "animal": values.name("animal"),
        }  # fmt: skip
        return pattern.format(**drawn)

    def _object(self, kind: str) -> str:
        rng = self.rng
        if kind in WORLD["kinds"] and kind not in ("product",):
            return self.thing(kind)
        pick, number = rng.choice, rng.randint
        made = {
            "money": lambda: f"{pick(('', '$', '€'))}{number(2, 900)}",
            "count": lambda: pick((f"{number(20, 999)}", f"{number(1000, 90000):,}")),
            "duration": lambda: f"{number(2, 90)} {pick(_TIMES)}",
            "length": lambda: f"{number(20, 900)} {pick(('metres', 'kilometres', 'miles'))}",
            "height": lambda: f"{number(300, 7000):,} {pick(('metres', 'feet'))}",
            "weight": lambda: f"{number(2, 400)} {pick(('kg', 'grams', 'pounds'))}",
            "month": lambda: pick(_MONTHS),
            "job": lambda: pick(_JOBS),
            "food": lambda: pick(_FOODS),
            "prize": lambda: self._filled(pick(_PRIZES)),
            "place": lambda: f"the {self.values.name('last')} {pick(_GROUNDS)}",
            "phone": lambda: f"0{number(10, 999)} {number(10000, 999999)}",
        }
        if kind in made:
            said = made[kind]()
            if kind == "money" and said[0].isdigit():
                said += rng.choice((" dollars", " euros", " pounds", " francs"))
            return said
        return str(self.values.draw(kind))

    def fact(self, relation: dict[str, Any], subject: str | None = None) -> Fact:
        """A fact of a relation, said in one of its ways."""
        subject = subject or self.thing(relation["kind"])
        object_ = self._object(relation["object"])
        return Fact(relation, subject, object_, self.sentence(relation, subject, object_))

    def sentence(self, relation: dict[str, Any], subject: str, object_: str) -> str:
        """One way to say a fact."""
        says = self.rng.choice(relation["says"])
        text = says.format(
            s=subject,
            S=_capital(subject),
            o=object_,
            s0=subject.split(" of ")[0].removeprefix("the "),
        )
        return _capital(text)

    def question(self, relation: dict[str, Any], subject: str) -> str:
        """One way to ask for a fact; the last one is for tests alone."""
        asks = relation["asks"]
        if not relation.get("held"):
            asks = asks[-1:] if self.held and self.rng.random() < 0.5 else asks[:-1]
        return self._varied(self.rng.choice(asks).format(s=subject))

    def _varied(self, question: str) -> str:
        rng = self.rng
        roll = rng.random()
        small = question[0].lower() + question[1:]
        if roll < 0.05:
            return rng.choice(("Please tell me: ", "Hello, ", "I would like to know: ")) + small
        if roll < 0.08:
            return small.rstrip("?")
        if roll < 0.1:
            return question.rstrip("?")
        return question

    # --- pieces ---------------------------------------------------------------------------------

    def passage(self, facts: list[Fact], *, title: str | None = None) -> Evidence:
        """A passage that says facts, among other sentences."""
        rng = self.rng
        if rng.random() < 0.3:
            return self.page(facts)
        said = [fact.sentence for fact in facts]
        subject = facts[0].subject
        related = [r for r in self.relations if r["kind"] == facts[0].relation["kind"]]
        told = {fact.relation["predicate"] for fact in facts}
        for relation in rng.sample(related, min(len(related), rng.randint(0, 2))):
            if relation["predicate"] not in told:
                told.add(relation["predicate"])
                said.append(self.fact(relation, subject).sentence)
        fillers = WORLD["filler"]["sentences"]
        said += rng.sample(fillers, rng.randint(0, 2))
        if rng.random() < 0.3:
            for _ in range(rng.choice((1, 1, 2, 4))):
                said.append(self.fact(rng.choice(self.relations)).sentence)
        rng.shuffle(said)
        if rng.random() < 0.15:
            said.insert(0, rng.choice(self.prose).split("\n")[0])
        joint = "\n" if rng.random() < 0.06 else " "
        head = title if title is not None else self._title(subject)
        return piece("passage", head, joint.join(said))

    def page(self, facts: list[Fact]) -> Evidence:
        """A passage as people write them: headings, lists, prose, the subject as a pronoun.

        A fact may then be said of "it": its sentence is changed to the one that stands there.
        """
        rng = self.rng
        subject = facts[0].subject
        kind = facts[0].relation["kind"]
        related = [r for r in self.relations if r["kind"] == kind and r != facts[0].relation]
        opening = self.fact(rng.choice(related), subject).sentence if related else ""
        if any(fact.relation["predicate"] in opening for fact in facts):
            opening = ""
        pronoun = rng.choice(("He", "She")) if kind == "person" else "It"
        for fact in facts:
            direct = [one for one in fact.relation["says"] if one.startswith("{S} ")]
            if direct and fact.subject == subject and rng.random() < 0.6:
                text = rng.choice(direct).replace("{S}", pronoun, 1)
                if "{s" not in text:
                    fact.sentence = text.format(o=fact.object)
        said = [fact.sentence for fact in facts]
        said += rng.sample(WORLD["filler"]["sentences"], rng.randint(0, 3))
        rng.shuffle(said)
        heading = _capital(subject.strip("'").removeprefix("the "))
        marked = f"{rng.choice(('#', '##', '###'))} {heading}"
        lines = [] if opening and rng.random() < 0.4 else [marked, ""]
        if opening:
            lines += [opening, ""] if rng.random() < 0.5 else [opening]
        shape = rng.random()
        if shape < 0.35:
            mark = rng.choice(("- ", "* ", "1. "))
            lines += [mark + one for one in said]
        elif shape < 0.8:
            lines.append(" ".join(said))
        else:
            lines += [part for one in said for part in (one, "")][:-1]
        if rng.random() < 0.4:
            more = rng.choice(self.prose)[: rng.randint(80, 900)].rsplit(" ", 1)[0]
            if rng.random() < 0.5:
                lines += ["", f"## {rng.choice(_HEADINGS)}", "", more]
            else:
                lines = [more, "", *lines]
        return piece("passage", self._title(subject) or heading, "\n".join(lines))

    def _title(self, subject: str) -> str:
        name = subject.strip("'").removeprefix("the ")
        plain = _capital(name)
        file = name.lower().replace(" ", "-").replace("'", "") + self.rng.choice(
            (".md", ".txt", ".pdf")
        )
        return self.rng.choice(
            (plain, plain, file, "", "Guide", "Handbook", "News", "FAQ", "About")
        )

    def other(self, fact: Fact | None = None) -> Evidence:
        """A piece that does not answer: of the same kind of thing, or of something else."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.12:
            return piece("passage", rng.choice(("Notes", "Misc", "")), rng.choice(self.prose)[:600])
        if fact is not None and roll < 0.45:  # the same about another one
            return self.passage([self.fact(fact.relation)])
        if fact is not None and roll < 0.65:  # something else about the same one
            kind, predicate = fact.relation["kind"], fact.relation["predicate"]
            related = [
                one
                for one in self.relations
                if one["kind"] == kind and one["predicate"] != predicate
            ]
            if related:
                return self._without(fact, [self.fact(rng.choice(related), fact.subject)])
        if roll < 0.8:
            one = self.fact(rng.choice(self.relations))
            return self.as_fact(one)
        return self.passage([self.fact(rng.choice(self.relations))])

    def _without(self, fact: Fact, facts: list[Fact]) -> Evidence:
        """A passage about the subject of a fact that does not say it."""
        text = " ".join(one.sentence for one in facts)
        fillers = self.rng.sample(WORLD["filler"]["sentences"], self.rng.randint(0, 2))
        return piece("passage", self._title(fact.subject), " ".join([text, *fillers]))

    def as_fact(self, fact: Fact) -> Evidence:
        """A fact of the graph, as a piece of evidence."""
        text = format_fact(fact.subject, fact.relation["predicate"], fact.object)
        return piece("fact", self._title(fact.subject), text)

    def numbered(
        self, right: list[Evidence], others: int, fact: Fact | None, *, first: int = 1
    ) -> tuple[list[tuple[int, Evidence]], list[int]]:
        """Pieces in any order with their numbers, and the numbers of the right ones."""
        pieces = [*right, *(self.other(fact) for _ in range(others))]
        self.rng.shuffle(pieces)
        # Passages stand before facts, as the agent shows them.
        pieces.sort(key=lambda one: one.kind == "fact")
        listed = list(enumerate(pieces, start=first))
        places = [number for one in right for number, each in listed if each is one]
        return listed, places

    def _first(self) -> int:
        return self.rng.choice((1, 1, 1, 1, 1, 1, 2, 4, 7, 12))

    # --- cases ----------------------------------------------------------------------------------

    def relation(self) -> dict[str, Any]:
        """Any relation."""
        return self.rng.choice(self.relations)

    def answer(self, *, pieces: int | None = None) -> Case:
        """One fact asked for, its passage among others."""
        fact = self.fact(self.relation())
        count = pieces or self.rng.choice((1, 1, 2, 3, 4, 5, 5))
        right = self.passage([fact])
        listed, numbers = self.numbered([right], count - 1, fact, first=self._first())
        turn = Turn(
            self.question(fact.relation, fact.subject), f"{fact.sentence}[{numbers[0]}]", listed,
            contents=[fact.object], numbers=numbers,
        )  # fmt: skip
        return Case("answer", [turn], grounded=True)

    def from_fact(self) -> Case:
        """An answer that stands in a fact of the graph only."""
        fact = self.fact(self.relation())
        right = self.as_fact(fact)
        listed, numbers = self.numbered([right], self.rng.randint(0, 3), None, first=self._first())
        sentence = fact.relation["says"][0].format(
            s=fact.subject, S=_capital(fact.subject), o=fact.object, s0=fact.subject
        )
        question = self.question(fact.relation, fact.subject)
        answer = f"{_capital(sentence)}[{numbers[0]}]"
        turn = Turn(question, answer, listed, contents=[fact.object], numbers=numbers)
        return Case("from fact", [turn], grounded=True)

    def both(self, *, pieces: int | None = None) -> Case:
        """Two things asked for at once, in two pieces."""
        first, second = self.fact(self.relation()), self.fact(self.relation())
        right = [self.passage([first]), self.passage([second])]
        others = (pieces or self.rng.randint(2, 5)) - 2
        listed, numbers = self.numbered(right, others, first, first=self._first())
        ask, ask2 = (self.question(one.relation, one.subject) for one in (first, second))
        small = ask2[0].lower() + ask2[1:]
        question = f"{ask.rstrip('?')}{self.rng.choice((', and', ' and', '? And'))} {small}"
        answer = f"{first.sentence}[{numbers[0]}] {second.sentence}[{numbers[1]}]"
        contents = [first.object, second.object]
        turn = Turn(question, answer, listed, contents=contents, numbers=numbers)
        return Case("both", [turn], grounded=True)

    def _bridge(self) -> tuple[Fact, Fact, str]:
        bridge = self.rng.choice(self.bridges)
        second_predicate = self.rng.choice(list(bridge["asks"]))
        first = self.fact(_BY_PREDICATE[bridge["first"]])
        second = self.fact(_BY_PREDICATE[second_predicate], first.object)
        question = self.rng.choice(bridge["asks"][second_predicate]).format(s=first.subject)
        return first, second, self._varied(question)

    def bridge(self, *, pieces: int | None = None) -> Case:
        """A second fact about what the first one names; both are at hand."""
        first, second, question = self._bridge()
        right = [self.passage([first]), self.passage([second])]
        others = (pieces or self.rng.randint(2, 5)) - 2
        listed, numbers = self.numbered(right, others, first, first=self._first())
        answer = f"{first.sentence}[{numbers[0]}] {second.sentence}[{numbers[1]}]"
        turn = Turn(question, answer, listed, contents=[second.object], numbers=numbers)
        return Case("bridge", [turn], grounded=True)

    def hop(self) -> Case:
        """The same, but the second fact has to be searched for; now and then in vain."""
        first, second, question = self._bridge()
        right = self.passage([first])
        listed, numbers = self.numbered([right], self.rng.randint(0, 3), None)
        query = second.relation["asks"][0].format(s=first.object)
        later = len(listed) + 1
        if self.rng.random() < 0.25:
            found = [] if self.rng.random() < 0.5 else [(later, self.other(second))]
            turn = Turn(question, DECLINE, listed, hop=(query, found))
            return Case("hop in vain", [turn], grounded=True)
        more, places = self.numbered(
            [self.passage([second])], self.rng.randint(0, 2), None, first=later
        )
        answer = f"{first.sentence}[{numbers[0]}] {second.sentence}[{places[0]}]"
        turn = Turn(
            question, answer, listed, hop=(query, more),
            contents=[second.object], numbers=[*numbers, *places],
        )  # fmt: skip
        return Case("hop", [turn], grounded=True)

    def decline(self, *, pieces: int | None = None) -> Case:
        """The passage is gone: others of its kind, or nothing at all, are left."""
        fact = self.fact(self.relation())
        count = pieces or self.rng.choice((0, 1, 1, 2, 3, 4, 5))
        listed, _ = self.numbered([], count, fact, first=self._first())
        turn = Turn(self.question(fact.relation, fact.subject), DECLINE, listed)
        return Case("decline", [turn], grounded=True)

    def follow_up(self) -> Case:
        """A second question about the same thing, which is not named again."""
        rng = self.rng
        by_kind = [r for r in self.relations if not r.get("held")]
        relation = rng.choice(by_kind)
        related = [
            r for r in by_kind
            if r["kind"] == relation["kind"] and r["predicate"] != relation["predicate"]
        ]  # fmt: skip
        if not related:
            return self.answer()
        first = self.fact(relation)
        second = self.fact(rng.choice(related), first.subject)
        together = self.passage([first, second])
        listed, numbers = self.numbered([together], rng.randint(0, 2), None)
        is_person = first.relation["kind"] == "person"
        pronoun = rng.choice(("he", "she")) if is_person else "it"
        ask = rng.choice(second.relation["asks"][:-1]).format(s=pronoun)
        ask = rng.choice(("And {}", "{}", "And {}")).format(ask[0].lower() + ask[1:])
        found = listed if rng.random() < 0.5 else [one for one in listed if one[0] == numbers[0]]
        ask_first = self.question(first.relation, first.subject)
        said, said_too = (f"{fact.sentence}[{numbers[0]}]" for fact in (first, second))
        turns = [
            Turn(ask_first, said, listed, contents=[first.object], numbers=numbers),
            Turn(_capital(ask), said_too, found, contents=[second.object], numbers=numbers),
        ]
        return Case("follow-up", turns, grounded=True)

    def from_prose(self) -> Case:
        """What a text says of a word that stands in one of its sentences alone, or in none."""
        rng = self.rng
        pieces = [
            piece("passage", rng.choice(("Notes", "Article", "About", "")), text[:900])
            for text in rng.sample(self.prose, rng.randint(1, 3))
        ]
        first = self._first()
        by_sentence = [
            (number, span.cut(one.text).strip())
            for number, one in enumerate(pieces, start=first)
            for span in sentences(one.text)
        ]
        whole = fold(" ".join(one.text for one in pieces))
        listed = list(enumerate(pieces, start=first))
        rng.shuffle(by_sentence)
        for number, sentence in by_sentence:
            words = [
                word for word in re.findall(r"[a-z]{6,}", sentence)
                if whole.count(word) == 1 and 30 < len(sentence) < 220 and "\n" not in sentence
            ]  # fmt: skip
            if words and "[" not in sentence:
                word = rng.choice(words)
                question = rng.choice(_ABOUT).format(word)
                turn = Turn(question, f"{sentence}[{number}]", listed)
                turn.contents, turn.numbers = [sentence], [number]
                return Case("from prose", [turn], grounded=True)
        question = rng.choice(_ABOUT).format(self.values.name("topic"))
        return Case("decline", [Turn(question, DECLINE, listed)], grounded=True)

    def price(self) -> Case:
        """A price in the evidence, and a sum to be done with it."""
        rng = self.rng
        relation = rng.choice([_BY_PREDICATE["admission"], _BY_PREDICATE["costs"]])
        subject = self.thing(relation["kind"])
        amount, count = rng.randint(2, 90), rng.randint(2, 40)
        unit = rng.choice(("dollars", "euros", "pounds"))
        object_ = f"{amount} {unit}"
        fact = Fact(relation, subject, object_, self.sentence(relation, subject, object_))
        listed, numbers = self.numbered([self.passage([fact])], rng.randint(0, 3), fact)
        thing = "visits to" if relation["kind"] == "museum" else "times"
        question = rng.choice(
            ("How much do {n} {t} {s} cost?", "What is the price of {n} {t} {s}?")
        )
        question = question.format(n=count, t=thing, s=subject)
        expression = f"{amount} * {count}"
        result = calculate(expression)
        answer = f"{fact.sentence}[{numbers[0]}] The result is {result}."
        call = Call("calculator", {"expression": expression}, result)
        turn = Turn(question, answer, listed, [call], contents=[result], numbers=numbers)
        return Case("price", [turn], grounded=True)
