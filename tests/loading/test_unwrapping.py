"""Hard-wrapped text is read as its author wrote it; everything else keeps its lines."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.loading import ReadingOptions
from groundglm.loading.plain import read_markdown, read_plain
from groundglm.loading.unwrapping import unwrapped

PROSE = (
    "The keeper of the light climbs the tower before dusk and trims the lamp, which burns until "
    "the fishing boats have come home. In winter, when storms keep everybody in port, Ann Lee "
    "stays below and mends nets. She was born on the island in 1931 and has never left it."
)
CHINESE = (
    "灯塔的看守人在黄昏之前登上塔顶，修剪灯芯，灯要一直亮到渔船全部回港。冬天风暴来临时，大家都留在港里，"
    "她就在楼下补网。她1931年出生在岛上，从来没有离开过这座岛，也不打算离开。"
)


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_a_wrapped_paragraph_is_one_line_again(width) -> None:
    assert unwrapped(textwrap.fill(PROSE, width)) == PROSE
    two = f"{textwrap.fill(PROSE, width)}\n\n{textwrap.fill(PROSE, width)}\n"
    assert unwrapped(two) == f"{PROSE}\n\n{PROSE}\n"


@pytest.mark.parametrize("width", [30, 35, 40])
def test_wrapped_chinese_is_joined_without_blanks(width) -> None:
    lines = [CHINESE[start : start + width] for start in range(0, len(CHINESE), width)]
    joined = unwrapped("\n".join(lines))
    assert joined.replace("\n", "") == CHINESE
    assert joined.count("\n") <= 1  # a line that happens to end with a sentence may stand


def test_a_manual_page_loses_its_margins_and_broken_words() -> None:
    page = (
        "DESCRIPTION\n"
        "       xz is a general-purpose data compression tool with command line  syn\u2010\n"
        "       tax  similar  to gzip(1) and bzip2(1).  The native file format is the\n"
        "       .xz format.\n"
        "\n"
        "       -k, --keep\n"
        "              Don't delete the input files.\n"
    )
    assert unwrapped(page) == (
        "DESCRIPTION\n"
        "       xz is a general-purpose data compression tool with command line syntax similar to "
        "gzip(1) and bzip2(1). The native file format is the .xz format.\n"
        "\n"
        "       -k, --keep\n"
        "              Don't delete the input files.\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "# Opening hours of the lighthouse and of the small museum below\nThe tower is open.",
        "- trim the lamp in the evening, before the boats come home\n- mend the nets\n",
        "1. trim the lamp in the evening, before the boats come home\n2. mend nets",
        "| keeper | the tower by the harbour | 1931 |\n| mender | the net loft | 1940 |",
        "Preset   DictSize   CompCPU   CompMem   DecMem\n  -0     256 KiB       0        3 MiB",
        ".backup ?DB? FILE      Backup DB (default main) to FILE\n.bail on|off           Stop",
        "```\nlamp = light_the_lamp_of_the_tower(before_evening)\nif not lamp and not dusk\n```",
        "$ sqlite3 mydata.db 'select * from memos where priority > 20'\ntext = lunch",
        "Roses are red\nViolets are blue\nSugar is sweet\n",
        "出生地：眉山\n朝代：北宋\n",
        "name,born,island and the tower that was kept\nAnn Lee,1931,Norholm and the northern tower",
    ],
)
def test_what_is_no_wrapped_prose_keeps_its_lines(text) -> None:
    assert unwrapped(text) == text


def test_a_text_of_long_lines_is_not_wrapped() -> None:
    text = f"{PROSE}\n{PROSE}\n{PROSE}"
    assert unwrapped(text) == text


@given(
    st.text(alphabet=st.sampled_from("aB 灯。.-|\n#`1\u2010\t"), max_size=400)
    | st.text(max_size=200)
)
def test_nothing_but_blanks_and_broken_words_changes(text) -> None:
    def letters(one: str) -> str:
        return "".join(c for c in one if not c.isspace() and c != "\u2010")

    assert letters(unwrapped(text)) == letters(text)


def test_files_are_read_that_way_and_titles_stay() -> None:
    (part,) = read_markdown(
        f"# The light\n\n{textwrap.fill(PROSE, 72)}\n".encode(), ReadingOptions()
    )
    assert (part.title, part.text) == ("The light", f"# The light\n\n{PROSE}\n")
    (part,) = read_plain(textwrap.fill(PROSE, 72).replace("\n", "\r\n").encode(), ReadingOptions())
    assert part.text == PROSE


def test_a_paragraph_without_end_is_joined_in_linear_time() -> None:
    lines = 40_000
    joined = unwrapped("\n".join(["word " * 15] * lines))
    assert joined.count("word") == 15 * lines and "\n" not in joined
