"""What a sentence asserts, apart from what it denies, supposes, asks, quotes or only passes on.

Patterns over words, not understanding: where one of them stands in doubt, nothing counts as
asserted. Words in capitals inside an English sentence are names ("Never Let Me Go") and deny
nothing; neither does what stands in 《》, nor the title of the text.
"""

import re
from collections.abc import Sequence

from .text.scripts import Language, language
from .text.spans import Span

# Behind one of these the rest of a sentence says what is not, or what might be.
_DENIED = {
    "en": re.compile(
        r"\b(?:not(?!-| only\b| just\b| merely\b)|never|nor|neither|nobody|nothing|none|cannot|"
        r"hardly|no(?!\. ?\d)|without|rather than|instead of|except|unlike|fail(?:s|ed) to|"
        r"den(?:y|ies|ied)|refus(?:e|es|ed)|reject(?:s|ed)|false(?:ly)?|wrong(?:ly)?|"
        r"mistaken(?:ly)?|erroneous(?:ly)?|untrue|incorrect(?:ly)?|perhaps|maybe|possibly|"
        r"probably|presumably|"
        r"may|might|could|would|should|ought to|(?:was|were|is|are) to(?= (?:be|have)\b)|"
        r"suppos(?:e|ed|es|ing)|intended to|planned to|hop(?:ed|es) to|almost|nearly)\b|"
        r"n['’]t\b|"
        r"^(?:Not|Never|Nor|Neither|Nobody|None|Nothing|No|Perhaps|Maybe|Possibly|Without|Contrary|"
        r"Instead|Rather|Had|Were|Should|Would|Could|Might|May(?! \d))\b"
    ),
    "zh": re.compile(
        r"并非|绝非|决非|而非|非(?=[是为属])|从未|从来不|从不|未曾|尚未|并未|未能|未必|没有|"
        r"(?<![沉淹埋吞出覆湮])没(?!落|收|药|食子|石)|(?<![前])未(?!来|央|名|婚|成年|知|遂|羊)|"
        r"不(?!仅|但|过|久|断|少|同|丹|列颠|动[产佛明]|锈|只|论|管|朽|惑|明|详|等|可思议|老|倒翁|二|夜城|"
        r"单|法|莱梅|眠|良|测|韦|远|时|一|定|满|足|幸|已|止)|(?:并|毫|均|绝|皆|全)无|无(?:法|关|子|需|须|一|权|从)|"
        r"否认|拒绝|避免|禁止|误认|误以为|误传|错误地|可能|或许|也许|大概|恐怕|似乎|好像|仿佛|"
        r"原定|原计划|本应|本该|险些|差点|打算|试图|企图|希望|有望|拟(?=由|于|在|建)|计划(?=由|在|于|将)"
    ),
}
# A sentence with one of these asserts nothing of its own.
_REPORTED = {
    "en": re.compile(
        r"\b(?:claims?|claimed|claiming|alleg(?:e|es|ed|edly|ations?)|reportedly|supposedly|"
        r"purported(?:ly)?|rumou?r(?:s|ed)?|say|says|said|saying|believ(?:e|es|ed)|think|thinks|"
        r"thought (?:to|that)|assum(?:e|es|ed)|suspect(?:s|ed)?|speculat(?:e|es|ed|ion)|"
        r"legend has it|(?:myth|hoax) that|imagin(?:e|es|ed)|pretend(?:s|ed)?|jok(?:e|es|ed)|"
        r"dream(?:s|ed|t)|"
        r"(?:wrote|writes|state[sd]?|argue[sd]?|suggest(?:s|ed)?|insist(?:s|ed)?|report(?:s|ed)?|"
        r"announce[sd]?|predict(?:s|ed)?|declare[sd]?|told \w+|asks?|asked|wonder(?:s|ed)?) "
        r"(?:that|if|whether|who|what|where|when)|considered to|so-called|if|unless|whether|"
        r"untrue|(?:is|was|are|were|be) (?:false|wrong|mistaken|incorrect)|just kidding|"
        r"in (?:her|his|a|the|my) dream|what if|as though|wish(?:es|ed)?)\b|"
        r"\b[Aa]ccording to (?!the (?:\w+ ){0,3}(?:census|survey|bureau|statistics|estimates?)|"
        r"(?:census|data|estimates)|\d)|"
        r"^(?:If|Unless|Whether|Suppose|Supposing|Imagine|Assuming|Allegedly|Reportedly|Supposedly|"
        r"Legend|Rumou?rs?)\b"
    ),
    "zh": re.compile(
        r"据说|据传|据称|据信|传说|相传|传闻|谣传|谣言|传言|有人说|有人认为|有说法|有观点|一说|号称|"
        r"声称|自称|宣称|谎称|假称|妄称|诈称|所谓|疑似|被认为|认为|以为|民间(?:认为|有|流传|普遍)|相信|猜测|推测|怀疑|"
        r"(?:他|她|我|人们?|网友|媒体|专家|学者|记者|作者|老师|朋友|报道|报纸|新闻)们?说|(?<![来的以般])说[：:，,“]|"
        r"错误的|不属实|不实|假的|误传|讹传|虚假|子虚乌有|纯属|表示|指出|传出|假如|如果|假设|假使|(?<!主)(?<!重)要是|倘若|倘使|倘|(?:^|[，,；;])若(?!干|望|昂|尔|泽|阿|虚)|"
        r"万一|除非|一旦|即使|即便|哪怕|假若|设想|想象|梦见|是否|是不是|能否|会不会|难道|莫非|何曾"
    ),
}
_ASKED = re.compile(r"[?？][\"”’」』)）\s]*$|[吗么呢][。.！!\s]*$|^(?:请问|谁|什么|哪|为什么|怎么)")
_CUT = {
    "en": re.compile(
        r"[,;:–—]|\s-\s| (?:and (?=(?:is|was|are|were|has|had|it|he|she|they)\b)|"
        r"(?:which|who|that|but|although|though|while|whereas|because)\b)"
    ),
    "zh": re.compile(r"[，,；;：:]"),
}
_TITLES = re.compile(r"《[^《》]*》")
_VERBS = {
    "en": re.compile(r"\b(?:is|was|are|were|has|had|have|will|does|did)\b"),
    "zh": re.compile(r"是|叫做|位于|[，。！？；,!?;]"),
}
_QUOTED = re.compile(r"[“「『\"]([^“”「」『』\"]*)[”」』\"]?")
_MARKS = {"“": 1, "「": 1, "『": 1, "”": -1, "」": -1, "』": -1}


