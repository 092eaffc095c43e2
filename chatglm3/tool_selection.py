"""Choosing a tool without a model: where one plainly fits and its arguments can be read off.

A tool fits where the question speaks of what its name or description speaks of; a small table
joins Chinese and English words for common subjects. Precision comes first: a question whose
arguments cannot all be read is no call.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..text import fold, has_cjk, segmenter
from .arguments import read_arguments_off
from .sentence_selection import stem_word

ToolChoice = tuple[str, dict[str, Any]]

_LEAST_FIT = 2.0

# Words of one subject in both languages; a tool and a question meet where they share a row.
_SUBJECTS: Sequence[Sequence[str]] = tuple(
    row.split()
    for row in (
        "weather 天气 气温 温度 forecast temperature 下雨 rain raining sunny umbrella 带伞 冷 热 晴",
        "stock 股票 股价 shares ticker 股份",
        "currency exchange convert conversion 汇率 兑换 换算 换成 货币 美元 欧元 日元 英镑 折合 usd eur jpy",
        "remind reminder 提醒 alarm 闹钟",
        "translate translation 翻译 译成 翻成",
        "calculate calculator arithmetic 计算 算 等于 compute 表达式",
        "email mail 邮件 邮箱 e-mail",
        "flight flights 航班 机票 飞机",
        "hotel hotels 酒店 宾馆 旅馆 room 客房",
        "train trains 火车 高铁 车次 列车",
        "restaurant restaurants 餐厅 饭店 餐馆 table",
        "time clock timezone 时间 几点 时区",
        "date calendar 日期 日历 星期 weekday",
        "distance 距离 多远 far",
        "route directions navigate 路线 导航 怎么走",
        "news headlines 新闻 头条",
        "music song songs play 音乐 歌曲 播放 放一首",
        "order orders 订单 parcel shipment tracking 快递 物流 包裹",
        "price 价格 多少钱 cost",
        "movie movies film 电影 影片",
        "book booking reserve reservation 预订 预约 订",
        "length unit units 单位 公里 英里 厘米 kilometers miles",
        "weight kilograms pounds 公斤 磅 体重 bmi",
        "light lights lamp 灯 开灯 关灯 brightness 亮度",
        "message sms text send 短信 消息 发送 发给",
        "user account 用户 账户 账号 balance 余额",
        "password passwords 密码",
        "random dice 随机 骰子",
        "count number words length 字数 统计",
        "meeting event schedule appointment 会议 日程 安排",
        "search lookup find 搜索 查找 查询",
        "air quality aqi 空气 质量 污染 pm2.5",
        "interest loan mortgage 利息 贷款 房贷",
        "tax 税 个税 税款",
        "holiday holidays 节假日 假期 放假",
        "dictionary define definition 词典 定义 释义",
        "population 人口",
        "phone call dial 电话 拨打",
    )
)

# Words that stand in every description and tell nothing.
_EMPTY = frozenset(
    "a an the of in on at to for from by with and or is are be this that it its get set return returns "
    "given current currently specific specified value values name string number a tool function use used "
    "using user's which what when where who how will can you your please me my i do does into as than per "
    "info information data result results if any all one two provide provides find search lookup query"
    .split()
)  # fmt: skip


def choose_tool(
    question: str, tools: Sequence[Mapping[str, Any]], *, tool_choice: str = "auto"
) -> ToolChoice | None:
    """The tool that plainly fits a question, with arguments read off it; None where none does.

    Args:
        question: What the user said.
        tools: Name, description and JSON schema of each; `search_knowledge` is never chosen.
        tool_choice: "none" never calls; "any" or a name drops the demand that the tool fits, but
            its required arguments must still stand in the question.
    """
    if tool_choice == "none" or not question.strip():
        return None
    if tool_choice == "auto" and not is_plain_request(question):
        return None
    offered = [tool for tool in tools if tool.get("name") != "search_knowledge"]
    if tool_choice not in ("auto", "any"):
        offered = [tool for tool in tools if tool.get("name") == tool_choice]
    least = _LEAST_FIT if tool_choice == "auto" else 0.0
    fitting: list[tuple[float, int, ToolChoice]] = []
    for index, tool in enumerate(offered):
        fit = tool_fit(question, tool)
        if fit < least:
            continue
        args = read_arguments_off(question, _parameters(tool), subject=_subject_words(tool))
        if args is None:
            continue
        fitting.append((-fit - 0.1 * len(args), index, (str(tool["name"]), args)))
    return min(fitting, key=lambda entry: entry[:2])[2] if fitting else None


# Under these nothing is asked to be done: negation, condition, questions for reasons, ways, people,
# times, rules, and what is told of the past. "How much" and "how many" may ask a tool.
_NO_REQUEST = re.compile(
    r"\b(?:not|never|no|nobody|nothing|none|neither|nor|without|avoid|stop|refuse[ds]?)\b|n['’]t\b|"
    r"\b(?:if|unless|whether|suppose|supposing|imagine|why|who|whom|whose|when|which|should|must)\b|"
    r"\bhow\b(?!\s+(?:much|many|far|long|hot|cold|warm)\b)|"
    r"\b(?:what\s+(?:if|happens|happened|does|did)|policy|procedure|requirements?|said|says|told|asked|did)\b|"
    r"\b(?:yesterday|ago|already|last\s+(?:night|week|month|year))\b|^\s*(?:i|we|they|he|she|it)\s+\w+ed\b|"
    r"昨[天日晚]|前天|上周|上个?月|去年|刚[才刚]|了[。.！!]?\s*$|不|别(?!墅|名|人)|没有|没能|未|勿|禁止|避免|无需|无须|取消了|如果|假如|要是|倘若|万一|假设|是否|会不会|"
    r"为什么|为何|怎么(?!样)|怎样|如何|谁|何时|什么时候|哪年|多久|手续|流程|条件|规定|政策|原因|说过|曾经|曾|已经|过吗",
    re.IGNORECASE,
)


def is_plain_request(question: str) -> bool:
    """Whether a question may ask for something to be done, and does not only speak of it.

    >>> is_plain_request("Please reset my password."), is_plain_request("帮我取消订单 A1234")
    (True, True)
    >>> is_plain_request("Don't delete user 5"), is_plain_request("取消订单 A1234 需要什么手续？")
    (False, False)
    """
    quoted = re.sub(r"[\"“「『《]([^\"”」』》]*)[\"”」』》]", " ", question)
    return _NO_REQUEST.search(quoted) is None


def tool_fit(question: str, tool: Mapping[str, Any]) -> float:
    """How plainly a question speaks of what a tool is for; 2 and more is plain."""
    folded = fold(question)
    heard = _word_stems(folded)
    name = " ".join(_name_words(str(tool.get("name", ""))))
    description = fold(str(tool.get("description", "")))
    own = _word_stems(f"{name} {description}")
    named = _word_stems(name)
    fit = sum(1.6 if word in named else 0.7 for word in heard & own)
    if has_cjk(description):
        cut = (w for w in segmenter().cut(description) if has_cjk(w))  # English words: see above
        terms = {w for w in cut if len(w) > 1 and w not in _PLAIN_ZH}
        fit += sum(1.0 for term in terms if term in folded)
    for row in _SUBJECTS:
        in_tool = [_holds(f"{name} {description}", own, word) for word in row]
        in_question = [_holds(folded, heard, word) for word in row]
        if any(in_tool) and any(in_question):
            in_name = any(_holds(name, named, word) for word in row)
            fit += 2.0 if in_name or has_cjk(description) else 1.2
    if _looks_like_calculator(name, description) and is_arithmetic(question):
        fit += 3.0
    return fit


_PLAIN_ZH = frozenset(
    "查询 获取 返回 指定 给定 根据 当前 一个 两个 用户 信息 数据 结果 工具 函数 使用 可以 名称 用于 进行 某个".split()
)


def _holds(text: str, stems: frozenset[str], word: str) -> bool:
    if has_cjk(word):
        return word in text
    return stem_word(word) in stems


def _word_stems(text: str) -> frozenset[str]:
    found = re.findall(r"[a-z][a-z']+", text)
    return frozenset(stem_word(word) for word in found if word not in _EMPTY)


def _name_words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word and word not in _EMPTY]


def _subject_words(tool: Mapping[str, Any]) -> frozenset[str]:
    text = fold(f"{tool.get('name', '')} {tool.get('description', '')}")
    rows = [word for row in _SUBJECTS if any(word in text for word in row) for word in row]
    # "Transfer 250 to Bob": the word that names the tool is no one's name.
    return frozenset(rows) | frozenset(_name_words(str(tool.get("name", ""))))


def _parameters(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: object = tool.get("parameters") or {}
    return cast("Mapping[str, Any]", schema) if isinstance(schema, dict) else {}


def _looks_like_calculator(name: str, description: str) -> bool:
    return (
        re.search(r"calc|arithmetic|expression|计算|算术|表达式|\bmath", f"{name} {description}")
        is not None
    )


_OPERATION = re.compile(
    r"\d\s*[-+*/×÷^%]\s*[\d(（]|[加减乘除]以?\s*[\d(（]|(?:次方|平方根?|立方|开方)|百分之|\d\s*%\s*(?:的|of)|"
    r"\b(?:plus|minus|times|divided by|multiplied by|squared|cubed|to the power of|square root of)\b",
    re.IGNORECASE,
)


# Dates and telephone numbers are written with signs, but are no sums.
_DATE = re.compile(r"\d{2,4}[-/]\d{1,2}[-/]\d{1,4}|\d{3,}(?:-\d{3,})+")


def is_arithmetic(question: str) -> bool:
    """Whether a question holds something to calculate.

    >>> is_arithmetic("12 乘以 7 等于多少？"), is_arithmetic("What is 3.5% of 200?"), is_arithmetic("谁是李白")
    (True, True, False)
    """
    return _OPERATION.search(_DATE.sub(" ", fold(question))) is not None
