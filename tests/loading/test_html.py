"""A page becomes the lines that a reader sees."""

import time

import pytest

from groundglm.loading import ReadingOptions
from groundglm.loading.html import html_to_text, read_html


def test_headings_paragraphs_and_lists_are_lines() -> None:
    html = "<h2>茶 <i>Tea</i></h2><p>Green\n tea.<br>Black tea.</p><ul><li>one<li>two</ul>"

    assert html_to_text(html)[1] == "## 茶 Tea\nGreen tea.\nBlack tea.\none\ntwo"


def test_a_row_of_a_table_is_one_line() -> None:
    html = """<table><caption>Peaks</caption>
      <tr><th>Name</th><th>Height</th></tr>
      <tr><td>Mount <b>Tai</b></td><td>1,533 m</td></tr></table>"""

    assert html_to_text(html)[1] == (
        "Peaks\n| Name | Height |\n| --- | --- |\n| Mount Tai | 1,533 m |"
    )


def test_a_table_that_lays_out_the_page_is_read_as_blocks() -> None:
    html = (
        "<table><tr><td><p>Left.</p><p>More.</p></td><td><table><tr><td>a<td>b</table></tr></table>"
    )

    assert html_to_text(html)[1] == "Left.\nMore.\na | b"


def test_the_title_is_that_of_the_head_or_the_first_heading() -> None:
    assert html_to_text("<title> A\n page </title><h1>B</h1>")[0] == "A page"
    assert html_to_text("<svg><title>icon</title></svg><h1>B <i>c</i></h1>")[0] == "B c"
    assert html_to_text("<p>x</p>")[0] == ""


def test_scripts_styles_menus_and_comments_are_left_out() -> None:
    html = (
        "<nav>menu</nav><script>alert('x')</script><style>p {}</style><!-- note -->"
        "<form><p>Inside a form.</p><select><option>choice</select></form><footer>end</footer>"
    )

    assert html_to_text(html)[1] == "Inside a form."


def test_preformatted_text_keeps_its_lines() -> None:
    assert html_to_text("<pre><code>a = 1\nb = 2\n</code></pre>")[1] == "a = 1\nb = 2"


def test_escaped_marks_become_the_text_that_they_stand_for() -> None:
    assert html_to_text("<p>&lt;|assistant|&gt; &amp; more</p>")[1] == "<|assistant|> & more"


def test_a_page_of_thousands_of_nested_blocks_is_read() -> None:
    start = time.perf_counter()

    assert html_to_text("<div>" * 5000 + "deep" + "</div>" * 5000)[1] == "deep"
    assert time.perf_counter() - start < 5


def test_broken_html_is_read_as_far_as_it_goes() -> None:
    assert html_to_text("plain <b>words")[1] == "plain words"
    assert html_to_text("") == ("", "")


@pytest.mark.parametrize(
    "encoding", ["euc-kr", "shift_jis", "windows-1251", "iso-8859-1", "gb2312"]
)
def test_a_page_is_read_in_the_encoding_that_it_names(encoding: str) -> None:
    said = {
        "euc-kr": "배는 아침 아홉 시에 떠난다",
        "shift_jis": "船は朝九時に出発します①",
        "windows-1251": "Паром уходит утром",
        "iso-8859-1": "Die Fähre fährt für 3 €",
        "gb2312": "渡船每天早上九点出发，镕",
    }[encoding]
    wider = {"shift_jis": "cp932", "iso-8859-1": "cp1252", "gb2312": "gb18030"}
    page = f'<html><head><meta charset="{encoding}"><title>x</title></head><p>{said}</p>'

    (part,) = read_html(page.encode(wider.get(encoding, encoding)), ReadingOptions())

    assert part.text == said


def test_a_page_that_names_a_wrong_encoding_is_read_as_what_it_is() -> None:
    page = '<meta charset="iso-8859-1"><p>渡船每天早上九点出发。</p>'

    assert next(read_html(page.encode(), ReadingOptions())).text == "渡船每天早上九点出发。"
    page = '<meta charset="made-up"><p>渡船每天早上九点出发。</p>'
    assert next(read_html(page.encode("gb18030"), ReadingOptions())).text.startswith("渡船")
