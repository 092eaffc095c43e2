"""Rules that read facts out of English sentences, each anchored behind a subject that is known.

The subject is the topic of the text (its title), also as its last name, "he", "it" or "the
film"; another subject must be a name in capitals.
"""

import re
from collections.abc import Iterator

from ..text.dates import DATE_EN as DATE
from ..text.dates import MONTH_EN as MONTH
from .english_clauses import TABLES, read_clauses
from .english_names import NAME, NAMES, WHO
from .readings import Reading

_PRONOUN = re.compile(rf"(?:He|She|It|They|This|The (?:{TABLES.one_of('topic')}))\b")

# --- who a sentence is about ----------------------------------------------------------------------


def read(sentence: str, topic: str, *, first: bool, refers: bool) -> Iterator[Reading]:
    """The facts that a sentence states; arguments as for the Chinese rules."""
    sentence = re.sub(r"\s+", " ", sentence)
    yield from _inverse(sentence)
    found = _subject(sentence, topic, first=first, refers=refers)
    if found is None:
        return
    subject, rest, is_topic = found
    if first and is_topic:
        yield from _full_name(subject, sentence, rest)
    other = re.match(r" or (?:the )?([A-Za-z][\w' -]{2,30}?)(?= \(|,? (?:is|are|was) )", rest)
    if other is not None and is_topic:
        yield Reading(subject, "also known as", other.group(1), "alias", 0.85)
        rest = rest[other.end() :]
    while (bracket := re.match(r",?\s*\(((?:[^()]|\([^()]*\))*)\)", rest)) is not None:
        rest = rest[bracket.end() :]
        yield from _bracket(subject, bracket.group(1), rest)
    # "Ed Wood, also known as X, is": what stands between commas is no part of the predicate.
    aside = re.match(
        r", (?:also |better |formerly |originally |sometimes |commonly )*(?:known|called|titled|"
        r"referred to|stylized)"
        r"(?: (?:professionally|simply|internationally))?(?: as)? ([^,]+?)(?:,| is | was )",
        rest,
    )
    if aside is not None:
        name = aside.group(1).strip(' "“”')
        if re.fullmatch(NAMES, name) and len(name) < 50:
            yield Reading(subject, "also known as", name, "alias", 0.9)
    predicate = (
        re.match(r"[^.;()]{0,60}?,? ?\b(?=(?:is|was|are|were)\b)", rest) if is_topic else None
    )
    if predicate is not None and (predicate.end() <= 1 or rest.startswith(",")):
        rest = rest[predicate.end() :]
    rest = re.sub(rf"^(?: {_FORMS}\\.?)+", "", rest).strip(' "”’,')
    yield from _predicates(subject, rest)


_FORMS = r"(?:Pty|Ltd|Inc|Corporation|Company|Corp|plc|PLC|GmbH|Limited|LLC)\b"


def _subject(
    sentence: str, topic: str, *, first: bool, refers: bool
) -> tuple[str, str, bool] | None:
    opened = re.sub(r"^(?:The |A |An |[\"“'‘])+", "", sentence)
    bare = re.sub(r"^(?:The |A |An )", "", topic)
    if topic:
        for start in (sentence, opened):
            for name in (topic, bare):
                if start.lower().startswith(name.lower()) and re.match(
                    r"[\"”']{0,2}(?:[ ,(]|$)", start[len(name) :]
                ):
                    rest = start[len(name) :].lstrip("\"”'")
                    # "Topic Records is ...": a longer name begins like the topic.
                    return None if re.match(rf" (?!{_FORMS})[A-Z]", rest) else (topic, rest, True)
    if topic and first:
        # "Timothy Walter Burton (born ...) is": the full name holds the title's words in order.
        full = re.match(rf"({NAMES})(?=,? \(|, | is | was )", opened)
        if full is not None and _holds_in_order(full.group(1), bare):
            return topic, opened[full.end() :], True
    pronoun = _PRONOUN.match(sentence) if topic and refers else None
    if pronoun is not None:
        return topic, sentence[pronoun.end() :], True
    if topic and not first:
        last = bare.split()[-1]
        if (
            len(bare.split()) > 1
            and sentence.startswith(last)
            and re.match(r" (?:is|was|has|had)\b", sentence[len(last) :])
        ):
            return topic, sentence[len(last) :], True
    named = re.match(rf"({NAME}(?: {NAME})+)(?= \(| is an? | was an? )", opened)
    if named is not None and not _PRONOUN.match(sentence):
        return named.group(1), opened[named.end() :], False
    return None


