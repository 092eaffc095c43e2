"""HTML to readable text: title, headings, paragraphs, lists and tables, one line each."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .parts import Part, text_of

_DROPPED = (
    *("script", "style", "noscript", "template", "svg", "iframe", "object", "nav", "footer"),
    *("button", "select", "textarea", "input"),
)
_BLOCKS = frozenset(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption "
    "figure form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot "
    "th thead title tr ul".split()
)
_IN_LAYOUT = "table, p, div, ul, ol, h1, h2, h3, h4, h5, h6"
#: Deeper than this, elements only hold text: a parser's time grows with the square of the depth.
MAX_NESTING = 200
_DEEP = f"elements nested deeper than {MAX_NESTING} were read as plain text"

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
# Their end is often left out, so that they say nothing about the depth, or they have none.
_NOT_COUNTED = frozenset(
    "p li dt dd tr td th tbody thead tfoot option optgroup rb rt rp html head body colgroup "
    "caption br hr img input meta link area base col embed source track wbr param".split()
)


def read_html(data: bytes) -> Iterator[Part]:
    """The text of a page, with its title."""
    bounded, is_deep = bound_nesting(text_of(data))
    title, body = html_to_text(bounded)
    yield Part(body, title, note=_DEEP if is_deep else "")


def html_to_text(html: str) -> tuple[str, str]:
    r"""The title of a page and its text.

    >>> html_to_text("<title>T</title><h1>A</h1><p>b<b>c</b></p><table><tr><td>x<td>y</table>")
    ('T', '# A\nbc\nx | y')
    """
    tree = LexborHTMLParser(bound_nesting(html)[0])
    for tag in _DROPPED:
        for node in tree.css(tag):
            node.decompose()
    name = tree.css_first("head > title") or tree.css_first("h1")
    parts: list[str] = []
    if tree.body is not None:
        _write(tree.body, parts)
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(parts).split("\n"))
    text = "\n".join(line for line in lines if line.strip("#| "))
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
    node: LexborNode, parts: list[str], *, depth: int = 0, keeps_lines: bool = False
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
        # A table that only lays the page out is read like any blocks.
        if tag == "tr" and child.css_first(_IN_LAYOUT) is None:
            cells = [" ".join(cell.text().split()) for cell in child.css("td, th")]
            parts.append("\n" + " | ".join(cells) + "\n")
            continue
        if tag in _BLOCKS:
            parts.append("\n")
        if re.fullmatch(r"h[1-6]", tag):
            parts.append("#" * int(tag[1]) + " ")
        _write(child, parts, depth=depth + 1, keeps_lines=keeps_lines or tag == "pre")
        if tag in _BLOCKS:
            parts.append("\n")
