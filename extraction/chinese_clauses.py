"""Rules for a Chinese clause of a known subject: other names, places, dates, makers, careers."""

import re
from collections.abc import Iterator

from ..text.dates import DATE_ZH as DATE
from ..text.scripts import HAN
from .chinese_names import is_nominal
from .readings import Reading

_ALIAS = re.compile(
    r"(?P<label>又名|又称|又叫|亦称|亦名|也称|简称|全称|俗称|俗名|别名|别称|原名|本名|旧称|旧名|"
    r"曾用名|艺名|笔名|全名"
    r"|英文名|英文|外文名|中文名|学名|昵称|绰号|英文简称|英文缩写|缩写)"
    r"(?:称)?(?:为|是|作|做|叫|：|:)?(?P<names>[^，。；（）()是为]{2,60})(?:（[^（）]*）|\([^()]*\))?$"
)


def split_aliases(text: str) -> Iterator[str]:
    """The names in "欧蓍、千叶蓍或锯草", each alone."""
    for name in re.split(r"[、/]|或(?:者|称)?|及|以及", text):
        name = name.strip(" “”「」《》\"'")
        if 2 <= len(name) <= 24 and not re.search(r"[的了过着]|等$|^(?:等|其|和)", name):
            yield name


_AT = re.compile(
    rf"(?:于?{DATE})?(?P<verb>位于|坐落于|坐落在|地处|出生于|生于|毕业于|就读于|隶属于|附属于|"
    rf"从属于|"
    r"总部位于|总部设于|总部设在|逝世于|病逝于|卒于|葬于|取材自|改编自|收录于|发源于)"
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
    "成立": "成立时间",
    "创立": "成立时间",
    "创办": "成立时间",
    "创建": "成立时间",
    "建立": "成立时间",
    "设立": "成立时间",
    "始建": "始建时间",
    "建成": "建成时间",
    "落成": "建成时间",
    "通车": "通车时间",
    "启用": "启用时间",
    "开通": "开通时间",
    "开业": "开业时间",
    "上映": "上映时间",
    "首播": "首播时间",
    "发行": "发行时间",
    "发售": "发售时间",
    "出版": "出版时间",
    "出生": "出生日期",
    "逝世": "逝世日期",
    "去世": "逝世日期",
    "病逝": "逝世日期",
    "开馆": "开馆时间",
    "开园": "开放时间",
    "竣工": "建成时间",
    "开播": "首播时间",
    "播出": "首播时间",
    "推出": "推出时间",
}
_EVENT = "|".join(_EVENTS)
_WHEN = re.compile(
    rf"(?:最早|最初)?[于在]?(?P<date>{DATE})(?:[起在间]|正式|由[^，。]{{2,16}}|在[^，。]{{2,12}}|"
    rf"于[^，。]{{2,12}})?(?P<event>{_EVENT})(?=$|[、（(于在并及和至])"
    rf"|(?:正式)?(?P<event2>{_EVENT}|建)[于在](?P<date2>{DATE})"
)
_QUANTITY = re.compile(
    r"(?P<what>总面积|占地面积|面积|总人口|人口|海拔|全长|总长|身高|体长|票房|建筑面积|高度)(?:为|"
    r"是|约为?|达到?|大约|共|有|近|：|:)*+"
    r"(?P<value>约?[\d,.]+[百千万亿]*\s?(?:多)?(?:平方公里|平方千米|平方米|公顷|公里|千米|公尺|米|"
    r"厘米|公分|毫米|万人|人|亿|万|m|km|cm|元|美元|亩|km²)++)"
)
_MAKERS = (
    "执导|导演|编剧|开发|制作|出品|发行|出版|主演|领衔主演|创作|创办|创立|创建|建立|设计|撰写|"
    "编写|所著|著|作曲|作词|填词|主持|经营|营运|运营|管理|主办|"
    "演唱|主唱|监制|制造|生产|研发|研制|建造|兴建|发明|发现|提出|命名|饰演|扮演|配音|连载|播出|"
    "翻译|作画|绘制|指挥|赞助|承办|推出"
)
_BY = re.compile(
    rf"由(?P<agent>[^，。；由的是]{{2,40}}?)(?:所|负责|共同|联合|合作|担任|领衔|"
    rf"倾情)*(?P<verb>{_MAKERS})(?=$|[的并及和而，。；、（(于]|、)"
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
    when = _WHEN.match(clause)
    if when is not None:
        event = when.group("event") or when.group("event2")
        date = when.group("date") or when.group("date2")
        predicate = _EVENTS.get(event, "建成时间" if event == "建" else event)
        yield Reading(subject, predicate, date, "when", 0.85)
    quantity = _QUANTITY.match(clause)
    if quantity is not None:
        yield Reading(subject, quantity.group("what"), quantity.group("value"), "quantity", 0.85)
    graduate = re.fullmatch(
        rf"([{HAN}]{{2,16}}(?:大学|学院|学校|系|中学|专业|班|高中))毕业", clause
    )
    if graduate is not None and not re.search(r"[于在从]", graduate.group(1)):
        yield Reading(subject, "毕业于", graduate.group(1), "career", 0.85)
    if at is None and when is None:
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
    r"(?P<verb>加盟|加入|转投|转会至|转会到|签约|考入|升入|就读|任教于|当选为?|出任|担任|升任|"
    r"改任|现任|曾任|兼任|历任|移居|定居|师从|拜师|"
    r"效力于?|执教|司职|荣获|曾获|获得|获颁|夺得|赢得|分布[于在]|栖息[于在]|生活[于在]|嫁给|迎娶|"
    r"出生在|隶属|属于|取代|主修|进入|迁居)"
    r"(?:了|过)?(?P<what>[^，。；]{2,22})$"
)
_CAREER_NAMES = {
    "加盟": "加入",
    "转投": "加入",
    "转会至": "加入",
    "转会到": "加入",
    "进入": "加入",
    "升入": "考入",
    "荣获": "获得",
    "曾获": "获得",
    "获颁": "获得",
    "夺得": "获得",
    "赢得": "获得",
    "出生在": "出生于",
    "当选": "当选",
    "当选为": "当选",
    "效力": "效力于",
    "隶属": "隶属于",
    "分布在": "分布于",
    "栖息在": "栖息于",
    "生活在": "生活于",
    "出任": "担任",
    "升任": "担任",
    "改任": "担任",
    "兼任": "担任",
}
_PRIZE = re.compile(
    r"(?:奖|奖项|冠军|亚军|季军|金牌|银牌|铜牌|奖章|勋章|称号|学位|荣誉|第[一二三]名|奖牌|影帝|"
    r"影后|殊荣)$"
)


