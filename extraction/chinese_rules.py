"""Rules that read facts out of Chinese sentences, each anchored at the start of a clause.

The subject is the topic of the text (its title), also where a sentence leaves it out or says
"他", "该片"; any other subject must be a proper noun. What is not anchored is not read: a missed
fact costs less than a wrong one.
"""

import re
from collections.abc import Iterator

from ..text.dates import DATE_ZH as DATE
from ..text.folding import fold
from ..text.scripts import HAN
from ..text.words import tags
from .chinese_clauses import TABLES, read_clause, split_aliases
from .chinese_entities import proper_name
from .chinese_names import is_nominal, is_place
from .readings import Reading

_PRONOUN = re.compile(
    r"(?:他|她|它)(?!们)|其(?![他中实后余间它])|(?:该|本)(?:片|剧|书|作|曲|校|院|站|市|县|镇|村|"
    r"区|州|岛|河|湖|山|线|队|社|公司|电影"
    r"|专辑|游戏|小说|学校|大学|作品|节目|车站|建筑|组织|乐团|物种|属|种)|(?:这|此)(?:部|本|首|座|"
    rf"张|款|种)[{HAN}]{{1,2}}"
)
_AFTER_NAME = re.compile(
    r"[》」』”）)]*(?:[（(，,是为乃]|的|位于|坐落|地处|又|原名|本名|别名|别称|简称|英文|全[名称]|"
    r"亦|也称|俗称|由|于|出生|生于|毕业|成立|创[立办建]|建于|始建|隶属|属于|现任|\d)"
)
_BARE_START = re.compile(
    rf"(?:位于|坐落|地处|出生于|生于|毕业于|就读于|成立于|创[立办建]于|建于|始建于|隶属于|隶属|由|"
    rf"又名|现任|曾任|毕业|司职|分布于|分布在|栖息于|曾获|荣获|师从|效力于|总部|学名|又称|亦称|"
    rf"别名|原名|本名|简称|英文名|(?:于)?{DATE})"
)


# --- who a sentence is about ----------------------------------------------------------------------


def read(sentence: str, topic: str, *, first: bool, refers: bool) -> Iterator[Reading]:
    """The facts that a sentence states.

    Args:
        sentence: One sentence.
        topic: What the text around it is about; empty where unknown.
        first: Whether it opens the text, where the topic is introduced.
        refers: Whether a pronoun at its beginning can mean the topic.
    """
    start = _subject(sentence, topic, first=first, refers=refers)
    if start is None:
        return
    subject, rest, is_topic = start
    if rest.startswith("的"):
        yield from _attribute(subject, rest)
        return
    bracket = re.match(r"[（(]([^（）()]*(?:[（(][^（）()]*[）)][^（）()]*)*)[）)]", rest)
    if bracket is not None:
        rest = rest[bracket.end() :]
        yield from _bracket(subject, bracket.group(1), rest)
    yield from _clauses(subject, rest, opening=first and is_topic)


def _subject(
    sentence: str, topic: str, *, first: bool, refers: bool
) -> tuple[str, str, bool] | None:
    """The subject of a sentence, what follows it, and whether it is the topic."""
    opened = sentence.lstrip(" 《「『“\u3000")
    if topic and fold(opened).startswith(fold(topic)):
        rest = opened[len(topic) :]
        if _AFTER_NAME.match(rest):
            return topic, rest.lstrip("》」』” "), True
    if topic and not first:
        pronoun = _PRONOUN.match(sentence)
        if pronoun is not None and not refers:
            return None
        if pronoun is not None:
            rest = sentence[pronoun.end() :]
            # "其父是": a relative of the topic, not the topic itself.
            return None if pronoun.group() == "其" else (topic, rest.lstrip("》"), True)
        if _BARE_START.match(sentence):
            return topic, sentence, True
    named = re.match(rf"[《]?([{HAN}A-Za-z·]{{2,14}}?)[》]?(?=[（(]|是|位于|的)", sentence)
    subject = proper_name(named.group(1), sentence) if named is not None else ""
    if named is not None and subject:
        return subject, sentence[named.end() :], False
    return None


# --- brackets behind the name ---------------------------------------------------------------------