def _full_name(topic: str, sentence: str, rest: str) -> Iterator[Reading]:
    """The longer name under which the opening introduces its topic."""
    opened = re.sub(r"^(?:The |A |An |[\"“'‘])+", "", sentence)
    name = opened[: len(opened) - len(rest)].strip(" \"”'")
    if (
        len(name) > len(topic) + 2
        and re.fullmatch(NAMES, name)
        and topic.lower() not in name.lower()
    ):
        yield Reading(topic, "full name", name, "full-name", 0.9)


def _holds_in_order(full: str, title: str) -> bool:
    words = iter(full.lower().replace(".", "").split())
    if len(title.split()) == 1:
        return full.lower().startswith(title.lower() + " ")
    return all(word in words for word in title.lower().replace(".", "").split())


# --- brackets -------------------------------------------------------------------------------------


def _bracket(subject: str, inside: str, rest: str) -> Iterator[Reading]:
    life = re.search(
        rf"(?:^|[;,] |born )(?:c\. ?)?({DATE})(?:,? in [^–-]+?)? ?[–—-] ?(?:c\. ?)?({DATE})",
        inside,
    )
    person = re.match(r"[^.]{0,20}\b(?:was|is) (?:an?|the|one)\b", rest) is not None
    birth = re.search(rf"\bborn(?P<name> [^;,\d]+?)?[;,]? (?:on )?(?P<date>{DATE})", inside)
    if (
        life is not None
        and person
        and (re.search(MONTH, inside) or re.search(r" was an? ", rest[:20]))
    ):
        yield Reading(subject, "born", life.group(1), "life-dates", 0.9)
        yield Reading(subject, "died", life.group(2), "life-dates", 0.9)
    elif birth is not None:
        yield Reading(subject, "born", birth.group("date"), "life-dates", 0.95)
        name = (birth.group("name") or "").strip()
        if re.fullmatch(NAMES, name):
            yield Reading(subject, "born as", name, "bracket-name", 0.9)
    for match in re.finditer(
        rf"\b(?P<how>also known as|abbreviated|formerly|aka) ({NAMES})(?=[,;]| and |$)", inside
    ):
        yield Reading(subject, match.group("how"), match.group(2), "bracket-name", 0.85)
    foreign = re.match(r"(?P<tongue>[A-Z][a-z]+): (?P<name>[^;,()]{2,50})", inside)
    if foreign is not None and foreign.group("tongue") not in ("Born", "Pronounced"):
        yield Reading(
            subject,
            f"{foreign.group('tongue')} name",
            foreign.group("name").strip(),
            "bracket-name",
            0.85,
        )
    short = re.fullmatch(r"[A-Z][A-Z0-9&.-]{1,9}", inside.strip())
    if (
        short is not None
        and short.group() not in subject.split()
        and _abbreviates(short.group(), subject)
    ):
        yield Reading(subject, "abbreviation", short.group(), "bracket-name", 0.9)


def _abbreviates(short: str, name: str) -> bool:
    """Whether the letters of a short form stand in a name in that order."""
    letters = iter(name.lower())
    return all(letter in letters for letter in short.lower() if letter.isalpha())


# --- predicates -----------------------------------------------------------------------------------

