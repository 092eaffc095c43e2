"""Markdown: titles, and the front matter of static sites, which is no text."""

import pytest

from groundglm.loading import ReadingOptions
from groundglm.loading.plain import read_markdown


def read(text):
    (part,) = read_markdown(text.encode(), ReadingOptions())
    return part.title, part.text


def test_front_matter_gives_the_title_and_is_no_text():
    matter = "---\ntitle: 'Leave types'\nkeywords: a, b\nredirect_from:\n  - /x/\n---\n"
    text = f"{matter}\n# Head\n\nText.\n"
    assert read(text) == ("Leave types", "\n# Head\n\nText.\n")


def test_without_a_title_there_the_heading_is_one():
    assert read("---\nlayout: page\n---\n# Head\nText.\n") == ("Head", "# Head\nText.\n")


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA rule, then text.\n\n---\nmore\n",
        "---\nnever: closed\n",
        "# Head\n---\ntitle: no\n---\n",
        "----\ntitle: x\n----\n",
        "",
    ],
)
def test_what_is_no_front_matter_stays(text):
    assert read(text)[1] == text
