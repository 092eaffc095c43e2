"""reStructuredText, Sphinx's directives included, to the form that Markdown has."""

import re
from collections.abc import Iterator
from typing import Any

from ..errors import DocumentError
from .extracted import ExtractedText
from .options import ReadingOptions
from .parts import Part, text_of

# What a directive of this name holds is no text for readers.
_DROPPED = frozenset(
    "toctree automodule autoclass autofunction automethod autodata autosummary index raw include "
    "literalinclude image figure meta highlight currentmodule module only contents graphviz "
    "plot tabularcolumns default-role".split()
)
_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]{1,80}\|[ \t]+)?([\w][\w:.+-]{0,60})::", re.M)
_ROLE = re.compile(r":([A-Za-z][\w.+:-]{0,60}):`")


def read_rst(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The text of a file of reStructuredText; nothing is included or fetched for it."""
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    text = text_of(data, options.encoding)
    _know(text)
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "halt_level": 5,
        "warning_stream": False,
        "_disable_config": True,
        "line_length_limit": 1_000_000,
        "docinfo_xform": False,
        "doctitle_xform": False,
        "smart_quotes": False,
    }
    try:
        tree = publish_doctree(text, settings_overrides=settings)
    except (SystemMessage, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise DocumentError(f"it cannot be read as reStructuredText: {error}") from error
    out = ExtractedText(options)
    _write(out, tree, 1)
    first = next((node for node in tree.findall() if node.tagname == "title"), None)
    part = out.part()
    yield Part(part.text, first.astext() if first is not None else "", note=part.note)


class _AnyOption(dict[str, Any]):
    """Takes whatever options a directive has: none of them matters here."""

    def __getitem__(self, name: str) -> Any:
        return str

    def __bool__(self) -> bool:
        return True


def _know(text: str) -> None:
    """Make docutils take the directives and roles of a text that it does not have itself."""
    from docutils import nodes
    from docutils.parsers.rst import Directive, directives, roles
    from docutils.parsers.rst.languages import en

    class Told(Directive):
        """Its words as a paragraph, and what it holds."""

        optional_arguments = 1_000
        final_argument_whitespace = True
        has_content = True
        option_spec = _AnyOption()

        def run(self) -> list[Any]:
            if self.name in _DROPPED:
                return []
            if self.name in ("code-block", "sourcecode", "code", "parsed-literal", "prompt"):
                return [nodes.literal_block("", "\n".join(self.content))]
            held = nodes.container()
            words = " ".join(" ".join(self.arguments).split())
            if words:
                held += nodes.paragraph("", words)
            self.state.nested_parse(self.content, self.content_offset, held)
            return [held]

    def role(name: str, raw: str, words: str, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
        shown = re.sub(r"\s*<[^<>]*>$", "", words).lstrip("~!")
        return [nodes.inline(raw, shown)], []

    for name in set(_DIRECTIVE.findall(text)):
        if name.lower() in _DROPPED or name.lower() not in en.directives:
            directives.register_directive(name, Told)
    for name in set(_ROLE.findall(text)):
        if name.lower() not in en.roles:
            roles.register_local_role(name, role)


def _write(out: ExtractedText, node: Any, depth: int) -> None:
    for child in node.children:
        tag = child.tagname
        if tag == "section":
            _write(out, child, depth + 1)
        elif tag == "title":
            out.heading(child.astext(), max(1, depth - 1))
        elif tag in ("paragraph", "rubric", "term", "line", "caption", "attribution"):
            out.paragraph(
                " ".join(child.astext().split()), gap="\n\n" if tag == "paragraph" else "\n"
            )
        elif tag in ("literal_block", "doctest_block"):
            out.paragraph(f"```\n{child.astext()}\n```", gap="\n\n")
        elif tag == "list_item":
            text = " ".join(_flat(child).split("\n"))
            ordered = child.parent.tagname == "enumerated_list"
            number = child.parent.index(child) + int(child.parent.get("start", 1))
            out.paragraph(f"{number}. {text}" if ordered else f"- {text}")
        elif tag == "field":
            out.paragraph(
                f"{child.children[0].astext()}: {' '.join(child.children[1].astext().split())}"
            )
        elif tag == "table":
            _write_table(out, child)
        elif tag not in ("comment", "target", "system_message", "substitution_definition", "#text"):
            _write(out, child, depth)


def _flat(node: Any) -> str:
    return "\n".join(" ".join(child.astext().split()) for child in node.children)


def _write_table(out: ExtractedText, table: Any) -> None:
    for title in table.children:
        if title.tagname == "title":
            out.paragraph(title.astext(), gap="\n\n")
    rows = [
        [" ".join(entry.astext().split()) for entry in row.children]
        for row in table.findall()
        if row.tagname == "row"
    ]
    has_header = any(node.tagname == "thead" for node in table.findall())
    out.table(rows, has_header=has_header or len(rows) > 2)
