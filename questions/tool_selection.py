"""Choosing a tool without a model: where one plainly fits a request and all it needs is said.

A tool fits where a plain request (see `requests`) asks for its kind of action and speaks of what
its name or description speaks of; a small table joins Chinese and English words for common
subjects. Precision comes first: a request whose arguments cannot all be read is no call.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..notation import SEARCH_TOOL
from ..text.dates import FIGURES_WITH_SIGNS
from ..text.folding import fold
from ..text.scripts import HAN, has_cjk
from ..text.words import segmenter, stem_word, stop_words
from .arguments import read_arguments_off
from .question import Question
from .requests import Request, tool_actions
from .sums import read_sum
from .word_lists import BESIDE_A_REQUEST, SUBJECTS

ToolChoice = tuple[str, dict[str, Any]]

_LEAST_FIT = 0.7

_EMPTY = stop_words("description")


def choose_tool(
    question: Question, tools: Sequence[Mapping[str, Any]], *, tool_choice: str = "auto"
) -> ToolChoice | None:
    """The tool that plainly fits a question, with arguments read off it; None where none does.

    Args:
        question: What the user said.
        tools: Name, description and JSON schema of each; `search_knowledge` is never chosen.
        tool_choice: "none" never calls; "any" or a name drops the demand that the tool fits, but
            its required arguments must still stand in the question.
    """
    if tool_choice == "none" or not question.text.strip():
        return None
    request = question.request
    if tool_choice == "auto":
        offered = [tool for tool in tools if tool.get("name") != SEARCH_TOOL]
        return _choose_plainly(question, request, offered)
    offered = [tool for tool in tools if tool_choice in ("any", tool.get("name"))]
    offered = [tool for tool in offered if tool_choice != "any" or tool.get("name") != SEARCH_TOOL]
    fitting: list[tuple[float, int, ToolChoice]] = []
    for index, tool in enumerate(offered):
        text = question.text if request is None else request.text
        args = read_arguments_off(text, _parameters(tool), subject=_subject_words(tool))
        if args is not None:
            fit = tool_fit(question.text, tool)
            fitting.append((-fit - 0.1 * len(args), index, (str(tool["name"]), args)))
    return min(fitting, key=lambda entry: entry[:2])[2] if fitting else None


def _choose_plainly(
    question: Question, request: Request | None, tools: Sequence[Mapping[str, Any]]
) -> ToolChoice | None:
    """The one tool that a plain request, or a bare sum, asks for."""
    fitting: list[tuple[float, int, ToolChoice]] = []
    for index, tool in enumerate(tools):
        name, description = str(tool.get("name", "")), str(tool.get("description", ""))
        subject = _subject_words(tool)
        calculates = _looks_like_calculator(name, fold(description))
        written = read_sum(question.text) if calculates else None
        if written is not None and len(required := _required(tool)) == 1:
            fit, args = 2 * _LEAST_FIT, {required[0]: written}
        elif calculates and is_bare_sum(question.text):
            args = read_arguments_off(question.text, _parameters(tool), subject=subject)
            fit = 2 * _LEAST_FIT
        elif request is not None and request.actions & _wanted(tool):
            fit, args = _fit_and_arguments(request, tool, subject)
        else:
            continue
        if args is not None:
            fitting.append((-fit - 0.1 * len(args), index, (name, args)))
    fitting.sort(key=lambda entry: entry[:2])
    if len(fitting) > 1 and fitting[0][0] == fitting[1][0]:
        return None  # either might be meant
    return fitting[0][2] if fitting else None


def _fit_and_arguments(
    request: Request, tool: Mapping[str, Any], subject: frozenset[str]
) -> tuple[float, dict[str, Any] | None]:
    """How well a tool of the asked action fits, and its arguments; None where it does not.

    All that the request says must be the action, an argument, or a word for what the tool is about:
    what is left over would mean that something else, or something narrower, is asked.
    """
    about = re.sub(re.escape(request.verb), " ", request.text, count=1, flags=re.IGNORECASE)
    fit = tool_fit(about, tool)
    left: list[str] = []
    args = read_arguments_off(
        request.text, _parameters(tool), subject=subject, leaves_nothing=True, left=left
    )
    if args is None or _unexplained(left[0], request.verb, tool, subject):
        return fit, None
    # "Transfer 250 to Bob" says all without naming a thing; "Please reset" says too little.
    is_named = fit >= _LEAST_FIT or _in_description(request.text, request.verb, tool)
    return fit, args if args or is_named else None


def _unexplained(left: str, verb: str, tool: Mapping[str, Any], subject: frozenset[str]) -> bool:
    """Whether words are left that neither a tool nor its action has to do with."""
    told = fold(f"{tool.get('name', '')} {tool.get('description', '')} {_parameters(tool)}")
    own = {stem_word(word) for word in re.findall(r"[a-z]+", f"{told} {' '.join(subject)} {verb}")}
    folded = fold(left)
    heard = {
        stem_word(word) for word in re.findall(r"[a-z]+", folded) if word not in BESIDE_A_REQUEST
    }
    if heard - own:
        return True
    known = {word for word in segmenter().cut(told) if has_cjk(word) and len(word) > 1}
    for word in sorted({*known, *subject, verb, *BESIDE_A_REQUEST}, key=len, reverse=True):
        folded = folded.replace(word, " ") if has_cjk(word) else folded
    return len(re.findall(rf"[{HAN}]", folded)) > 1


def _in_description(text: str, verb: str, tool: Mapping[str, Any]) -> bool:
    """Whether a Chinese request is, verb and all, what the description calls the tool: 关机."""
    words_ = segmenter().cut(fold(str(tool.get("description", ""))))
    return any(len(word) > len(verb) and word in text for word in words_ if has_cjk(word))


def _wanted(tool: Mapping[str, Any]) -> frozenset[str]:
    """The actions that may be meant by a request for this tool."""
    actions = tool_actions(tool)
    # "Show me 5 dollars in euros" and "calculate" ask alike for what changes nothing.
    if actions & _LOOKING:
        return actions | _LOOKING
    return actions | frozenset(_name_words(str(tool.get("name", ""))))


_LOOKING = frozenset({"get", "calculate", "convert", "translate"})


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
        terms = {w for w in cut if len(w) > 1 and w not in _EMPTY}
        fit += sum(1.0 for term in terms if term in folded)
    for row in SUBJECTS:
        in_tool = [_holds(f"{name} {description}", own, word) for word in row]
        in_question = [_holds(folded, heard, word) for word in row]
        if any(in_tool) and any(in_question):
            in_name = any(_holds(name, named, word) for word in row)
            fit += 2.0 if in_name or has_cjk(description) else 1.2
    if _looks_like_calculator(name, description) and is_arithmetic(question):
        fit += 3.0
    return fit


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
    rows = [word for row in SUBJECTS if any(word in text for word in row) for word in row]
    # "Transfer 250 to Bob": the word that names the tool is no one's name.
    return frozenset(rows) | frozenset(_name_words(str(tool.get("name", ""))))


def _parameters(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: object = tool.get("parameters") or {}
    return cast("Mapping[str, Any]", schema) if isinstance(schema, dict) else {}


def _required(tool: Mapping[str, Any]) -> list[str]:
    """The required parameters that take text."""
    schema = _parameters(tool)
    properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties") or {})
    return [
        str(name)
        for name in cast("list[object]", schema.get("required") or [])
        if properties.get(str(name), {}).get("type") == "string"
    ]


def _looks_like_calculator(name: str, description: str) -> bool:
    return (
        re.search(r"calc|arithmetic|expression|计算|算术|表达式|\bmath", f"{name} {description}")
        is not None
    )


_OPERATION = re.compile(
    r"\d\s*[-+*/×÷^%]\s*[\d(（]|[加减乘除]以?\s*[\d(（]|"
    r"(?:次方|平方根?|立方|开方)|百分之|"
    r"\d\s*%\s*(?:的|of)|"
    r"\b(?:plus|minus|times|divided by|multiplied by|squared|cubed|to the power of|"
    r"square root of)\b",
    re.IGNORECASE,
)


# What may stand around a sum without asking for anything more.
_AROUND = re.compile(
    r"\b(?:please|what|is|are|['’]s|how|much|many|calculate|compute|work out|evaluate|the|result|"
    r"value|of|for|me|can|could|you|tell|equals?|sum|and|plus|minus|times|divided|multiplied|by|squared|cubed|"
    r"to|power|percent|half)\b|请|帮我|一下|计算|算出|算|求|等于|是|多少|几|结果|的|加上?|减去?|乘以?|除以?|次方|平方|"
    r"立方|百分之|得|呢|吗|啊|告诉我|你|能|可以",
    re.IGNORECASE,
)


def is_bare_sum(question: str) -> bool:
    """Whether a question is a sum and asks for nothing else.

    >>> is_bare_sum("What is 3.5% of 200?"), is_bare_sum("12 乘以 7 等于多少？")
    (True, True)
    >>> is_bare_sum("Did 12 * 7 people come?"), is_bare_sum("Who is 007?")
    (False, False)
    """
    rest = _AROUND.sub(" ", fold(question))
    return is_arithmetic(question) and re.search(r"[^\W\d_]", rest) is None


def is_arithmetic(question: str) -> bool:
    """Whether a question holds something to calculate.

    >>> is_arithmetic("12 乘以 7 等于多少？"), is_arithmetic("谁是李白")
    (True, False)
    """
    return _OPERATION.search(FIGURES_WITH_SIGNS.sub(" ", fold(question))) is not None
