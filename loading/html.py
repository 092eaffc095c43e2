"""HTML to readable text: title, headings, paragraphs, lists and tables, one line each."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .encodings import decode_declared
from .extracted import table_text
from .options import ReadingOptions
from .parts import Part, plain_lines, text_of

_DROPPED = (
    *("script", "style", "noscript", "template", "svg", "iframe", "object", "nav", "footer"),
    *("button", "select", "textarea", "input"),
)
_BLOCKS = frozenset(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption "
    "figure form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot "
    "th thead title tr ul".split()
)
_IN_LAYOUT = "ol, h1, h2, h3, h4, h5, h6, p + p + p + p"
_BLANK = "\x1e"  # a line that stays blank, between the rows of a long table; a page holds none
_LONGEST_CELL = 600
_MOST_SPAN = 100
#: Deeper than this, elements only hold text: a parser's time grows with the square of the depth.
MAX_NESTING = 200
_DEEP = f"elements nested deeper than {MAX_NESTING} were read as plain text"

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
# Their end is often left out, so that they say nothing about the depth, or they have none.
_NOT_COUNTED = frozenset(
    "p li dt dd tr td th tbody thead tfoot option optgroup rb rt rp html head body colgroup "
    "caption br hr img input meta link area base col embed source track wbr param".split()
)


def read_html(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The text of a page, with its title."""
    bounded, is_deep = bound_nesting(_decoded(data, options))
    title, body = html_to_text(bounded)
    yield Part(body, title, note=_DEEP if is_deep else "")


_DECLARED = re.compile(rb"(?:charset|encoding)[ \t]*=[ \t]*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_HEAD = 2_048  # bytes in which a page names its encoding


def _decoded(data: bytes, options: ReadingOptions) -> str:
    declared = None if options.encoding else _DECLARED.search(data[:_HEAD])
    if declared is None:
        return text_of(data, options.encoding)
    return plain_lines(decode_declared(data, declared[1].decode("ascii", "replace")))


def html_to_text(html: str, *, headed: bool = False) -> tuple[str, str]:
    r"""The title of a page and its text.

    Args:
        html: The page.
        headed: Whether the first row of every table is its header; else only one of `th` cells.

    >>> html_to_text("<title>T</title><h1>A</h1><p>b<b>c</b></p><table><tr><td>x<td>y</table>")
    ('T', '# A\nbc\nx | y')
    """
    tree = LexborHTMLParser(bound_nesting(html)[0].replace(_BLANK, ""))
    for tag in _DROPPED:
        for node in tree.css(tag):
            node.decompose()
    name = tree.css_first("head > title") or tree.css_first("h1")
    parts: list[str] = []
    if tree.body is not None:
        _write(tree.body, parts, headed=headed)
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(parts).split("\n"))
    kept = (line for line in lines if line.strip("#| "))
    text = "\n".join("" if line == _BLANK else line for line in kept)
    return (" ".join(name.text().split()) if name is not None else ""), text


def bound_nesting(html: str) -> tuple[str, bool]:
    """The page with the tags taken away that would nest too deeply, and whether there were any."""
    pieces: list[str] = []
    depth = dropped = position = 0
    for match in _TAG.finditer(html):
        if match.group(2).lower() in _NOT_COUNTED:
            continue
        if match.group(1):
            drop = dropped > 0
            dropped -= drop
            depth = max(0, depth - (not drop))
        else:
            drop = depth >= MAX_NESTING
            dropped += drop
            depth += not drop
        if drop:
            pieces += (html[position : match.start()], "<!")  # what follows becomes a comment
            position = match.start() + 1
    if not pieces:
        return html, False
    return "".join(pieces) + html[position:], True


def _write(
    node: LexborNode,
    parts: list[str],
    *,
    headed: bool,
    depth: int = 0,
    keeps_lines: bool = False,
) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            text = child.text(deep=False)
            parts.append(text if keeps_lines else re.sub(r"\s+", " ", text))
            continue
        if depth > MAX_NESTING:
            parts.append(child.text())
            continue
        if tag == "table" and (rows := _data_rows(child)):
            parts += ("\n", _caption(child), "\n")
            has_header = len(rows) > 1 and (headed or _is_header(child))
            parts.append(f"\n{_BLANK}\n".join(table_text(rows, has_header=has_header)))
            parts.append("\n")
            continue
        if tag in _BLOCKS:
            parts.append("\n")
        if re.fullmatch(r"h[1-6]", tag):
            parts.append("#" * int(tag[1]) + " ")
        _write(
            child,
            parts,
            headed=headed,
            depth=depth + 1,
            keeps_lines=keeps_lines or tag == "pre",
        )
        if tag in _BLOCKS:
            parts.append("\n")


def _data_rows(table: LexborNode) -> list[list[str]]:
    """The cells of a table of data; nothing for one that only lays the page out.

    A cell over several rows stands in each of them, one over several columns in the first.
    """
    if len(table.css("table")) > 1 or table.css_first(_IN_LAYOUT) is not None:  # itself is one
        return []
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}  # by column: for how many rows yet, and what
    for row in table.css("tr"):
        cells: list[str] = []
        for cell in row.css("td, th"):
            _fill(cells, below)
            parted = cell.css_first("p, br, div, li") is not None
            text = " ".join(cell.text(separator=" " if parted else "").split())
            if len(text) > _LONGEST_CELL:
                return []
            over = _span(cell, "rowspan")
            if over > 1:
                below[len(cells)] = (over - 1, text)
            cells += [text, *[""] * (_span(cell, "colspan") - 1)]
        _fill(cells, below)
        rows.append(cells)
    return [row for row in rows if any(row)]


def _fill(cells: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(cells) in below:
        left, text = below.pop(len(cells))
        if left > 1:
            below[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return min(max(int(value), 1), _MOST_SPAN) if value.isascii() and value.isdigit() else 1


def _is_header(table: LexborNode) -> bool:
    """Whether the first row of a table is made of cells that are headers."""
    row = table.css_first("tr")
    return row is not None and bool(row.css("th")) and not row.css("td")


def _caption(table: LexborNode) -> str:
    caption = table.css_first("caption")
    return " ".join(caption.text().split()) if caption is not None else ""