_FOREIGN = re.compile(
    rf"((?>{TABLES.one_of('bracket_name')}))[：:为]?\s*([^，,；;：:（）()]{{2,60}})"
)
_LIFE = re.compile(rf"({DATE})[^—–－\-~～至]{{0,6}}\s*[—–－\-~～至]+\s*({DATE})?")
_PERSON = re.compile(
    r"人(?:物)?[，。]|家[，。、]|员|手[，。]|演员|歌手|政治|将领|皇帝|国王|作家|诗人|教授|学者|"
    r"院士|导演|球员|军事|君主|贵族|大臣|官员|僧|主教|主持|出生|毕业|天皇|公主|王子|律师|医生|"
    r"记者|名将|宰相"
)


def _bracket(subject: str, inside: str, rest: str) -> Iterator[Reading]:
    for match in _FOREIGN.finditer(inside):
        label, name = match.group(1), match.group(2).strip(" 《》“”")
        predicate = re.sub(r"[语文]$", "文名", label) if re.search(r"[语文]$", label) else label
        for one in [name] if "文" in predicate else split_aliases(name):
            if not re.fullmatch(r"[\d\W]+", one) and not re.search(
                r"标题|意思|的.*的|^(?:全称|简称|缩写|名称?)$", one
            ):
                yield Reading(subject, predicate, one, "bracket-name", 0.9)
    plain = inside.strip()
    if re.fullmatch(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’.\- ]{2,50}", plain):
        yield Reading(subject, "外文名", plain, "bracket-name", 0.9)
    life = _LIFE.search(inside)
    person = _PERSON.search(rest[:60])
    if life is not None and (person is not None):
        yield Reading(subject, "出生日期", life.group(1), "life-dates", 0.9)
        if life.group(2):
            yield Reading(subject, "逝世日期", life.group(2), "life-dates", 0.9)
    born = re.search(rf"({DATE})\s*(?:出生|生)(?!产)", inside)
    if life is None and born is not None:
        yield Reading(subject, "出生日期", born.group(1), "life-dates", 0.9)


# --- clauses --------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"(?:[^，,；;。！？（）()]|[（(][^（）()]*[）)]|(?<=\d),(?=\d{3}))+")


def _clauses(subject: str, rest: str, *, opening: bool) -> Iterator[Reading]:
    """Read clause after clause, as long as none of them brings a subject of its own."""
    clauses = [match.group().strip() for match in _CLAUSE.finditer(rest)]
    defined = False
    for position, clause in enumerate(clauses[:8]):
        found = list(read_clause(subject, clause))
        if position == 0 or (opening and not found and position < 4 and not defined):
            found += _definition(subject, clause, clauses[position + 1 : position + 3], opening)
        if opening and not found and position < 3:
            found += _apposition(subject, clause)
        defined = defined or any(
            reading.rule in ("definition", "apposition", "taxonomy") for reading in found
        )
        yield from found
        if not found and position and _new_subject(clause):
            return


def _new_subject(clause: str) -> bool:
    """Whether a clause begins with a noun of its own, so that what follows is about that."""
    found = tags(clause[:12])
    return bool(found) and found[0][1][0] in "nr" and found[0][1] != "ns" or clause.startswith("其")


_MEASURE = (
    r"一(?:位(?!于)|次(?!性)|"
    r"[个种部座所名家款首本属条支类套张颗片组处间档项只枚份艘块员幅场代门]|系列|部分)?"
)
_NOT_DEFINED = re.compile(
    r"否|就|由于|因|为了|在|以|不|没|非常|很|最[早后初]|从|被|把|对|向|当|将|可|能|会|要|我|你|他|她|"
    r"这|那|"
    r"适合|尝试|处于|其|什么|如何|指的|比|跟|同|与|和|用|用来|靠|来自|属于|根据|通过|经|如|极|十分|较|"
    r"所|唯一|否则|第[一二三四五]次"
)


_VAGUE = frozenset(
    "概念 问题 过程 方式 成员 方法 地方 部分 东西 人 事情 结果 原因 实验 现象 关系 名称".split()
)


