"""The commonest relations: what facts call them, and what questions say for them."""

import re
from dataclasses import dataclass
from typing import Literal

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
        "出生地,出生地点,籍贯,祖籍,故乡,生于,出生,出生于,birthplace,place of birth,born in,born,"
        "born at,"
        "hometown,native place",
        rf"出生地|籍贯|祖籍|故乡|老家|家乡|(?P<a>出生|生)[于在]?{_WHERE_ZH}|{_WHERE_ZH}(?P<b>出生)"
        r"|\bwhere\b.*\b(?P<c>born)\b|\bbirth ?place\b|\bplace of birth\b|\bhometown\b"
        r"|\b(?P<d>born)\b (?:in|at) (?:which|what)(?! (?:year|month|date|day))\b"
        r"|\b(?:which|what) (?:city|town|country|village|state|province|place)\b.*\b(?P<e>born)\b",
        "other",
    ),
    _relation(
        "birth date",
        "出生日期,出生时间,出生年月,出生,生于,出生于,生日,生年,birth date,date of birth,born,"
        "birth year,"
        "birthday,born in,born on,birth",
        rf"出生日期|出生时间|出生年|生日|生年|诞辰|{_WHEN_ZH}[^,，]{{0,3}}(?P<a>出生|诞生|生)|"
        rf"(?P<b>生于|出生[于在]?){_WHEN_ZH}"
        r"|\bwhen\b.*\b(?P<c>born)\b|\b(?:birth ?date|birthday|date of birth|birth year)\b"
        r"|\b(?:which|what) (?:year|month|date|day)\b.*\b(?P<d>born)\b|\b(?P<e>born)\b (?:in|on) "
        r"(?:which|what) (?:year|date|day)",
        "date",
    ),
    _relation(
        "death date",
        "逝世日期,去世日期,去世时间,逝世时间,逝世,去世,卒于,卒年,逝世于,died,death date,date of "
        "death,death,died on,died in",
        rf"(?:逝世|去世)(?:日期|时间)|卒年|{_WHEN_ZH}(?:[^,，]{{0,3}})(?P<a>逝世|去世|死|卒|牺牲|"
        rf"离世)|(?P<b>卒于|逝世于|死于|"
        rf"去世于){_WHEN_ZH}"
        r"|\bwhen\b.*\b(?P<c>die|died|death)\b|\bdate of death\b|\b(?:which|what) (?:year|date|"
        r"day)\b.*\b(?P<d>die|died)\b",
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
        "作者,著者,作家,原作者,原著,编著,作品,代表作,代表作品,著作,主要作品,著有,writer,author,"
        "written by,wrote,"
        "works,notable works,notable work,novel by,book by,play by,poem by,memoir by,novella by,"
        "short story by",
        r"作者|谁[所]?(?:写|著|撰|创作)|(?P<a>写|著|撰写|创作)的|写[过了]|作品|代表作|著作|著有|"
        r"(?P<b>写|著|创作)[于]?哪"
        r"|\bwho (?:wrote|writes|penned)\b|\bauthor(?:ed|s)?\b|\bwritten by\b|\bwriter of\b|"
        r"\bwrote\b|\b(?P<c>write)\b|\bworks? (?:of|by)\b",
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
        r"主演|演员|谁演|(?:出|饰|参)演|演过|扮演|\bstarr?(?:ed|ing|s)?\b|\bcast\b|\bact(?:or|ors|"
        r"ress|ed)\b|"
        r"\bplayed?\b",
    ),
    _relation(
        "publisher",
        "出版社,出版商,发行商,发行,出版,发行人,发行方,唱片公司,publisher,published by,distributor,"
        "distributed by,"
        "released by,record label,label",
        r"出版社|出版商|发行商|发行方|发行公司|唱片公司|谁(?:出版|发行)|(?P<a>发行|出版)的"
        r"|\bpublish(?:er|ed by)\b|\bwho published\b|\bdistribut(?:or|ed)\b|\brecord label\b|"
        r"\blabel\b",
        "other",
    ),
    _relation(
        "release date",
        "上映时间,上映日期,首播,首播时间,发行时间,发行日期,发售日期,出版时间,出版日期,上映,发行,"
        "发售,出版,播出时间,"
        "release date,released,published,premiered,released on,first published,publication date",
        rf"(?:上映|首播|发行|发售|出版|播出|推出)(?:时间|日期|年份)|{_WHEN_ZH}[^,"
        rf"，]{{0,3}}(?P<a>上映|首播|发行|发售|出版|播出|推出)"
        rf"|(?P<b>上映|首播|发行|发售|出版|播出|推出)[于]?{_WHEN_ZH}"
        r"|\b(?:when|what year|which year|year)\b.*\b(?P<c>released?|published|come out|came out|"
        r"premiered?|air(?:ed)?)\b|\brelease date\b",
        "date",
    ),
    _relation(
        "developer",
        "开发商,开发者,开发,研发,制作商,研制,developer,developed by,developed",
        r"开发|研发|研制|\bdevelop(?:ed|er|ers|s)?\b",
    ),
    _relation(
        "founder",
        "创始人,创办人,创立者,创建者,创建人,创办,创立,建立者,founder,founded by,created by,"
        "creator,established by,"
        "co-founder",
        r"创始人|创办人|创立者|创建者|创建人|谁(?:创办|创立|创建|建立|成立)|(?P<a>创办|创立|创建|"
        r"建立|成立)的(?!时|年|日)"
        r"|\bfounders?\b|\bwho (?:co-)?(?:founded|created|established|started)\b|\b(?:founded|"
        r"created|established) by\b|\bcreators?\b",
        "other",
    ),
    _relation(
        "founding date",
        "成立时间,成立日期,创办时间,创立时间,建立时间,成立,成立于,创办,创立,建于,始建于,创建时间,"
        "建立,建造时间,founded,established,formed,"
        "founding date,created,built,date founded,founded in,established in,formed in,opened",
        rf"(?:成立|创办|创立|建立|建造|创建|始建|落成|建成)(?:时间|日期|年份)|{_WHEN_ZH}[^,"
        rf"，]{{0,3}}(?P<a>成立|创办|创立|建立|创建|"
        rf"建成|始建|建造|建)"
        rf"|(?P<b>成立|创办|创立|建立|创建|建成|始建|建)[于]?{_WHEN_ZH}"
        r"|\b(?:when|what year|which year)\b.*\b(?P<c>founded|established|formed|created|built|"
        r"opened|started)\b",
        "date",
    ),
    _relation(
        "capital",
        "首都,首府,省会,都城,国都,capital,capital city,capital of",
        r"首都|首府|省会|都城|国都|\bcapital\b",
    ),
    _relation(
        "location",
        "位于,所在地,地点,地理位置,位置,地址,总部,总部地点,总部位于,所在城市,所在,坐落于,所属地区,"
        "location,located in,"
        "headquarters,based in,place,situated in,address,city,located at,headquartered in,"
        "country,所属国家,国家,州,县",
        rf"位于|所在地|地理位置|坐落|地址|总部|在{_WHERE_ZH}|属于?{_WHERE_ZH}|{_WHERE_ZH}的?$"
        r"|\blocat(?:ed|ion)\b|\bheadquarter(?:s|ed)\b|\bsituated\b|^where (?:is|are|was|were)\b|"
        r"\bbased\b|\baddress\b"
        r"|\b(?:in|what|which) (?:which |what )?(?:country|city|state|county|province)\b",
        "other",
    ),
    _relation(
        "nationality",
        "国籍,国家,所属国家,nationality,country,citizenship,country of citizenship,country of "
        "origin,"
        "nation",
        r"国籍|哪国|哪[个一]国家|什么国家|\bnationality\b|\bcitizenship\b|\b(?:which|what) "
        r"(?:country|"
        r"nation)\b|\bcountry\b",
    ),
    _relation(
        "dynasty",
        "朝代,所处时代,年代,时代,所属朝代,dynasty,era,period",
        r"朝代|哪[个一]?(?:朝|时代|年代)|什么(?:时代|年代)|\bdynasty\b|\bera\b",
    ),
    _relation(
        "occupation",
        "职业,身份,职务,工作,头衔,职位,occupation,profession,job,position,title",
        r"职业|身份|职务|职位|做什么工作|从事什么|干什么的|做什么的|司职|\boccupation\b|"
        r"\bprofession\b|\bjob\b"
        r"|\bwhat (?:does|did)\b.*\b(?P<a>do)\b(?: for| as|$|\?)|\bposition\b",
    ),
    _relation(
        "alias",
        "又名,别名,别称,原名,本名,又称,亦称,简称,全称,英文名,英文,外文名,中文名,外文名称,字,号,"
        "笔名,艺名,全名,曾用名,日文名,俗称,"
        "alias,also known as,born as,full name,real name,birth name,nickname,aka,abbreviation,"
        "formerly,stage name,other name",
        r"又[名称叫]|别[名称]|原名|本名|亦称|简称|全称|(?:英文|外文|中文|日文)名?|笔名|艺名|全名|"
        r"曾用名|俗称|(?:又|也|还|亦)被?(?:叫|称)|^\W*叫做?什么|真名"
        r"|什么字|的字|的号|\balias\b|\balso (?:known|called)\b|\b(?:full|real|birth|nick|stage|"
        r"original|"
        r"other) ?name\b"
        r"|\babbreviat|\bstand for\b|\bformerly\b|\bknown as\b",
    ),
    _relation(
        "spouse",
        "妻子,丈夫,配偶,夫人,老婆,老公,夫妻,spouse,wife,husband,married,partner,married to",
        r"妻|丈夫|配偶|夫人|老婆|老公|夫妻|娶|嫁|结婚|\bspouse\b|\bwife\b|\bhusband\b|\bmarr(?:y|"
        r"ied)\b",
    ),
    _relation(
        "father",
        "父亲,爸爸,父,生父,father,son of",
        r"父亲|爸|生父|谁的(?:儿子|女儿)|\bfather\b|\bdad\b",
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
        "毕业院校,毕业学校,母校,学校,学历,毕业于,就读于,教育,alma mater,education,educated at,"
        "school,university,"
        "graduated from",
        r"毕业|母校|就读|上的?什么?(?:大学|学校)|哪所|\balma mater\b|\beducat(?:ed|ion)\b|"
        r"\bgraduat|\bstud(?:y|"
        r"ied)\b|\battend|\bwent to school\b",
    ),
    _relation(
        "genre",
        "类型,体裁,题材,类别,风格,曲风,流派,genre,type,kind,genres,style",
        r"类型|体裁|题材|类别|风格|曲风|流派|什么类的?|\bgenres?\b|\b(?:what|which) (?:type|kind|"
        r"style) of\b",
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
    _relation(
        "height",
        "身高,高度,海拔,height,elevation,altitude",
        r"多高|身高|高度|海拔|\bhow (?:tall|high)\b|\bheight\b|\belevation\b|\baltitude\b",
    ),
    _relation(
        "length",
        "长度,全长,总长,时长,片长,length,duration,running time",
        r"多长|长度|全长|总长|时长|片长|\bhow long\b|\blength\b|\bduration\b|\brunning time\b",
    ),
    _relation(
        "language",
        "语言,语种,官方语言,对白语言,language,official language,languages",
        r"语言|语种|什么语|\blanguages?\b",
    ),
    _relation(
        "price",
        "价格,售价,票价,费用,门票,price,cost,fee,ticket price",
        r"多少钱|价格|售价|票价|费用|门票|\bprice\b|\bcost\b|\bhow much\b|\bfee\b",
    ),
    _relation(
        "team",
        "所属球队,球队,效力,所属队伍,效力于,team,plays for,club,current team,member of",
        r"球队|效力|哪[个支]队|\bteam\b|\bclub\b|\bplays? for\b",
    ),
    _relation(
        "inventor",
        "发明者,发明人,发现者,提出者,设计师,设计者,设计,inventor,invented by,discovered by,"
        "discoverer,designed by,designer,architect",
        r"发明|发现|谁提出|设计|\binvent|\bdiscover|\bdesign|\barchitect\b",
    ),
    _relation(
        "singer",
        "歌手,原唱,演唱者,演唱,主唱,singer,performer,album by,song by,single by,ep by,performed "
        "by,recorded by,sung by,artist",
        r"歌手|原唱|演唱|谁唱|唱的|主唱|\bsingers?\b|\bsang\b|\bsung\b|\bperform(?:ed|er)\b|"
        r"\brecorded by\b|\bartist\b|\bwho sings\b",
    ),
    _relation(
        "composer",
        "作曲,作曲者,作曲家,曲作者,composer,music by,composed by",
        r"作曲|谱曲|配乐|\bcompos(?:er|ed)\b|\bmusic by\b",
    ),
    _relation("lyricist", "作词,填词,词作者,lyricist,lyrics by", r"作词|填词|\blyric"),
    _relation(
        "leader",
        "领导人,总统,主席,校长,市长,总经理,首席执行官,董事长,院长,负责人,leader,president,ceo,"
        "mayor,chairman,head",
        r"领导人|总统|主席|校长|市长|总经理|首席执行官|董事长|院长|负责人|\bleader\b|"
        r"\bpresident\b|\bceo\b|\bmayor\b|\bchair(?:man|person)?\b",
    ),
    _relation("symptom", "症状,临床表现,典型症状,symptom,symptoms", r"症状|表现|\bsymptoms?\b"),
    _relation(
        "treatment",
        "治疗,治疗方法,治疗方案,药物,treatment,drug,medication,therapy",
        r"怎么治|治疗|吃什么药|用什么药|药物|\btreat|\bdrugs?\b|\bmedications?\b|\btherapy\b",
    ),
    _relation(
        "cause", "病因,原因,发病原因,cause,causes", r"病因|原因|为什么|怎么引起|\bcauses?\b|\bwhy\b"
    ),
)

#: Every name that a relation of the table has in facts.
PREDICATE_NAMES = frozenset(name for relation in RELATIONS for name in relation.predicates)
