"""Rules for an English predicate whose subject is known: makers, casts, places, dates, careers."""

import re
from collections.abc import Iterator

from ..text.dates import DATE_EN as DATE
from ..text.dates import MONTH_EN as MONTH
from .english_names import LIST, NAME, NAMES, WHO
from .readings import Reading
from .tables import read_rows, read_tables

TABLES = read_tables("english", {"names": NAMES, "who": WHO})


def read_clauses(subject: str, rest: str) -> Iterator[Reading]:
    """The facts in what a sentence says behind its subject, apart from what the subject is."""
    yield from _participles(subject, rest)
    yield from _starring(subject, rest)
    yield from _where_and_when(subject, rest)
    yield from read_rows(TABLES.rows, subject, rest[:300])


_MADE = TABLES.one_of("made")
_BY = re.compile(
    rf"\b(?P<verbs>(?:{_MADE})(?:(?:,| and|, and|/) (?:{_MADE}))*)(?: (?:and \w+ )?(?:in|on) "
    rf"{DATE})? by (?:(?:the |director |author |writer |filmmaker |"
    rf"American |British |English |novelist |producer |architect |singer |rapper |band "
    rf")*)(?P<who>{LIST})"
)


def _participles(subject: str, rest: str) -> Iterator[Reading]:
    first = True
    for match in _BY.finditer(rest[:400]):
        before = rest[: match.start()]
        # Only what is said of the subject itself is meant, not "based on a novel written by".
        plain = not re.search(
            r"\b(?:novel|book|play|story|that|which|who|where|when|based on|character|adaptation|"
            r"remake|of the same name)\b|;|\. ",
            before,
        )
        own = re.match(r"(?:is|was|were|are)(?: (?:an?|the|one of))?\b", before)
        if not (
            own
            and (
                plain
                or re.match(
                    r"(?:is|was) an? [^,]{0,60}\b(?:novel|book|play|story|adaptation)[^,]{0,12},"
                    r"? ?(?:and )?$",
                    before,
                )
            )
        ):
            continue
        for verb in re.findall(_MADE, match.group("verbs")):
            for who in _whole(match.group("who"), rest[match.end() :]):
                yield Reading(subject, f"{verb} by", who, "by", 0.9 if first else 0.8)
        first = False


_SCREEN = re.compile(rf"\b(?:{TABLES.one_of('screen')})\b")
_STARS = re.compile(
    rf"(?:^(?:also )?stars|\bstarring|^(?:is|was)\b[^.;]* and stars|\bfeaturing) (?:(?:actors?|"
    rf"actress(?:es)?) )?(?P<who>{LIST})"
)


_WORK = re.compile(
    rf"(?P<what>{TABLES.one_of('work')}) by "
    rf"(?:the )?(?:(?:[A-Z][a-z]+ )?(?:[a-z-]+ ){{1,4}})?(?P<who>{WHO})\b"
    r"(?! (?:[a-z-]+ ){0,2}(?:author|writer|novelist|singer|rapper|band|artist|composer|musician|"
    r"director|group|poet|singer-songwriter|duo))(?! (?:for|of) (?:a |the )?[A-Z])"
)


def _starring(subject: str, rest: str) -> Iterator[Reading]:
    work = _WORK.search(rest[:160])
    before = rest[: work.start()] if work is not None else ""
    own = re.fullmatch(r"(?:is|was) (?:an?|the) [^,;()]*", before)
    if (
        work is not None
        and own
        and not re.search(r"\b(?:from|based|of|about|that|which)\b", before)
    ):
        who = work.group("who").strip(" .")
        if not re.fullmatch(
            r"\w+(?:can|ian|ish|ese|ean)|French|German|Dutch|Greek|Swiss|Thai", who
        ):
            yield Reading(subject, f"{work.group('what')} by", who, "by", 0.85)
    match = _STARS.search(rest[:500])
    if match is not None and "featuring" in match.group() and not _SCREEN.search(rest[:90]):
        return
    if match is not None and not re.search(r"\b(?:who|whose|in which)\b", rest[: match.start()]):
        for who in _split(match.group("who")):
            if len(who.split()) > 1:
                yield Reading(subject, "starring", who, "starring", 0.85)


