"""Markdown and HTML marks, which a reader of a quoted sentence does not want to see."""

import re

_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\s]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\([^()\n]{1,500}\)")
_TAG = re.compile(
    r"</?(?:a|b|i|em|strong|br|p|div|span|img|details|summary|sub|sup|code|h[1-6])\b[^<>\n]{0,300}>"
)
_BOLD = re.compile(r"(?<![\w*])\*\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*\*(?![\w*])")
_TEMPLATE = re.compile(r"\{%[^{}\n]{0,200}%\}")
_LEAD = re.compile(r"^(?:[-*+•] +|#{1,6} +|> +)+(?=\S)")


def without_markup(text: str) -> str:
    """A quoted text with the labels of its links alone, without images, tags and bold marks.

    >>> without_markup("Use **one** [leave year](https://a.b/c), see ![x](y.png)<br>below.")
    'Use one leave year, see below.'
    """
    plain = _BOLD.sub(
        r"\1", _TEMPLATE.sub("", _TAG.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text))))
    ).strip()
    return _LEAD.sub("", plain)
