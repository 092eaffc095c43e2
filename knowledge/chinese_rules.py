"""Rules that read facts out of Chinese sentences, each anchored at the start of a clause.

The subject is the topic of the text (its title), also where a sentence leaves it out or says
"他", "该片"; any other subject must be a proper noun. What is not anchored is not read: a missed
fact costs less than a wrong one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from ..text import fold, segmenter

if TYPE_CHECKING:
    from jieba.posseg import POSTokenizer


@dataclass(frozen=True, slots=True)
class Reading:
    """A fact as a rule reads it in a sentence."""

    subject: str
    predicate: str
    object: str
    rule: str
    confidence: float


_DATE = r"(?:公元)?(?:前)?(?:\d{1,4}|[〇零一二三四五六七八九]{4})年(?:\d{1,2}月(?:\d{1,2}日)?)?"
_PRONOUN = re.compile(
    r"(?:他|她|它)(?!们)|其(?![他中实后余间它])|(?:该|本)(?:片|剧|书|作|曲|校|院|站|市|县|镇|村|区|州|岛|河|湖|山|线|队|社|公司|电影"
    r"|专辑|游戏|小说|学校|大学|作品|节目|车站|建筑|组织|乐团|物种|属|种)|(?:这|此)(?:部|本|首|座|张|款|种)[\u4e00-\u9fff]{1,2}"
)
_AFTER_NAME = re.compile(
    r"[》」』”）)]*(?:[（(，,是为乃]|的|位于|坐落|地处|又|原名|本名|别名|别称|简称|英文|全[名称]|亦|也称|俗称|由|于|出生|生于|毕业|成立|创[立办建]|建于|始建|隶属|属于|现任|\d)"
)
_BARE_START = re.compile(
    rf"(?:位于|坐落|地处|出生于|生于|毕业于|就读于|成立于|创[立办建]于|建于|始建于|隶属于|隶属|由|又名|又称|亦称|别名|原名|本名|简称|英文名|(?:于)?{_DATE})"
)


# --- who a sentence is about ----------------------------------------------------------------------


def read(sentence: str, topic: str, *, first: bool) -> Iterator[Reading]:
    """The facts that a sentence states.

    Args:
        sentence: One sentence.
        topic: What the text around it is about; empty where unknown.
        first: Whether it opens the text, where the topic is introduced.
    """
    start = _subject(sentence, topic, first=first)
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


def _subject(sentence: str, topic: str, *, first: bool) -> tuple[str, str, bool] | None:
    """The subject of a sentence, what follows it, and whether it is the topic."""
    opened = sentence.lstrip(" 《「『“\u3000")
    if topic and fold(opened).startswith(fold(topic)):
        rest = opened[len(topic) :]
        if _AFTER_NAME.match(rest):
            return topic, rest.lstrip("》」』” "), True
    if topic and not first:
        pronoun = _PRONOUN.match(sentence)
        if pronoun is not None:
            rest = sentence[pronoun.end() :]
            # "其父是": a relative of the topic, not the topic itself.
            return None if pronoun.group() == "其" else (topic, rest.lstrip("》"), True)
        if _BARE_START.match(sentence):
            return topic, sentence, True
    named = re.match(r"[《]?([\u4e00-\u9fffA-Za-z·]{2,14}?)[》]?(?=[（(]|是|位于|的)", sentence)
    if named is not None and _is_proper(named.group(1)):
        return named.group(1), sentence[named.end() :], False
    return None


_PROPER_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt", "nz"})


def _is_proper(name: str) -> bool:
    """Whether jieba takes a stretch for one proper noun (or one with a plain noun behind it)."""
    found = tags(name)
    if len(found) == 1:
        return found[0][1] in _PROPER_TAGS and len(name) >= 2
    return (
        len(found) <= 3
        and found[0][1] in _PROPER_TAGS
        and all(tag in _PROPER_TAGS or tag in ("n", "j", "x") for _, tag in found)
        and len(name) <= 8
    )


@cache
def _tagger() -> "POSTokenizer":
    from jieba.posseg import POSTokenizer

    return POSTokenizer(segmenter())


@lru_cache(maxsize=4096)
def tags(text: str) -> tuple[tuple[str, str], ...]:
    """Words and their parts of speech as jieba tags them."""
    return tuple((pair.word, pair.flag) for pair in _tagger().cut(text))


# --- brackets behind the name ---------------------------------------------------------------------

_FOREIGN = re.compile(
    r"(英[语文]|日[语文]|法[语文]|德[语文]|俄[语文]|韩[语文]|朝鲜[语文]|西班牙[语文]|意大利[语文]|葡萄牙[语文]|拉丁[语文]|荷兰[语文]|希腊[语文]|阿拉伯[语文]|泰[语文]|越南[语文]|"
    r"学名|英文名[称]?|外文名|原名|本名|又名|又称|简称|全称|别名|艺名|笔名|港译|台译|旧称)[：:为]?\s*([^，,；;：:（）()]{2,60})"
)
_LIFE = re.compile(rf"({_DATE})[^—–－\-~～至]{{0,6}}\s*[—–－\-~～至]+\s*({_DATE})?")
_PERSON = re.compile(
    r"人(?:物)?[，。]|家[，。、]|员|手[，。]|演员|歌手|政治|将领|皇帝|国王|作家|诗人|教授|学者|院士|导演|球员|军事|君主|贵族|大臣|官员|僧|主教|主持|出生|毕业|天皇|公主|王子|律师|医生|记者|名将|宰相"
)


def _bracket(subject: str, inside: str, rest: str) -> Iterator[Reading]:
    for match in _FOREIGN.finditer(inside):
        label, name = match.group(1), match.group(2).strip(" 《》“”")
        predicate = re.sub(r"[语文]$", "文名", label) if re.search(r"[语文]$", label) else label
        if name and not re.fullmatch(r"[\d\W]+", name):
            yield Reading(subject, predicate, name, "bracket-name", 0.9)
    plain = inside.strip()
    if re.fullmatch(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’.\- ]{2,50}", plain):
        yield Reading(subject, "外文名", plain, "bracket-name", 0.9)
    life = _LIFE.search(inside)
    person = _PERSON.search(rest[:60])
    if life is not None and (person is not None):
        yield Reading(subject, "出生日期", life.group(1), "life-dates", 0.9)
        if life.group(2):
            yield Reading(subject, "逝世日期", life.group(2), "life-dates", 0.9)
    born = re.search(rf"({_DATE})\s*(?:出生|生)(?!产)", inside)
    if life is None and born is not None:
        yield Reading(subject, "出生日期", born.group(1), "life-dates", 0.9)


# --- clauses --------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"(?:[^，,；;。！？（）()]|[（(][^（）()]*[）)]|(?<=\d),(?=\d{3}))+")


def _clauses(subject: str, rest: str, *, opening: bool) -> Iterator[Reading]:
    """Read clause after clause, as long as none of them brings a subject of its own."""
    clauses = [match.group().strip() for match in _CLAUSE.finditer(rest)]
    for position, clause in enumerate(clauses[:8]):
        found = list(_clause(subject, clause))
        if position == 0 or (opening and position == 1 and not found):
            found += _definition(subject, clause, clauses[position + 1 : position + 3], opening)
        if opening and not found and position < 3:
            found += _apposition(subject, clause)
        yield from found
        if not found and position and _new_subject(clause):
            return


def _new_subject(clause: str) -> bool:
    """Whether a clause begins with a noun of its own, so that what follows is about that."""
    found = tags(clause[:12])
    return bool(found) and found[0][1][0] in "nr" and found[0][1] != "ns" or clause.startswith("其")


_MEASURE = r"(?:一(?:个|位|种|部|座|所|名|家|款|首|本|条|支|类|套|张|颗|片|组|处|间|档|項|项|只|枚|份|艘|块|员|套|幅|场|代|门|系列|部分)|(?:一))"
_NOT_DEFINED = re.compile(
    r"否|由于|因|为了|在|以|不|没|非常|很|最[早后初]|从|被|把|对|向|当|将|可|能|会|要|我|你|他|她|这|那|"
    r"什么|如何|指的|比|跟|同|与|和|用|用来|靠|来自|属于|根据|通过|经|如|极|十分|较|所|唯一|否则|第[一二三四五]次"
)


def _definition(
    subject: str, clause: str, following: list[str], opening: bool
) -> Iterator[Reading]:
    match = re.match(r"(?:则|即|也|亦|曾|便|就)?(是|为|乃|係|系)(?:指)?(.+)", clause)
    if match is None or (match.group(1) != "是" and not opening):
        return
    said = match.group(2)
    if said.endswith(("执导", "导演", "开发", "制作", "编剧", "主演", "出版", "发行", "创作")):
        # "是由A执导，B主演的电影": the noun stands at the end of a later clause.
        said = "，".join([said, *following])
        said = said[: said.rfind("的") + 1] + re.split("，", said[said.rfind("的") + 1 :])[0]
    said = re.sub(r"[（(][^（）()]*[）)]", "", said)
    if _NOT_DEFINED.match(said) or len(said) < 2:
        return
    value = re.sub(rf"^{_MEASURE}", "", said)
    yield from _role(subject, value)
    if len(value) > 24 or value.startswith("由"):
        value = value[value.rfind("的") + 1 :] if "的" in value else ""
    if 2 <= len(value) <= 24 and _is_nominal(value):
        yield Reading(subject, "是", value, "definition", 0.85)


_ROLES = (
    "首都|首府|省会|国都|都城|作者|导演|主演|创始人|创办人|创立者|发明者|发明人|父亲|母亲|妻子|丈夫|儿子|女儿|长子|次子|弟弟|哥哥|姐姐|妹妹|"
    "校长|总统|总理|主席|市长|皇后|县城|主唱|队长|总部|母公司|子公司|前身|主角|编剧|制片人|设计师|设计者|州府|县治|吉祥物|官方语言|国花|国歌|市花|老师|学生"
)


def _role(subject: str, value: str) -> Iterator[Reading]:
    match = re.fullmatch(rf"(.{{2,12}}?)的?({_ROLES})(?:之一)?", value)
    if match is None or "之一" in value:
        return
    owner = match.group(1).strip("《》“”")
    if _is_proper(owner) or "《" in match.group(1):
        yield Reading(owner, match.group(2), subject, "role", 0.85)


def _is_nominal(text: str) -> bool:
    """Whether a stretch ends like a noun phrase and is not cut off."""
    if re.search(r"[“《「（(]", text) and not re.search(r"[”》」）)]", text):
        return False
    found = tags(text)
    word, tag = found[-1]
    if text.endswith(("之一", "者", "人", "家", "片", "剧", "书", "曲")):
        return True
    return word not in "的了着过等" and (
        tag[0] == "n" or tag in ("eng", "j", "vn", "l", "i", "s", "q", "g")
    )


def _apposition(subject: str, clause: str) -> Iterator[Reading]:
    """ "赵鹏，中国足球运动员，四川成都人": what the opening says of its topic without a verb."""
    if not 2 <= len(clause) <= 20 or clause.startswith(("字", "号", "又", "原")):
        return
    found = tags(clause)
    native = re.fullmatch(r"([\u4e00-\u9fff]{2,10}?)人", clause)
    if native is not None and found and _is_place(native.group(1)):
        yield Reading(subject, "籍贯", native.group(1), "native", 0.85)
        return
    nominal = {
        "n",
        "nr",
        "ns",
        "nt",
        "nz",
        "nrt",
        "b",
        "a",
        "j",
        "vn",
        "uj",
        "eng",
        "m",
        "q",
        "f",
        "t",
        "x",
        "c",
        "ng",
        "l",
        "an",
        "s",
        "k",
        "i",
    }
    if all(tag in nominal or word in "男女前著名" for word, tag in found) and _is_nominal(clause):
        if len(found) >= 2 and found[-1][1] in ("n", "nr", "l", "nz", "k", "ng"):
            yield Reading(subject, "是", clause, "apposition", 0.8)


def _is_place(text: str) -> bool:
    return all(
        tag in ("ns", "nz", "n", "nr", "f") or word in "省市县" for word, tag in tags(text)
    ) and any(tag == "ns" for _, tag in tags(text))


_ALIAS = re.compile(
    r"(?:又|亦|也|或|旧|古|俗|简|全|通|别|原|本|曾|前|或)?(?P<label>又名|又称|亦称|也称|简称|全称|俗称|别名|别称|原名|本名|旧称|旧名|曾用名|艺名|笔名|全名|英文名|英文|外文名|中文名|学名|暱称|昵称|绰号|昵名)"
    r"(?:称)?(?:为|是|作|叫|：|:)?[“「《\"]?(?P<name>[^，。；、（）()“”「」《》\"的是为]{2,40})[”」》\"]?(?:$|[、（(])"
)
_AT = re.compile(
    r"(?:于?"
    + _DATE
    + r")?(?P<verb>位于|坐落于|坐落在|地处|出生于|生于|毕业于|就读于|隶属于|附属于|从属于|总部位于|总部设于|总部设在|逝世于|病逝于|卒于|葬于|取材自|改编自|收录于|发源于)"
    r"(?P<place>[^，。；]{2,30})$"
)
_AT_NAMES = {
    "坐落于": "位于",
    "坐落在": "位于",
    "地处": "位于",
    "生于": "出生于",
    "总部设于": "总部位于",
    "总部设在": "总部位于",
    "病逝于": "逝世于",
}
_EVENTS = {
    "成立": "成立时间", "创立": "成立时间", "创办": "成立时间", "创建": "成立时间", "建立": "成立时间", "设立": "成立时间", "始建": "始建时间",
    "建成": "建成时间", "落成": "建成时间", "通车": "通车时间", "启用": "启用时间", "开通": "开通时间", "开业": "开业时间", "上映": "上映时间",
    "首播": "首播时间", "发行": "发行时间", "发售": "发售时间", "出版": "出版时间", "出生": "出生日期", "逝世": "逝世日期", "去世": "逝世日期",
    "病逝": "逝世日期", "开馆": "开馆时间", "开园": "开放时间", "竣工": "建成时间", "开播": "首播时间", "播出": "首播时间", "推出": "推出时间",
}  # fmt: skip
_EVENT = "|".join(_EVENTS)
_WHEN = re.compile(
    rf"(?:最早|最初)?[于在]?(?P<date>{_DATE})(?:[起在间]|正式|由[^，。]{{2,16}}|在[^，。]{{2,12}}|于[^，。]{{2,12}})?(?P<event>{_EVENT})(?![的后前人以者时地作过])"
    rf"|(?:正式)?(?P<event2>{_EVENT}|建)[于在](?P<date2>{_DATE})"
)
_QUANTITY = re.compile(
    r"(?P<what>总面积|占地面积|面积|总人口|人口|海拔|全长|总长|身高|体长|票房|建筑面积|高度)(?:为|是|约为?|达到?|大约|共|有|近|：|:)*"
    r"(?P<value>约?[\d,.]+[百千万亿]*\s?(?:多)?(?:平方公里|平方千米|平方米|公顷|公里|千米|公尺|米|厘米|公分|毫米|万人|人|亿|万|m|km|cm|元|美元|亩|km²)+)"
)
_MAKERS = (
    "执导|导演|编剧|开发|制作|出品|发行|出版|主演|领衔主演|创作|创办|创立|创建|建立|设计|撰写|编写|所著|著|作曲|作词|填词|主持|经营|营运|运营|管理|主办|"
    "演唱|主唱|监制|制造|生产|研发|研制|建造|兴建|发明|发现|提出|命名|饰演|扮演|配音|改编|连载|播出|翻译|作画|绘制|指挥|赞助|承办|推出"
)
_BY = re.compile(
    rf"由(?P<agent>[^，。；由的是]{{2,40}}?)(?:所|负责|共同|联合|合作|担任|领衔|倾情)*(?P<verb>{_MAKERS})(?=$|[的并及和而，。；、（(于]|、)"
)
_STARRING = re.compile(
    r"(?:^|和|及|、)?(?P<names>[^，。；的由]{2,40}?)(?:等人?)?(?:领衔)?(?:共同)?主演(?=$|的|，)"
)


def _clause(subject: str, clause: str) -> Iterator[Reading]:
    """The facts of one clause whose subject is known."""
    alias = _ALIAS.match(clause)
    if alias is not None and not re.search(r"[了过着]$", alias.group("name")):
        yield Reading(subject, alias.group("label"), alias.group("name").strip(), "alias", 0.9)
    at = _AT.match(clause)
    if at is not None and not re.search(r"[“《（]|之间$", at.group("place")):
        yield from _place(subject, at.group("verb"), at.group("place"))
    when = _WHEN.match(clause)
    if when is not None:
        event = when.group("event") or when.group("event2")
        date = when.group("date") or when.group("date2")
        predicate = _EVENTS.get(event, "建成时间" if event == "建" else event)
        yield Reading(subject, predicate, date, "when", 0.85)
    quantity = _QUANTITY.match(clause)
    if quantity is not None:
        yield Reading(subject, quantity.group("what"), quantity.group("value"), "quantity", 0.85)
    for by in _BY.finditer(clause):
        if by.start() and not re.search(
            r"(?:是|为|一[部个款首本张套档种]|，|^)$|\d年$|是$", clause[: by.start()]
        ):
            continue
        yield from _agents(subject, by.group("verb"), by.group("agent"), "by")


def _place(subject: str, verb: str, place: str) -> Iterator[Reading]:
    verb = _AT_NAMES.get(verb, verb)
    place = re.sub(r"^(?:现|今)", "", place)
    date = re.match(_DATE, place)
    if date is not None:
        if verb in ("出生于", "逝世于", "卒于"):
            yield Reading(
                subject, "出生日期" if verb == "出生于" else "逝世日期", date.group(), "when", 0.85
            )
        place = place[date.end() :].lstrip("在于")
    place = re.sub(rf"的?(?:一[个座所条家处].*)$|的{'.{1,12}'}$", "", place)
    if 2 <= len(place) <= 24 and verb not in ("取材自",):
        yield Reading(subject, verb, place, "at", 0.85)


def _agents(subject: str, predicate: str, agents: str, rule: str) -> Iterator[Reading]:
    agents = re.sub(r"[（(][^（）()]*[）)]", "", agents)
    for agent in re.split(r"[、与和及&/]|以及|等人?$", agents):
        agent = re.sub(
            r"^.{0,8}(?:导演|作家|编剧|演员|歌手|漫画家|公司旗下的?|小说家|建筑师|作者|制作人|音乐人)(?=[\u4e00-\u9fff·A-Za-z]{2,}$)",
            "",
            agent,
        ).strip(" “”《》「」")
        if (
            2 <= len(agent) <= 20
            and agent not in ("他", "她", "其")
            and not re.search(r"\d年|开始|同名|[于在被将]", agent)
        ):
            yield Reading(subject, predicate, agent, rule, 0.85)


_ATTRIBUTES = (
    _ROLES
    + "|面积|人口|海拔|别名|英文名|原名|全名|简称|国籍|职业|出生地|籍贯|官方网站|创刊号|所在地|行政中心|首领|代表作|代表作品|邮政编码|区号|定义|主要成分|"
    "化学式|分子式|缩写|学名|总长|全长|座右铭|校训|主题曲|片尾曲|片头曲"
)


def _attribute(subject: str, rest: str) -> Iterator[Reading]:
    match = re.match(
        rf"的({_ATTRIBUTES})(?:是|为|：|叫做?|名叫)([^，。；的]{{1,24}})(?=[，。；]|$)", rest
    )
    if match is None:
        return
    value = match.group(2).strip("《》“”「」 ")
    if value and not _NOT_DEFINED.match(value):
        yield Reading(subject, match.group(1), value, "attribute", 0.85)