def _career(subject: str, clause: str) -> Iterator[Reading]:
    """What someone became, joined, won; where something lives or belongs."""
    match = _CAREER.match(clause)
    if match is None:
        return
    verb = _CAREER_NAMES.get(match.group("verb"), match.group("verb"))
    what = match.group("what").strip("“”「」《》 ")
    if re.search(
        r"^(?:于|在|到|过|了|自|以|的|其|与|和)|[的了等时后前中着]$|由于|因|一起|为|他|她|进行|"
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
    verb = _AT_NAMES.get(verb, verb)
    place = re.sub(r"^(?:现|今)", "", place)
    date = re.match(DATE, place)
    if date is not None:
        if verb in ("出生于", "逝世于", "卒于"):
            yield Reading(
                subject, "出生日期" if verb == "出生于" else "逝世日期", date.group(), "when", 0.85
            )
        place = place[date.end() :].lstrip("在于")
    place = re.sub(r"的?(?:一[个座所条家处].*)$|的[^界间]{1,12}$", "", place)
    if 2 <= len(place) <= 24 and verb not in ("取材自",):
        yield Reading(subject, verb, place, "at", 0.85)


def _agents(subject: str, predicate: str, agents: str, rule: str) -> Iterator[Reading]:
    agents = re.sub(r"[（(][^（）()]*[）)]", "", agents)
    for agent in re.split(r"[、与和及&/]|以及|等人?$", agents):
        agent = re.sub(
            r"^.{0,8}(?:导演|作家|编剧|演员|歌手|漫画家|公司旗下的?|小说家|建筑师|作者|制作人|"
            rf"音乐人)(?=[{HAN}·A-Za-z]{{2,}}$)",
            "",
            agent,
        ).strip(" “”《》「」")
        if (
            2 <= len(agent) <= 20
            and agent not in ("他", "她", "其")
            and not re.search(r"\d年|开始|同名|[于在被将]", agent)
        ):
            yield Reading(subject, predicate, agent, rule, 0.85)
