"""Markdown and HTML marks, which a reader of a quoted sentence does not want to see."""

import re

_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\s]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,300})\]\([^()\n]{1,500}\)")
_TAG = re.compile(
    r"</?(?:a|b|i|em|strong|p|div|span|img|details|summary|sub|sup|code|h[1-6])\b[^<>\n]{0,300}>"
)
_BREAK = re.compile(r" ?<br ?/?> ?")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,40}\]")
_BOLD = re.compile(r"(?<![A-Za-z0-9_*])\*\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*\*(?![A-Za-z0-9_*])")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*(?![\w*])")
_UNDERLINED = re.compile(r"(?<![\w_/.])_(?=[^\W_])([^_\n]{1,100}?)(?<=[^\W_])_(?![\w_])")
_CODE = re.compile(r"(`[^`\n]{1,300}`)")
_TEMPLATE = re.compile(r"\{%[^{}\n]{0,200}%\}")
_LEAD = re.compile(r"^(?:[-*+•] +|#{1,6} +|> +)+(?=\S)")


def without_markup(text: str) -> str:
    """A quoted text with the labels of its links alone, without images, tags and bold marks.

    >>> without_markup("Use **one** [leave year](https://a.b/c), see ![x](y.png)<br>below.")
    'Use one leave year, see below.'
    >>> without_markup("*MIT*[^2] and _GPL_<br>of my_own_name, 2 * 3 * 4")
    'MIT and GPL of my_own_name, 2 * 3 * 4'
    """
    for marks in (_IMAGE, _FOOTNOTE, _TAG):
        text = marks.sub("", text)
    text = _BREAK.sub(" ", text)
    pieces = _CODE.split(_TEMPLATE.sub("", _LINK.sub(r"\1", text)))
    for marks in (_BOLD, _EMPHASIS, _UNDERLINED):  # in code a star is a star
        pieces[::2] = [marks.sub(r"\1", piece) for piece in pieces[::2]]
    text = "".join(pieces)
    return _LEAD.sub("", text.strip())
