"""Rules for a Chinese clause of a known subject: other names, places, dates, makers, careers."""

import re
from collections.abc import Iterator

from ..text.dates import DATE_ZH as DATE
from ..text.scripts import HAN
from .chinese_names import is_nominal
from .readings import Reading
from .tables import read_rows, read_tables

TABLES = read_tables("chinese", {"date": DATE, "han": HAN})
_ALIAS = re.compile(
    rf"(?P<label>{TABLES.one_of('alias')})"
    r"(?:称)?(?:为|是|作|做|叫|：|:)?(?P<names>[^，。；（）()是为]{2,60})(?:（[^（）]*）|\([^()]*\))?$"
)


def split_aliases(text: str) -> Iterator[str]:
    """The names in "欧蓍、千叶蓍或锯草", each alone."""
    for name in re.split(r"[、/]|或(?:者|称)?|及|以及", text):
        name = name.strip(" “”「」《》\"'")
        if 2 <= len(name) <= 24 and not re.search(r"[的了过着]|等$|^(?:等|其|和)", name):
            yield name


_AT = re.compile(rf"(?:于?{DATE})?(?P<verb>{TABLES.one_of('place')})(?P<place>[^，。；]{{2,30}})$")
_BY = re.compile(
    rf"由(?P<agent>[^，。；由的是]{{2,40}}?)(?:所|负责|共同|联合|合作|担任|领衔|"
    rf"倾情)*(?P<verb>{TABLES.one_of('maker')})(?=$|[的并及和而，。；、（(于]|、)"
)


def read_clause(subject: str, clause: str) -> Iterator[Reading]:
    """The facts of one clause whose subject is known."""
    alias = _ALIAS.match(clause)
    if alias is not None:
        for name in split_aliases(alias.group("names")):
            yield Reading(subject, alias.group("label"), name, "alias", 0.9)
    at = _AT.match(clause)
    if at is not None and not re.search(r"[“《（]|之间$", at.group("place")):
        yield from _place(subject, at.group("verb"), at.group("place"))
    found = list(read_rows(TABLES.rows, subject, clause))
    yield from found
    if at is None and all(reading.rule != "when" for reading in found):
        yield from _career(subject, clause)
    for by in _BY.finditer(clause):
        if by.start() and not re.search(
            r"(?:是|为|一[部个款首本张套档种]|，|^)$|\d年$|是$", clause[: by.start()]
        ):
            continue
        yield from _agents(subject, by.group("verb"), by.group("agent"), "by")


_CAREER = re.compile(
    rf"(?:随后|之后|后来|后|并|并于|同年|曾|曾经|先后)?[于在]?(?P<date>{DATE})?(?:起|间|正式|时|"
    rf"曾|又|再|被|获|，){{0,6}}"
    rf"(?P<verb>{TABLES.one_of('career')}|{TABLES.one_of('winning')})"
    r"(?:了|过)?(?P<what>[^，。；]{2,22})$"
)
_CAREER_NAMES = {**TABLES.lists["career"], **TABLES.lists["winning"]}
_PRIZE = re.compile(rf"(?:{TABLES.one_of('prize')})$")


def _career(subject: str, clause: str) -> Iterator[Reading]:
    """What someone became, joined, won; where something lives or belongs."""
    match = _CAREER.match(clause)
    if match is None:
        return
    verb = _CAREER_NAMES[match.group("verb")]
    what = match.group("what").strip("“”「」《》 ")
    if re.search(
        r"^(?:于|在|到|过|了|自|以|的|其|与|和)|[的了等时前中着]$|(?<!影)后$|由于|因|一起|为|他|她|进行|"
        r"攻读|学习|工作$|成为|开始|[“《（][^”》）]*$",
        what,
    ):
        return
    if not is_nominal(what) and verb not in ("获得", "分布于", "栖息于", "生活于"):
        return
    if (verb == "获得") != (_PRIZE.search(what) is not None):
        return
    what = re.sub(r"^(?:过|一?个|一位|一名)", "", what)
    yield Reading(subject, verb, what, "career", 0.8, match.group("date") or "")


def _place(subject: str, verb: str, place: str) -> Iterator[Reading]:
    verb = TABLES.lists["place"][verb]
    place = re.sub(r"^(?:现|今)", "", place)
    if re.match(r"[这那该此其]", place) or place.endswith(("相交", "交汇", "交会")):
        return
    date = re.match(DATE, place)
    if date is not None:
        if verb in ("出生于", "逝世于", "卒于"):
            yield Reading(
                subject, "出生日期" if verb == "出生于" else "逝世日期", date.group(), "when", 0.85
            )
        place = place[date.end() :].lstrip("在于")
    place = re.sub(r"的?(?:一[个座所条家处].*)$|的[^界间]{1,12}$", "", place)
    if 2 <= len(place) <= 24:
        yield Reading(subject, verb, place, "at", 0.85)


def _agents(subject: str, predicate: str, agents: str, rule: str) -> Iterator[Reading]:
    agents = re.sub(r"[（(][^（）()]*[）)]", "", agents)
    for agent in re.split(r"[、与和及&/]|以及|等人?$", agents):
        agent = re.sub(
            rf"^.{{0,8}}(?:{TABLES.one_of('profession')})(?=[{HAN}·A-Za-z]{{2,}}$)",
            "",
            agent,
        ).strip(" “”《》「」")
        agent = re.sub(rf"(?<=.{{2}})(?:{TABLES.one_of('maker')})$", "", agent)
        if (
            2 <= len(agent) <= 20
            and agent not in ("他", "她", "其")
            and not re.search(r"\d年|开始|同名|[于在被将]", agent)
        ):
            yield Reading(subject, predicate, agent, rule, 0.85)
