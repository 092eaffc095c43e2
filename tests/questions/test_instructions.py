"""How something is done: options, commands and steps are units; what only shares a word is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.notation import NumberedEvidence
from groundglm.questions.instructions import asks_how, find_instruction
from groundglm.questions.question import Question
from groundglm.text.markup import without_markup

MANUAL = """OPTIONS
       -q, --quiet
              Say nothing but errors.  Given twice, say nothing at all.

       -k, --keep
              Don't delete the sheets that were read.

       -r DIR, --root=DIR
              Look for sheets below DIR.

       .exit                  Exit this program
       .save FILE             Write the sheets to FILE
"""
README = """# Sheaf

Sheaf binds sheets.

## Installing

Get it from the index:

```sh
python -m pip install sheaf
```

## Use

- Run `sheaf bind *.txt` to bind all sheets.
- See the [guide](https://example.org/guide).
"""
GUIDE = "安装说明\n\n- 自动安装：`pip install sheaf`\n- 手动安装：把 sheaf 目录放到当前目录\n"
PIECES = [
    NumberedEvidence(1, "passage", "sheaf", MANUAL),
    NumberedEvidence(2, "passage", "sheaf-README", README),
    NumberedEvidence(3, "passage", "sheaf 说明", GUIDE),
]


def found(question):
    said = find_instruction(Question(question), PIECES)
    return "" if said is None else said.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How do I install sheaf?", "pip install sheaf"),
        ("How can I leave the sheaf program?", ".exit"),
        ("How do I keep the sheets in sheaf?", "--keep"),
        ("What does -r do in sheaf?", "--root=DIR"),
        ("What does the -q option mean?", "--quiet"),
        ("Which option is for the root?", "--root"),
        ("How do I bind sheets?", "sheaf bind"),
        ("怎么安装 sheaf？", "pip install sheaf"),
    ],
)
def test_the_unit_that_says_how(question, wanted):
    assert wanted in found(question)


def test_a_sentence_that_goes_on_in_the_next_line_is_shown_whole():
    text = "`sheaf tune` fits the\nwidth to the sheets you\nhave.\nIt is slow.\n"
    piece = NumberedEvidence(1, "passage", "sheaf", text)
    said = find_instruction(Question("How do I tune sheaf?"), [piece])
    assert said is not None
    assert said.text == "`sheaf tune` fits the width to the sheets you have."


@pytest.mark.parametrize(
    "question",
    [
        "How do I leave my wife?",
        "How do I delete the sheets in sheaf?",  # "don't delete" says how not to
        "How do I boil eggs?",
        "What does -z do?",
        "怎么安装空调？",
        "Sheaf is nice.",
        "How",
        "",
    ],
)
def test_what_only_shares_a_word_says_nothing(question):
    assert found(question) == ""


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("how do i leave it?", True),
        ("what is the command for it?", True),
        ("怎么安装？", True),
        ("怎么样？", False),
        ("how high is it?", False),
        ("how many are there?", False),
    ],
)
def test_how_is_asked(question, asks):
    assert asks_how(question) is asks


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_is_cut_into_units_within_it(text, asked):
    piece = NumberedEvidence(1, "passage", "t", text)
    said = find_instruction(Question(f"How do I {asked}?"), [piece])
    if said is not None:
        assert 0 <= said.span.start < said.span.end <= len(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("See the [guide](https://a.b/c).", "See the guide."),
        ("![logo](x.png)Sheaf **binds** sheets.<br>", "Sheaf binds sheets."),
        ("x < y > z", "x < y > z"),
        ('- [Leave]({% page "/leave/" %}) ends.', "Leave ends."),
        ("- -k keeps", "-k keeps"),
        ("-k keeps", "-k keeps"),
        ("**kwargs and __init__", "**kwargs and __init__"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
    ],
)
def test_markup_is_left_out_of_quotes(text, plain):
    assert without_markup(text) == plain
