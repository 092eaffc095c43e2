"""Key-value lines and Markdown tables: where they stand in a text, and the facts they state."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..relations import PREDICATE_NAMES, RELATIONS, plain_predicate
from ..text.folding import fold
from ..text.markup import without_markup
from ..text.scripts import has_cjk
from ..text.spans import Span
from .readings import Reading


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text and where it begins."""

    text: str
    start: int

    @property
    def span(self) -> Span:
        """The line without the blanks around it."""
        lead = len(self.text) - len(self.text.lstrip())
        return Span(self.start + lead, self.start + len(self.text.rstrip()))


def split_lines(text: str) -> list[Line]:
    """The lines of a text."""
    found: list[Line] = []
    start = 0
    for piece in text.split("\n"):
        found.append(Line(piece, start))
        start += len(piece) + 1
    return found


# --- key-value lines ------------------------------------------------------------------------------

_PAIR = re.compile(
    r"\s*(?:[-*•·]\s+)?(?:\*\*|__)?(?P<key>[^\s：:|，。,.!?！？；;/\"'‘“”<>{}\[\]=][^：:|，。,"
    r"!?！？；;\"“”<>{}\[\]=\n]{0,30}?)(?:\*\*|__)?\s*(?:：|:(?=\s|[^\x00-\x7f]|\*))\s*(?:\*\*|"
    r"__)?\s*(?P<value>\S.{0,160}?)\s*$"
)
_LONGEST_PAIR = 400
_LONGEST_ROW = 4_000
_NO_KEY = frozenset(
    "注 注意 注释 例 例如 备注 提示 问 答 图 表 来源 参考 参见 如 即 说明 警告 摘要 关键词 note "
    "notes warning example e.g. i.e. "
    "http https figure table source see tip q a todo hint ps p.s. caution error update "
    "edit reply re fw from to cc date".split()
)
_SUBJECT_KEYS = frozenset(
    "名称 姓名 名字 标题 中文名 中文名称 主体 实体 书名 片名 公司名称 产品名称 name title "
    "full name".split()
) | {"full name", "product name", "company name"}
_LISTED_KEYS = frozenset(
    {
        "starring",
        "child",
        "sibling",
        "producer",
        "screenwriter",
        "director",
        "author",
        "founder",
        "alias",
    }
)
_KNOWN_KEYS = PREDICATE_NAMES | _SUBJECT_KEYS


