"""HTML to readable text: title, headings, paragraphs, lists and tables, one line each."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = ("script", "style", "noscript", "template", "svg", "nav", "footer", "form", "iframe")
_BLOCKS = frozenset(
    "address article aside blockquote body br dd div dl dt fieldset figcaption figure h1 h2 h3 h4 "
    "h5 h6 header hr li main ol p pre section table tbody td tfoot th thead title tr ul".split()
)  # fmt: skip
_MAX_DEPTH = 200


def html_to_text(html: str) -> tuple[str, str]:
    r"""The title of a page and its text.

    >>> html_to_text("<title>T</title><h1>A</h1><p>b<b>c</b></p><table><tr><td>x<td>y</table>")
    ('T', '# A\nbc\nx | y')
    """
    tree = LexborHTMLParser(html)
    title = tree.css_first("title")
    for tag in _DROPPED:
        for node in tree.css(tag):
            node.decompose()
    heading = tree.css_first("h1")
    name = title or heading
    parts: list[str] = []
    if tree.body is not None:
        _write(tree.body, parts, 0)
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(parts).split("\n"))
    text = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
    return (" ".join(name.text().split()) if name is not None else ""), text


def _write(node: LexborNode, parts: list[str], depth: int) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            parts.append(re.sub(r"\s+", " ", child.text(deep=False)))
            continue
        if depth > _MAX_DEPTH:
            parts.append(child.text())
            continue
        if tag == "tr":
            cells = [" ".join(cell.text().split()) for cell in child.css("td, th")]
            parts.append("\n" + " | ".join(cells) + "\n")
            continue
        if tag in _BLOCKS:
            parts.append("\n")
        if re.fullmatch(r"h[1-6]", tag):
            parts.append("#" * int(tag[1]) + " ")
        _write(child, parts, depth + 1)
        if tag in _BLOCKS:
            parts.append("\n")