_STOP = re.compile(
    r",|;|\.(?=\s|$)|\(|:| [–—] | that | which | who | whose | where | when | while | but | "
    r"although | because | whom "
    r"| (?:and|or) (?:is|was|are|were|has|had|the|a|an|it|he|she|also|finally|later|got|became)\b"
    r"| (?:directed|written|produced|created|developed|published|released|starring|located|"
    r"situated|based|founded|established|"
    r"formed|known|best known|born|built|designed|owned|operated|hosted|composed|recorded|"
    r"performed|distributed|set|first|"
    r"named|featuring|played|used|made|broadcast|aired|serving|consisting|headquartered|stationed|"
    r"inspired|adapted|held|opened|"
    r"signed|from|by|with|about|since|during|under|as|through|along|between|near|at|on|to|"
    r"currently|originally|previously|"
    r"who's|active|working|living|adjacent|adjoining|including|dedicated|given|manufactured|"
    r"belonging|having|growing|available|containing|playing|following|native|cowritten|co-written|"
    r"whose)\b|,? and \w+ly (?=\w+ed\b)"
)
_DETERMINER = r"(?:an?|the|one of the|one of several|one of)"
_VAGUE = frozenset(
    "member part type form name list result example one kind group person man woman number series "
    "set "
    "place way thing piece term first second third last only same".split()
)


def _predicates(subject: str, rest: str) -> Iterator[Reading]:
    yield from _definition(subject, rest)
    yield from read_clauses(subject, rest)


_NOUNS = frozenset(
    "family monthly weekly quarterly daily assembly forest west contest priest guest".split()
)


_LONGEST_VALUE = 12  # words


def _shortened(value: str) -> str:
    """A long noun phrase without its later parts, and without a participle at its end."""
    for mark in (" within ", " for ", " in ", " and ", " of "):
        if len(value.split()) > 10 and mark in value[8:]:
            value = value[: value.rindex(mark)]
    words = value.split()
    if len(words) > _LONGEST_VALUE:
        return ""
    if (
        len(words) > 1
        and re.fullmatch(r"[a-z]{3,}ed", words[-1])
        and words[-1] not in ("breed", "seed", "weed")
    ):
        words = words[:-1] if len(words) > 2 else []  # "a county owned, public airport"
    return " ".join(words)


_ORDINAL = re.compile(
    r"(?:(?:\w+-)?(?:first|second|third|\w+th)|eight|last|only|final|next|latest|debut|other)\b"
)


# "rock, blues and country guitarist": what is listed shares its noun.
_SHARED = re.compile(r", (?:[a-z-]+, ){0,4}[a-z-]+,? and [a-z-]+ [a-z-]+\b")


def _noun_phrase(what: str, determiner: str) -> str:
    """The noun phrase that a definition begins with; empty where cut, it would say another thing.

    >>> _noun_phrase("fast, correct library for Python.", "a")
    'fast, correct library for Python'
    >>> _noun_phrase("library for plots, charts and maps", "a")
    'library'
    >>> _noun_phrase("fourth album by Linda Chung, and was", "the")
    'fourth album by Linda Chung'
    >>> _noun_phrase("first album to be released", "the")
    ''
    """
    first = stop = _STOP.search(what)
    while stop is not None and stop.group() == ",":
        shared = _SHARED.match(what[stop.start() :])
        if shared is not None and _PERSON.search(shared.group()) is not None:
            stop = _STOP.search(what, stop.start() + shared.end())
            continue
        last = what[: stop.start()].split(", ")[-1]
        if " " in last.removeprefix("yet ") and _PERSON.search(last) is None:
            break
        # "a fast, correct library", "a singer, songwriter and actor": one word is not the whole.
        listed = re.match(
            r" (?:and |or )?(?!(?:an?|the|is|was|in|at|has|had|\w+ing|\w+ly \w+ed)\b)[a-z-]+",
            what[stop.end() :],
        )
        later = _STOP.search(what, stop.end() + 1) if listed is not None else None
        if listed is None or (later is not None and later.start() <= stop.end() + 1):
            break
        stop = later
    if stop is not None and len(what[: stop.start()].split()) > _LONGEST_VALUE:
        stop = first
    value = what[: stop.start()] if stop is not None else what.rstrip(".")
    goes_on = stop is not None and re.match(
        r", (?:and )?(?:\w+ ){0,2}\w+(?:,| and )", what[stop.start() :]
    )
    if goes_on and " for " in value:
        value = value[: value.rindex(" for ")]
    if determiner == "the" and _ORDINAL.match(value) and stop is not None:
        by = re.match(
            rf" by (?:the )?(?:(?:[A-Z][\w-]+ )?(?:[a-z–-]+ ){{0,4}})?{WHO}", what[stop.start() :]
        )
        if by is not None:
            value += by.group()
        elif not stop.group().startswith((",", ";", ".", " and ")):
            return ""
    return value.strip(' "“”')