def asserted_part(sentence: str, topic: str = "") -> str:
    """The part of a sentence that it asserts, from its beginning; empty where there is none.

    >>> asserted_part("Dune is a novel by Frank Herbert, never directed by anyone.")
    'Dune is a novel by Frank Herbert'
    >>> asserted_part("The capital of France is Berlin, claims nobody.")
    ''
    >>> asserted_part("李白不是四川人。"), asserted_part("李白是诗人，并非画家。")
    ('', '李白是诗人')
    """
    lang = language(sentence)
    seen = _without_names(sentence, topic)
    if _ASKED.search(seen) or _REPORTED[lang].search(seen) or _quotes_a_clause(seen, lang):
        return ""
    denied = _DENIED[lang].search(seen)
    if denied is None:
        return sentence
    cuts = [match.start() for match in _CUT[lang].finditer(seen, 0, denied.start() + 1)]
    cuts = [cut for cut in cuts if not _in_brackets(seen, cut)]
    return sentence[: cuts[-1]] if cuts else ""


def denies(sentence: str, topic: str = "") -> bool:
    """Whether a sentence holds a denial.

    >>> denies("It was never directed by Jodorowsky."), denies("It was directed by Lynch.")
    (True, False)
    """
    return _DENIED[language(sentence)].search(_without_names(sentence, topic)) is not None


def quoted_sentences(text: str, places: Sequence[Span]) -> frozenset[int]:
    """Which of the sentences of a text begin inside a quotation, by their place in the list."""
    inside: set[int] = set()
    straight = text.count('"') % 2 == 0  # else one of them is no quotation mark
    depth, is_open, position = 0, False, 0
    for number, place in enumerate(places):
        for character in text[position : place.start]:
            depth = max(0, depth + _MARKS.get(character, 0))
            is_open ^= straight and character == '"'
        position = place.start
        if depth or is_open:
            inside.add(number)
    return frozenset(inside)


def _without_names(sentence: str, topic: str) -> str:
    """The sentence with titles and its topic blanked out; the length stays."""
    seen = _TITLES.sub(lambda match: "书" * len(match.group()), sentence)
    return seen.replace(topic, "X" * len(topic)) if len(topic) > 1 else seen


def _quotes_a_clause(sentence: str, lang: Language) -> bool:
    for match in _QUOTED.finditer(sentence):
        inside = match.group(1).strip()
        long = len(inside) >= 5 if lang == "zh" else len(inside.split()) >= 3
        if long and _VERBS[lang].search(inside):
            return True
    return False


def _in_brackets(text: str, position: int) -> bool:
    before = text[:position]
    return before.count("(") + before.count("（") > before.count(")") + before.count("）")
