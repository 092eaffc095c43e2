"""Which predicate a question asks for: its own words, and a small table of other ways to ask.

Texts name a relation once ("导演", "directed by") and questions in many ways ("谁拍的", "who
made"). The table joins them for the commonest relations; any other predicate has to be named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .text import Span, fold, has_cjk, segmenter

ValueKind = Literal["date", "other"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that questions ask for in many words.

    `predicates` are its names in facts (folded), `cue` what a question says for it (the group
    `key`, where there is one, is the decisive word), `value` the kind of object that fits.
    """

    name: str
    predicates: frozenset[str]
    cue: re.Pattern[str]
    value: ValueKind | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a predicate fits a question (0..1), and the words of the question that say so."""

    score: float
    span: Span


def _relation(name: str, predicates: str, cue: str, value: ValueKind | None = None) -> Relation:
    names = frozenset(name.strip() for name in predicates.split(","))
    return Relation(name, names, re.compile(cue, re.IGNORECASE), value)


_WHERE_ZH = (
    r"(?:哪里|哪儿|何处|何地|什么地方|哪[个座一]?[\u4e00-\u9fff]{0,2}[省市县国州镇城村]|哪国)"
)
_WHEN_ZH = r"(?:哪[一]?年|何时|什么时候|什么时间|哪[一]?天|几[月号]|何年|几几年)"

RELATIONS: tuple[Relation, ...] = (
    _relation(
        "birthplace",
        "出生地,出生地点,籍贯,祖籍,故乡,生于,出生,出生于,birthplace,place of birth,born in,born,born at,"
        "hometown,native place",
        rf"出生地|籍贯|祖籍|故乡|老家|家乡|(?P<a>出生|生)[于在]?{_WHERE_ZH}|{_WHERE_ZH}(?P<b>出生)"
        r"|\bwhere\b.*\b(?P<c>born)\b|\bbirth ?place\b|\bplace of birth\b|\bhometown\b"
        r"|\b(?P<d>born)\b (?:in|at) (?:which|what)(?! (?:year|month|date|day))\b"
        r"|\b(?:which|what) (?:city|town|country|village|state|province|place)\b.*\b(?P<e>born)\b",
        "other",
    ),
    _relation(
        "birth date",
        "出生日期,出生时间,出生年月,出生,生于,出生于,生日,生年,birth date,date of birth,born,birth year,"
        "birthday,born in,born on,birth",
        rf"出生日期|出生时间|出生年|生日|生年|诞辰|{_WHEN_ZH}[^,，]{{0,3}}(?P<a>出生|诞生|生)|(?P<b>生于|出生[于在]?){_WHEN_ZH}"
        r"|\bwhen\b.*\b(?P<c>born)\b|\b(?:birth ?date|birthday|date of birth|birth year)\b"
        r"|\b(?:which|what) (?:year|month|date|day)\b.*\b(?P<d>born)\b|\b(?P<e>born)\b (?:in|on) (?:which|what) (?:year|date|day)",
        "date",
    ),
    _relation(
        "death date",
        "逝世日期,去世日期,去世时间,逝世时间,逝世,去世,卒于,卒年,逝世于,died,death date,date of death,death,died on,died in",
        rf"(?:逝世|去世)(?:日期|时间)|卒年|{_WHEN_ZH}(?:[^,，]{{0,3}})(?P<a>逝世|去世|死|卒|牺牲|离世)|(?P<b>卒于|逝世于|死于|去世于){_WHEN_ZH}"
        r"|\bwhen\b.*\b(?P<c>die|died|death)\b|\bdate of death\b|\b(?:which|what) (?:year|date|day)\b.*\b(?P<d>die|died)\b",
        "date",
    ),
    _relation(
        "death place",
        "逝世地,去世地点,逝世地点,逝世,去世,卒于,died,place of death,died in,died at,death place",
        rf"(?:逝世|去世)地|(?P<a>逝世|去世|死|卒)[于在]{_WHERE_ZH}|{_WHERE_ZH}(?P<b>逝世|去世)"
        r"|\bwhere\b.*\b(?P<c>die|died)\b|\bplace of death\b",
        "other",
    ),
    _relation(
        "author",
        "作者,著者,作家,原作者,原著,编著,作品,代表作,代表作品,著作,主要作品,著有,writer,author,written by,wrote,"
        "works,notable works,notable work,novel by,book by,play by,poem by,memoir by,novella by,short story by",
        r"作者|谁[所]?(?:写|著|撰|创作)|(?P<a>写|著|撰写|创作)的|写[过了]|作品|代表作|著作|著有|(?P<b>写|著|创作)[于]?哪"
        r"|\bwho (?:wrote|writes|penned)\b|\bauthor(?:ed|s)?\b|\bwritten by\b|\bwriter of\b|\bwrote\b|\b(?P<c>write)\b|\bworks? (?:of|by)\b",
    ),
    _relation(
        "director",
        "导演,执导,总导演,执导作品,导演作品,director,directed by,directed,film by",
        r"导演|执导|谁拍|(?P<a>拍)的|\bdirect(?:ed|or|ors|s)?\b|\bfilmmaker\b",
    ),
    _relation(
        "screenwriter",
        "编剧,剧本,screenwriter,screenplay by,screenplay,written by,writer",
        r"编剧|剧本|\bscreen ?(?:writer|play)s?\b|\bwritten by\b|\bwho wrote\b|\bscript\b",
    ),
    _relation(
        "producer",
        "制片人,制片,监制,出品人,制作人,制作,producer,produced by,produced",
        r"制片|监制|出品|制作|\bproduc(?:ed|er|ers|es)\b",
    ),
    _relation(
        "starring",
        "主演,演员,领衔主演,主要演员,演出,饰演,参演,starring,stars,cast,actors,featuring",
        r"主演|演员|谁演|(?:出|饰|参)演|演过|扮演|\bstarr?(?:ed|ing|s)?\b|\bcast\b|\bact(?:or|ors|ress|ed)\b|\bplayed?\b",
    ),
    _relation(
        "publisher",
        "出版社,出版商,发行商,发行,出版,发行人,发行方,唱片公司,publisher,published by,distributor,distributed by,"
        "released by,record label,label",
        r"出版社|出版商|发行商|发行方|发行公司|唱片公司|谁(?:出版|发行)|(?P<a>发行|出版)的"
        r"|\bpublish(?:er|ed by)\b|\bwho published\b|\bdistribut(?:or|ed)\b|\brecord label\b|\blabel\b",
        "other",
    ),
    _relation(
        "release date",
        "上映时间,上映日期,首播,首播时间,发行时间,发行日期,发售日期,出版时间,出版日期,上映,发行,发售,出版,播出时间,"
        "release date,released,published,premiered,released on,first published,publication date",
        rf"(?:上映|首播|发行|发售|出版|播出|推出)(?:时间|日期|年份)|{_WHEN_ZH}[^,，]{{0,3}}(?P<a>上映|首播|发行|发售|出版|播出|推出)"
        rf"|(?P<b>上映|首播|发行|发售|出版|播出|推出)[于]?{_WHEN_ZH}"
        r"|\b(?:when|what year|which year|year)\b.*\b(?P<c>released?|published|come out|came out|premiered?|air(?:ed)?)\b|\brelease date\b",
        "date",
    ),
    _relation(
        "developer",
        "开发商,开发者,开发,研发,制作商,研制,developer,developed by,developed",
        r"开发|研发|研制|\bdevelop(?:ed|er|ers|s)?\b",
    ),
    _relation(
        "founder",
        "创始人,创办人,创立者,创建者,创建人,创办,创立,建立者,founder,founded by,created by,creator,established by,co-founder",
        r"创始人|创办人|创立者|创建者|创建人|谁(?:创办|创立|创建|建立|成立)|(?P<a>创办|创立|创建|建立|成立)的(?!时|年|日)"
        r"|\bfounders?\b|\bwho (?:co-)?(?:founded|created|established|started)\b|\b(?:founded|created|established) by\b|\bcreators?\b",
        "other",
    ),
    _relation(
        "founding date",
        "成立时间,成立日期,创办时间,创立时间,建立时间,成立,成立于,创办,创立,建于,始建于,创建时间,建立,建造时间,founded,established,formed,"
        "founding date,created,built,date founded,founded in,established in,formed in,opened",
        rf"(?:成立|创办|创立|建立|建造|创建|始建|落成|建成)(?:时间|日期|年份)|{_WHEN_ZH}[^,，]{{0,3}}(?P<a>成立|创办|创立|建立|创建|建成|始建|建造|建)"
        rf"|(?P<b>成立|创办|创立|建立|创建|建成|始建|建)[于]?{_WHEN_ZH}"
        r"|\b(?:when|what year|which year)\b.*\b(?P<c>founded|established|formed|created|built|opened|started)\b",
        "date",
    ),
    _relation(
        "capital",
        "首都,首府,省会,都城,国都,capital,capital city,capital of",
        r"首都|首府|省会|都城|国都|\bcapital\b",
    ),
    _relation(
        "location",
        "位于,所在地,地点,地理位置,位置,地址,总部,总部地点,总部位于,所在城市,所在,坐落于,所属地区,location,located in,"
        "headquarters,based in,place,situated in,address,city,located at,headquartered in,country,所属国家,国家,州,县",
        rf"位于|所在地|地理位置|坐落|地址|总部|在{_WHERE_ZH}|属于?{_WHERE_ZH}|{_WHERE_ZH}的?$"
        r"|\blocat(?:ed|ion)\b|\bheadquarter(?:s|ed)\b|\bsituated\b|^where (?:is|are|was|were)\b|\bbased\b|\baddress\b"
        r"|\b(?:in|what|which) (?:which |what )?(?:country|city|state|county|province)\b",
        "other",
    ),
    _relation(
        "nationality",
        "国籍,国家,所属国家,nationality,country,citizenship,country of citizenship,country of origin,nation",
        r"国籍|哪国|哪[个一]国家|什么国家|\bnationality\b|\bcitizenship\b|\b(?:which|what) (?:country|nation)\b|\bcountry\b",
    ),
    _relation(
        "dynasty",
        "朝代,所处时代,年代,时代,所属朝代,dynasty,era,period",
        r"朝代|哪[个一]?(?:朝|时代|年代)|什么(?:时代|年代)|\bdynasty\b|\bera\b",
    ),
    _relation(
        "occupation",
        "职业,身份,职务,工作,头衔,职位,司职,occupation,profession,job,position,title",
        r"职业|身份|职务|职位|做什么工作|从事什么|干什么的|做什么的|司职|\boccupation\b|\bprofession\b|\bjob\b"
        r"|\bwhat (?:does|did)\b.*\b(?P<a>do)\b(?: for| as|$|\?)|\bposition\b",
    ),
    _relation(
        "alias",
        "又名,别名,别称,原名,本名,又称,亦称,简称,全称,英文名,英文,外文名,中文名,外文名称,字,号,笔名,艺名,全名,曾用名,日文名,俗称,"
        "alias,also known as,born as,full name,real name,birth name,nickname,aka,abbreviation,formerly,stage name,other name",
        r"又[名称叫]|别[名称]|原名|本名|亦称|简称|全称|(?:英文|外文|中文|日文)名?|笔名|艺名|全名|曾用名|俗称|叫什么|真名"
        r"|什么字|的字|的号|\balias\b|\balso (?:known|called)\b|\b(?:full|real|birth|nick|stage|original|other) ?name\b"
        r"|\babbreviat|\bstand for\b|\bformerly\b|\bknown as\b",
    ),
    _relation(
        "spouse",
        "妻子,丈夫,配偶,夫人,老婆,老公,夫妻,spouse,wife,husband,married,partner,married to",
        r"妻|丈夫|配偶|夫人|老婆|老公|夫妻|娶|嫁|结婚|\bspouse\b|\bwife\b|\bhusband\b|\bmarr(?:y|ied)\b",
    ),
    _relation(
        "father", "父亲,爸爸,父,生父,father,son of", r"父亲|爸|生父|谁的(?:儿子|女儿)|\bfather\b|\bdad\b"
    ),
    _relation("mother", "母亲,妈妈,母,生母,mother", r"母亲|妈|生母|\bmother\b|\bmom\b"),
    _relation(
        "child",
        "儿子,女儿,子女,孩子,长子,次子,长女,children,child,son,daughter",
        r"儿子|女儿|子女|孩子|\bchild(?:ren)?\b|\bsons?\b|\bdaughters?\b|\bkids?\b",
    ),
    _relation(
        "sibling",
        "兄弟,弟弟,哥哥,姐姐,妹妹,兄弟姐妹,sibling,brother,sister,siblings",
        r"兄弟|弟弟|哥哥|姐姐|妹妹|姐妹|\bsiblings?\b|\bbrothers?\b|\bsisters?\b",
    ),
    _relation(
        "school",
        "毕业院校,毕业学校,母校,学校,学历,毕业于,就读于,教育,alma mater,education,educated at,school,university,graduated from",
        r"毕业|母校|就读|上的?什么?(?:大学|学校)|哪所|\balma mater\b|\beducat(?:ed|ion)\b|\bgraduat|\bstud(?:y|ied)\b|\battend|\bwent to school\b",
    ),
    _relation(
        "genre",
        "类型,体裁,题材,类别,风格,曲风,流派,genre,type,kind,genres,style",
        r"类型|体裁|题材|类别|风格|曲风|流派|什么类的?|\bgenres?\b|\b(?:what|which) (?:type|kind|style) of\b",
    ),
    _relation(
        "population",
        "人口,人口数量,总人口,常住人口,population",
        r"人口|多少人|\bpopulation\b|\bhow many people\b",
    ),
    _relation(
        "area",
        "面积,占地面积,总面积,area,total area,size",
        r"面积|多大|\barea\b|\bhow (?:big|large)\b|\bsize\b",
    ),
    _relation("height", "身高,高度,海拔,height,elevation,altitude", r"多高|身高|高度|海拔|\bhow (?:tall|high)\b|\bheight\b|\belevation\b|\baltitude\b"),
    _relation("length", "长度,全长,总长,时长,片长,length,duration,running time", r"多长|长度|全长|总长|时长|片长|\bhow long\b|\blength\b|\bduration\b|\brunning time\b"),
    _relation("language", "语言,语种,官方语言,对白语言,language,official language,languages", r"语言|语种|什么语|\blanguages?\b"),
    _relation("price", "价格,售价,票价,费用,门票,price,cost,fee,ticket price", r"多少钱|价格|售价|票价|费用|门票|\bprice\b|\bcost\b|\bhow much\b|\bfee\b"),
    _relation("team", "所属球队,球队,效力,所属队伍,效力于,team,plays for,club,current team,member of", r"球队|效力|哪[个支]队|\bteam\b|\bclub\b|\bplays? for\b"),
    _relation("inventor", "发明者,发明人,发现者,提出者,设计师,设计者,设计,inventor,invented by,discovered by,discoverer,designed by,designer,architect", r"发明|发现|谁提出|设计|\binvent|\bdiscover|\bdesign|\barchitect\b"),
    _relation("singer", "歌手,原唱,演唱者,演唱,主唱,singer,performer,album by,song by,single by,ep by,performed by,recorded by,sung by,artist", r"歌手|原唱|演唱|谁唱|唱的|主唱|\bsingers?\b|\bsang\b|\bsung\b|\bperform(?:ed|er)\b|\brecorded by\b|\bartist\b|\bwho sings\b"),
    _relation("composer", "作曲,作曲者,作曲家,曲作者,composer,music by,composed by", r"作曲|谱曲|配乐|\bcompos(?:er|ed)\b|\bmusic by\b"),
    _relation("lyricist", "作词,填词,词作者,lyricist,lyrics by", r"作词|填词|\blyric"),
    _relation("leader", "领导人,总统,主席,校长,市长,总经理,首席执行官,董事长,院长,负责人,leader,president,ceo,mayor,chairman,head", r"领导人|总统|主席|校长|市长|总经理|首席执行官|董事长|院长|负责人|\bleader\b|\bpresident\b|\bceo\b|\bmayor\b|\bchair(?:man|person)?\b"),
    _relation("symptom", "症状,临床表现,典型症状,symptom,symptoms", r"症状|表现|\bsymptoms?\b"),
    _relation("treatment", "治疗,治疗方法,治疗方案,药物,treatment,drug,medication,therapy", r"怎么治|治疗|吃什么药|用什么药|药物|\btreat|\bdrugs?\b|\bmedications?\b|\btherapy\b"),
    _relation("cause", "病因,原因,发病原因,cause,causes", r"病因|原因|为什么|怎么引起|\bcauses?\b|\bwhy\b"),
)  # fmt: skip


@cache
def _relations_by_predicate() -> Mapping[str, tuple[Relation, ...]]:
    found: dict[str, tuple[Relation, ...]] = {}
    for relation in RELATIONS:
        for predicate in relation.predicates:
            found[predicate] = (*found.get(predicate, ()), relation)
    return found


def plain_predicate(predicate: str) -> str:
    """A predicate as the table and the matching see it.

    >>> plain_predicate("Place_of_Birth"), plain_predicate("的作者"), plain_predicate("is directed by")
    ('place of birth', '作者', 'directed by')
    """
    plain = re.sub(r"[\s_:：]+", " ", fold(predicate)).strip()
    if has_cjk(plain):
        return plain.replace(" ", "").removeprefix("的").removesuffix("是") or plain
    return re.sub(r"^(?:is|are|was|were|has|have|the|a|an) (?=\w)", "", plain)


_DATE = re.compile(
    r"\d{1,4} ?年|\d+世纪|\d+月\d*日?|世纪|公元|\b\d{3,4}s?\b|\d{4}[-/.]\d|\b(?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december)\b|\bcentury\b|\bb\.?c\b|前\d+",
    re.IGNORECASE,
)


def is_date(value: str) -> bool:
    """Whether a fact's object reads like a point in time.

    >>> is_date("1037年"), is_date("May 5, 1813"), is_date("眉山")
    (True, True, False)
    """
    return _DATE.search(value) is not None


def asked_relations(question: str) -> list[tuple[Relation, Span]]:
    """The relations of the table that a question (names blanked out) asks for, with their words."""
    found: list[tuple[Relation, Span]] = []
    for relation in RELATIONS:
        match = relation.cue.search(question)
        if match is not None:
            found.append((relation, _key_span(match)))
    return found


def _key_span(match: re.Match[str]) -> Span:
    for name in match.groupdict():
        if match.group(name):
            return Span(*match.span(name))
    return Span(*match.span())


def predicate_fit(
    predicate: str, object_: str, question: str, asked: list[tuple[Relation, Span]]
) -> Fit | None:
    """How well a fact's predicate fits a question whose names are blanked out; None where not.

    Args:
        predicate: The fact's predicate.
        object_: The fact's object; its kind must be what the question asks for.
        question: The folded question, the names in it blanked out.
        asked: `asked_relations(question)`.
    """
    plain = plain_predicate(predicate)
    relations = _relations_by_predicate().get(plain, ())
    for relation, span in asked:
        if relation in relations and _value_fits(relation, object_):
            return Fit(0.9, span)
    # The predicate is also the name of a relation asked otherwise: "born" with "where" is not a date.
    if any(relation.value is not None for relation in relations) and any(
        relation.value is not None and plain in relation.predicates for relation, _ in asked
    ):
        return None
    return _literal_fit(plain, question)


def _value_fits(relation: Relation, object_: str) -> bool:
    if relation.value is None:
        return True
    return is_date(fold(object_)) == (relation.value == "date")


_WEAK_WORDS = frozenset(
    "时间 日期 地点 名称 类型 主要 数量 情况 所属 人物 内容 信息 相关 是否 目前 方式 方法 代表 中文 有 是 为 在 "
    "the a an of in on at by to for is are was were be as and or with from has have had it its this that "
    "name date type number first main also who what when where which how does did do".split()
)


def _literal_fit(plain: str, question: str) -> Fit | None:
    """Whether the question names the predicate itself, wholly or for the greater part."""
    if has_cjk(plain):
        return _literal_fit_chinese(plain, question)
    wanted = [_stem(word) for word in re.findall(r"[^\W\d_]+", plain) if word not in _WEAK_WORDS]
    if not wanted:
        return None
    heard = {
        _stem(match.group()): Span(*match.span()) for match in re.finditer(r"[^\W\d_]+", question)
    }
    matched = [heard[word] for word in wanted if word in heard]
    if len(matched) * 2 <= len(wanted):
        return None
    return Fit(0.95 if len(matched) == len(wanted) else 0.6, matched[0])


def _literal_fit_chinese(plain: str, question: str) -> Fit | None:
    if len(plain) >= 2 and plain not in _WEAK_WORDS:
        position = question.find(plain)
        if position >= 0:
            return Fit(0.95, Span(position, position + len(plain)))
    if len(plain) < 4:
        return None
    parts = [word for word in segmenter().cut(plain) if len(word) > 1 and word not in _WEAK_WORDS]
    matched = [word for word in parts if word in question]
    if not matched or 2 * len("".join(matched)) < len(plain):
        return None
    position = question.find(matched[0])
    return Fit(0.6, Span(position, position + len(matched[0])))


def _stem(word: str) -> str:
    """An English word without its commonest endings, so that "located" meets "location"."""
    for ending in ("ations", "ation", "ions", "ion", "ing", "ers", "ed", "er", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_GENERAL = re.compile(
    r"请|一下|介绍|简介|简述|概述|谈谈|说说|讲讲|告诉我|什么是|是什么|谁是|是谁|是什么人|何人|何许人也|怎么样|的?(?:资料|信息|情况|背景|生平|定义|意思)"
    r"|什么样?的?|人物|关于|有关|我想?(?:了解|知道)|了解|知道|\b(?:please|tell me|tell us|about|who|what|is|was|are|were|describe|description|overview|"
    r"introduce|introduction|information|summary|summari[sz]e|give|me|us|an?|the|of|on|do you know|define|definition|meaning|explain|mean|does)\b"
)


def is_general(question: str) -> bool:
    """Whether a question (names blanked out) asks about its subject in general.

    >>> is_general("介绍一下  "), is_general("who was   ?"), is_general("who directed  ?")
    (True, True, False)
    """
    rest = re.sub(r"[\W_]+|[吗呢的了吧啊是]", "", _GENERAL.sub(" ", question))
    return len(rest) <= (1 if has_cjk(rest) else 0)