def _definition(subject: str, rest: str) -> Iterator[Reading]:
    match = re.match(
        rf"(?:is|was|are|were)(?: (?:also|currently|now|originally|still|best known as|an active|"
        rf"perhaps))? (?P<det>{_DETERMINER}) (?P<what>.+)",
        rest,
    )
    if match is None:
        return
    what = match.group("what")
    role = re.match(
        rf"(?P<role>(?:[a-z-]+ ){{0,2}}{_ROLES}) of (?P<of>{NAMES})(?=[,.;]|$| and | in )", what
    )
    if role is not None and match.group("det") == "the":
        yield Reading(role.group("of"), role.group("role"), subject, "role", 0.85)
    value = _noun_phrase(what, match.group("det"))
    words = _shortened(value).split()
    value = " ".join(words)
    if not words or value.count('"') % 2:
        return
    if words[-1].lower() in ("of", "in", "the", "a", "and", "for", "very", "most"):
        return
    if len(words) == 1 and words[0].lower() in _VAGUE or not re.search(r"[a-zA-Z]{2}", value):
        return
    if re.fullmatch(r"[a-z]+(?:est|ly)", words[-1]) and words[-1] not in _NOUNS:
        return
    predicate = _IS.get(match.group("det"), "is one of")
    roles = re.split(r",? and (?:an? )?|, (?:an? )?", value)
    if not all(_PERSON.search(role) is not None and len(role.split()) <= 4 for role in roles):
        roles = [value]
    for role in roles:
        yield Reading(subject, predicate, role, "definition", 0.9)


# What someone is, by the end of its noun.
_PERSON = re.compile(
    r"[a-z]{2}(?:er|or|ist|ian|ress|eer|yst)$|\b(?:poet|judge|athlete|model|pilot|priest|monk|nun|saint|"
    r"chef|coach|diplomat|comic|critic|activist|scholar|soldier|bishop|king|queen|"
    r"(?:[a-z]+)?(?:man|woman))$"
)
_IS = {"a": "is a", "an": "is a", "the": "is the"}


_ROLES = f"(?:{TABLES.one_of('role')})"


def _inverse(sentence: str) -> Iterator[Reading]:
    """Read "The capital of France is Paris", "France's capital is Paris"."""
    found = re.match(
        rf"(?:The|Its) (?P<role>(?:[a-z-]+ ){{0,2}}?{_ROLES}) of (?:the "
        rf")?(?P<of>{NAMES}) (?:is|was) (?P<who>{NAMES})(?=[.,;]|$)",
        sentence,
    ) or re.match(
        rf"(?P<of>{NAMES})['’]s (?P<role>(?:[a-z-]+ ){{0,2}}?{_ROLES}) (?:is|was) "
        rf"(?P<who>{NAMES})(?=[.,;]|$)",
        sentence,
    )
    if found is not None:
        yield Reading(found.group("of"), found.group("role"), found.group("who"), "role", 0.85)
