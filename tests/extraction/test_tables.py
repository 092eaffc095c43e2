"""Words and patterns as data: every word of every list is read as its example says."""

import tomllib
from pathlib import Path

import pytest

from groundglm.extraction import extract_facts
from groundglm.extraction.tables import read_tables

ROOM = Path(__file__).parents[2] / "extraction"
TABLES = {
    language: tomllib.loads((ROOM / f"{language}.toml").read_text("utf-8"))
    for language in ("chinese", "english")
}


def _words():
    for table in TABLES.values():
        for name, part in table.items():
            if name == "pattern":
                continue
            listed = part["words"]
            named = listed.items() if isinstance(listed, dict) else [("", listed)]
            for predicate, words in named:
                for word in words:
                    yield pytest.param(part["example"], word, predicate, id=f"{name}-{word}")


def _facts(example, word=""):
    text = example["text"].replace("{word}", word)
    found = extract_facts(text, document_id="d", title=example["title"])
    return [(fact.subject, fact.predicate, fact.object) for fact in found]


@pytest.mark.parametrize(("example", "word", "predicate"), _words())
def test_a_word_is_read_as_the_example_of_its_list_says(example, word, predicate) -> None:
    found = _facts(example, word)
    if "object" in example:
        assert example["object"] in [object_ for _, _, object_ in found]
        return
    wanted = [
        part.replace("{word}", word).replace("{predicate}", predicate) for part in example["fact"]
    ]
    assert tuple(wanted) in found


@pytest.mark.parametrize(
    "row",
    [row for table in TABLES.values() for row in table["pattern"]],
    ids=lambda row: row["example"]["text"],
)
def test_a_pattern_reads_its_example(row) -> None:
    assert tuple(row["example"]["fact"]) in _facts(row["example"])


@pytest.mark.parametrize("language", TABLES)
def test_no_word_stands_in_a_list_twice(language) -> None:
    for name, part in TABLES[language].items():
        if name != "pattern":
            listed = part["words"]
            words = (
                [w for one in listed.values() for w in one] if isinstance(listed, dict) else listed
            )
            assert len(set(words)) == len(words), name


def test_the_longer_word_is_tried_first() -> None:
    tables = read_tables("english", {"names": "N", "who": "W"})
    assert tables.one_of("role").index("capital\\ city") < tables.one_of("role").index("|capital|")