def _whole(names: str, after: str) -> list[str]:
    """The names of a list; the last is left out where it only begins another noun."""
    found = _split(names)
    follows = re.match(r" ([a-z]+)", after)
    if len(found) > 1 and follows is not None and follows.group(1) not in _AFTER_NAMES:
        return found[:-1]
    return found


_AFTER_NAMES = frozenset(
    "in on at of for with between from as to until based and that which who while under during "
    "after before since through is was are about starring featuring but or via by".split()
)


def _split(names: str) -> list[str]:
    found = (name.strip(" ,.'\"") for name in re.split(r", and |, | and | & ", names))
    return [
        name
        for name in found
        if len(name) > 2
        and not name.endswith("'s")
        and name not in ("The", "American", "British", "Inc")
        and re.fullmatch(r"(?:[A-Z]\.)+[A-Z]?", name) is None  # initials whose name was cut off
    ]


_WHERE = re.compile(
    rf"\b(?P<verb>located|situated|based|headquartered) (?:just |mainly |primarily |near the "
    rf"center |in the city )?(?:in|at|(?<!based )on) (?:the )?"
    rf"(?P<place>{NAMES}(?:, {NAME}(?: {NAME})*)*)"
)
_SITE = re.compile(
    rf"(?:is|was|are) (?:an?|the)(?: [\w'’-]+){{0,6}} (?:{TABLES.one_of('site')}) in (?:the "
    rf")?(?:(?:southern|northern|eastern|western|central) )?(?P<place>{NAMES}(?:, {NAME}(?: "
    rf"{NAME})*)*)"
)
_BORN = re.compile(
    rf"^(?:was|were) born(?: and raised)?(?: on (?P<on>{DATE}),?)?(?: in (?P<in>(?:the "
    rf")?{NAMES}(?:, {NAME}(?: {NAME})*)*))?(?:,? (?:on|in) (?P<late>{DATE}))?"
)
_STARTED = re.compile(
    rf"\b(?P<verb>{TABLES.one_of('begun')}) (?:in |on |worldwide on )+(?P<date>{DATE})"
)


def _where_and_when(subject: str, rest: str) -> Iterator[Reading]:
    where = _WHERE.search(rest[:250])
    own = re.match(r"(?:is|was|are|were)\b", rest)
    if (
        where is not None
        and own
        and not re.search(r"\b(?:who|which|that|by|of an?)\b|;|\. ", rest[: where.start()])
    ):
        verb = {"situated": "located"}.get(where.group("verb"), where.group("verb"))
        yield Reading(subject, f"{verb} in", where.group("place").rstrip("."), "at", 0.85)
    site = _SITE.match(rest)
    if site is not None and where is None:
        yield Reading(subject, "located in", site.group("place").rstrip("."), "at", 0.85)
    born = _BORN.match(rest)
    if born is not None:
        date = born.group("on") or born.group("late")
        if date:
            yield Reading(subject, "born", date, "born", 0.9)
        if born.group("in") and not re.fullmatch(rf"{DATE}|{MONTH}", born.group("in")):
            yield Reading(subject, "birthplace", born.group("in"), "born", 0.9)
    for match in _STARTED.finditer(rest[:300]):
        before = rest[: match.start()]
        if "First published" in rest or not own:
            continue
        if re.match(r"(?:is|was|were)(?: (?:originally|first|officially))? $", before) or (
            re.match(r"(?:is|was) an? ", before)
            and not re.search(r"\b(?:who|which|that|by|based on|from|novel|when)\b|;|\. ", before)
        ):
            yield Reading(subject, match.group("verb"), match.group("date"), "when", 0.85)