# A value that is a sentence says more than its key asks.
_SAID = re.compile(
    r"^(?:\S+ ){7,}\S+\.$|\b(?:[Ww]e|[Yy]ou|I)(?:'ve|'re|'ll)?\s|"
    r"^(?:It|This|These)\b|"
    r"^(?:请|将|把|使用|运行|点击|打开|如果)|^(?=.{20}).*[\u4e00-\u9fff]，"
)
# The type of an argument is no fact of its name.
_TYPE = re.compile(
    r"(?:int|str|string|bool|boolean|float|dict|list|tuple|set|bytes|callable|object|None|True|False)\b"
    r"(?:\[[\w, ]*\])?(?:(?: or|,) \w+)*,?"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value on one line."""

    key: str
    value: str
    span: Span
    listed: bool  # whether the line is an item of a list


def _pair(line: Line) -> Pair | None:
    if len(line.text) > _LONGEST_PAIR:
        return None
    match = _PAIR.match(line.text)
    if match is None:
        return None
    key, value = match.group("key").strip(" *"), match.group("value").strip(" *")
    long = len(key) > 12 if has_cjk(key) else len(key.split()) > 4
    if long or fold(key) in _NO_KEY or not re.search(r"[^\W\d_]", key) or re.match(r"//", value):
        return None
    if re.search(r"[。！？；!?]|\.\s", value) or value.endswith(("：", ":")):
        return None
    known = plain_predicate(key) in _KNOWN_KEYS
    if (_SAID.search(value) and not known) or _TYPE.fullmatch(value):
        return None
    return Pair(key, value, line.span, line.text.lstrip()[:1] in "-*•·")


def pairs_at(lines: list[Line], position: int) -> list[Pair]:
    """The run of lines with a key and a value that begins here."""
    pairs: list[Pair] = []
    for line in lines[position:]:
        pair = _pair(line)
        if pair is None:
            break
        pairs.append(pair)
    return pairs


def are_facts(pairs: list[Pair]) -> bool:
    """Whether such a run states facts: a known key, or at least three keys that all differ."""
    known = any(plain_predicate(pair.key) in _KNOWN_KEYS for pair in pairs)
    distinct = len({pair.key for pair in pairs}) == len(pairs)
    # Without a known key, lines with a colon may as well be a conversation.
    return known or (len(pairs) >= 3 and distinct)


def record_keys(lines: list[Line]) -> set[str]:
    """The keys that begin more than one block: the blocks are records, as rows of a file are."""
    firsts: Counter[str] = Counter()
    for before, line in zip([Line("", 0), *lines], lines, strict=False):
        if not before.text.strip() and (pair := _pair(line)) is not None:
            firsts[pair.key] += 1
    return {key for key, count in firsts.items() if count > 1}


def read_pairs(pairs: list[Pair], topic: str, *, record: bool) -> Iterator[tuple[Reading, Span]]:
    """The facts of a run; a record is about its first value, another run about the topic."""
    by_key = {fold(pair.key): pair.value for pair in pairs}
    if {"subject", "predicate", "object"} <= by_key.keys():
        said = (by_key["subject"], by_key["predicate"], by_key["object"])
        span = Span(pairs[0].span.start, pairs[-1].span.end)
        yield Reading(*said, "record", 0.95), span
        return
    named = [pair for pair in pairs if fold(pair.key) in _SUBJECT_KEYS]
    if named and named[0].listed and named[0].key.isupper():
        return  # "- NAME: what the row is called": a list of columns explains names, it gives none
    subject = named[0].value if named and (named[0] is pairs[0] or not topic) else topic
    if record and not named:
        subject = pairs[0].value if re.search(r"[^\W\d_]", pairs[0].value) else ""
    for pair in pairs:
        if len(named) > 1 and pair in named:
            subject = pair.value  # several records, one after the other
        if not subject or pair.value == subject:
            continue
        for value in _values(pair.key, pair.value):
            yield Reading(subject, pair.key, value, "key-value", 0.95), pair.span


def _values(key: str, value: str) -> list[str]:
    """The value, cut up where the key is one that takes several."""
    plain = plain_predicate(key)
    listed = any(
        plain in relation.predicates for relation in RELATIONS if relation.name in _LISTED_KEYS
    )
    if not listed:
        return [value]
    mark = r"[、；;/]|，" if has_cjk(value) else r",\s|;\s?| and "
    return [part.strip() for part in re.split(mark, value) if part.strip()]


# --- tables ---------------------------------------------------------------------------------------


def table_at(lines: list[Line], position: int) -> list[Line]:
    """The lines of a Markdown table that begins here."""
    if position + 2 >= len(lines) or "|" not in lines[position].text[:_LONGEST_ROW]:
        return []
    ruled = _body(lines[position + 1]).split("|")
    if not all(re.fullmatch(r":?-{2,}:?", cell.strip()) for cell in ruled):
        return []
    rows = lines[position : position + 2]
    for line in lines[position + 2 :]:
        if "|" not in line.text or len(line.text) > _LONGEST_ROW:
            break
        rows.append(line)
    return rows


def _body(line: Line) -> str:
    return line.text.strip().removeprefix("|").removesuffix("|")


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a cell says, and where it stands."""

    text: str
    span: Span


def _cells(line: Line) -> list[_Cell]:
    start = line.start + len(line.text) - len(line.text.lstrip())
    start += line.text.lstrip().startswith("|")
    cells: list[_Cell] = []
    for piece in re.split(r"(?<!\\)\|", _body(line)):
        bare = piece.strip()
        at = start + len(piece) - len(piece.lstrip())
        span = Span(at, at + len(bare)) if bare else line.span
        text = without_markup(piece).replace("`", "").replace("\\|", "|").strip(" *")
        cells.append(_Cell(text, span))
        start += len(piece) + 1
    return cells


_KEY_COLUMNS = frozenset(
    "属性 项目 字段 参数 名称 项 key field property attribute item parameter".split()
)
_VALUE_COLUMNS = frozenset("值 内容 说明 数据 参数值 value description content data".split())
_NUMBER_COLUMNS = frozenset("序号 编号 # no no. number id 备注 notes note".split())


_COLUMNS = _VALUE_COLUMNS | frozenset(
    "类型 默认 默认值 必填 单位 示例 类别 type default required unit example version kind".split()
)
_FEATURES = frozenset("特性 功能 特点 指标 feature features capability metric aspect".split())
_LITERAL = re.compile(r"true|false|none|null|yes|no|是|否|\(.*\)", re.IGNORECASE)
_NOTHING = frozenset(("", "-", "—", "–", "/", "N/A", "n/a", "无"))


def read_table(rows: list[Line], topic: str) -> Iterator[tuple[Reading, Span]]:
    """The facts of a table: of its first column, or of the topic in a table of properties.

    The span of each is that of the cell that holds its object.

    A row whose first cell stands in another row as well, with more than one cell beside it, is told
    apart by those cells; so its first cell alone names nothing, and it gives no fact.
    """
    plain = [cell.text for cell in _cells(rows[0])]
    header = [fold(cell) for cell in plain]
    body = [_cells(line) for line in rows[2:]]
    if (
        len(header) == 2
        and (header[0] in _KEY_COLUMNS or not header[0])
        and (header[1] in _VALUE_COLUMNS or not header[1])
    ):
        for cells in body:
            if topic and len(cells) == 2 and cells[0].text:
                yield Reading(topic, cells[0].text, cells[1].text, "table", 0.95), cells[1].span
        return
    for columns in _groups(header):
        yield from _read_columns(columns, plain, body)


def _groups(header: list[str]) -> list[range]:
    """The columns of a table, in parts where it goes on beside itself ("tag, name, tag, name")."""
    width = next(
        (
            size
            for size in range(2, len(header) // 2 + 1)
            if len(header) % size == 0 and header == header[:size] * (len(header) // size)
        ),
        len(header),
    )
    return [range(start, start + width) for start in range(0, len(header), width)]


def _read_columns(
    columns: range, names: list[str], body: list[list[_Cell]]
) -> Iterator[tuple[Reading, Span]]:
    header = [fold(names[column]) for column in columns]
    first = columns[1] if header[0] in _NUMBER_COLUMNS and len(header) > 2 else columns[0]
    rows = [cells for cells in body if len(cells) == len(names)]
    keys = Counter(cells[first].text for cells in rows)
    compares = _compares(names[first], [names[column] for column in columns[1:]], list(keys))
    if not header[0] and len(header) > 2 and not compares:
        return  # nothing tells whether the rows or the columns are what it is about
    for cells in rows:
        key = cells[first].text
        if key in _NOTHING or not re.search(r"[^\W\d_]", key) or _LITERAL.fullmatch(key):
            continue
        if keys[key] > 1 and len(header) > 2:
            continue
        for column in columns[first - columns[0] + 1 :]:
            if fold(names[column]) in _NUMBER_COLUMNS or cells[column].text in _NOTHING:
                continue
            subject, predicate = (names[column], key) if compares else (key, names[column])
            said = Reading(subject, predicate, cells[column].text, "table", 0.95)
            yield said, cells[column].span


def _compares(first: str, others: list[str], keys: list[str]) -> bool:
    """Whether a table sets features beside what has them: each column is about its heading then."""
    if _COLUMNS & {fold(name) for name in others}:
        return False
    if fold(first) in _FEATURES:
        return True
    # Names in Latin letters over Chinese features: the columns are about what they name.
    named = [re.search(r"[A-Z]", name) and not has_cjk(name) for name in others]
    told = [has_cjk(key) and not re.search(r"[A-Z]", key) for key in keys]
    return len(others) > 1 and all(named) and 2 * sum(told) >= len(told)