def _definition(
    subject: str, clause: str, following: list[str], opening: bool
) -> Iterator[Reading]:
    match = re.match(r"(?:则|即|也|亦|曾|便|就)?(是|为|乃|係|系)(?:指)?(.+)", clause)
    if match is None or (match.group(1) != "是" and not opening):
        return
    said = match.group(2)
    family = re.match(
        r"([^，。]{2,30}?(?:科|属|目|纲))(?:[的之下中]|其中|动物|植物)*一个?(?:种|属|亚种|科|"
        r"物种|蛇种|鱼种)",
        said,
    )
    if family is not None and "|" not in family.group(1):
        yield Reading(subject, "属于", family.group(1), "taxonomy", 0.85)
        return
    if said.endswith(("执导", "导演", "开发", "制作", "编剧", "主演", "出版", "发行", "创作")):
        # "是由A执导，B主演的电影": the noun stands at the end of a later clause.
        said = "，".join([said, *following])
        said = said[: said.rfind("的") + 1] + re.split("，", said[said.rfind("的") + 1 :])[0]
    said = re.sub(r"[（(][^（）()]*[）)]", "", said)
    if _NOT_DEFINED.match(said) or len(said) < 2:
        return
    value = re.sub(rf"^(?:{_MEASURE}|个|[部首本款](?=\d{{4}}年))", "", said)
    if _is_clause(value) or (value.startswith(_BEGUN) and "的" not in value):
        return  # "是个凡事找借口，总拒绝人的职员": what it is comes later
    yield from _role(subject, value)
    if len(value) > 24 or value.startswith("由"):
        value = value[value.rfind("的") + 1 :] if "的" in value else ""
        if value in _VAGUE:
            return
    if 2 <= len(value) <= 24 and is_nominal(value):
        yield Reading(subject, "是", value, "definition", 0.85)


# "一座位于六户町，由电铁经营的车站": without the noun at its end this is no definition.
_BEGUN = ("位于", "坐落", "曾存在", "曾位于", "由", "以", "在", "用于", "来自", "隶属")


def _is_clause(value: str) -> bool:
    """Whether what looks like a definition is a clause, whose noun comes later or was cut off."""
    kinds = [tag for _, tag in tags(value)]
    return "的" not in value and len(kinds) > 2 and kinds[0].startswith("n") and kinds[1] == "v"


_ROLES = TABLES.one_of("role")


def _role(subject: str, value: str) -> Iterator[Reading]:
    match = re.fullmatch(rf"(.{{2,12}}?)的?({_ROLES})(?:之一)?", value)
    if match is None or "之一" in value:
        return
    owner = match.group(1).strip("《》“”")
    if proper_name(owner, value) or "《" in match.group(1):
        yield Reading(owner, match.group(2), subject, "role", 0.85)


_NOMINAL_TAGS = frozenset("n nr ns nt nz nrt b a j vn uj eng m q f t x c ng l an s k i".split())


# Other names, relatives, works and places are said otherwise than what something is.
_NO_APPOSITION = re.compile(
    r"^(?:[字号又原或]|[全简别]称|[父母妻夫子女兄弟祖师](?!亲?[国军长]))|\d年|(?:主演|执导|编剧|出品|处|之间|附近)$"
)


def _apposition(subject: str, clause: str) -> Iterator[Reading]:
    """Read "赵鹏，中国足球运动员，四川成都人": what the opening says without a verb."""
    if not 2 <= len(clause) <= 20 or _NO_APPOSITION.search(clause):
        return
    found = tags(clause)
    native = re.fullmatch(rf"([{HAN}]{{2,10}}?)人", clause)
    # Not "中国商人": the last word is what somebody does.
    by_place = found[-1][0] == "人" or is_place(found[-1][0].removesuffix("人"))
    if (
        native is not None
        and by_place
        and is_place(native.group(1))
        and native.group(1)[-1] not in "籍华裔"
    ):
        yield Reading(subject, "籍贯", native.group(1), "native", 0.85)
        return
    plain = all(tag in _NOMINAL_TAGS or word in "男女前著名" for word, tag in found)
    ends = len(found) >= 2 and found[-1][1] in ("n", "nr", "l", "nz", "k", "ng")
    if plain and ends and is_nominal(clause):
        yield Reading(subject, "是", clause, "apposition", 0.8)


_ATTRIBUTES = f"{_ROLES}|{TABLES.one_of('attribute')}"


def _attribute(subject: str, rest: str) -> Iterator[Reading]:
    match = re.match(
        rf"的({_ATTRIBUTES})(?:是|为|：|叫做?|名叫)([^，。；的]{{1,24}})(?=[，。；]|$)", rest
    )
    if match is None:
        return
    value = match.group(2).strip("《》“”「」 ")
    if value and not _NOT_DEFINED.match(value) and not value.startswith("一"):
        yield Reading(subject, match.group(1), value, "attribute", 0.85)
