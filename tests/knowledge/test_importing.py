"""Files of facts: what is read, what is refused and how it is said."""

import json
from pathlib import Path

import pytest

from groundglm.errors import DocumentError
from groundglm.facts import Fact
from groundglm.knowledge import KnowledgeGraph, read_facts
from groundglm.knowledge.importing import to_fact


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def triples(path: Path) -> list[tuple[str, str, str]]:
    facts = [to_fact(row, document_id="f") for row in read_facts(path)]
    return [(fact.subject, fact.predicate, fact.object) for fact in facts]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_csv_is_read_in_any_of_the_usual_encodings(tmp_path: Path, encoding: str) -> None:
    text = "主体,关系,值\n苏轼,朝代,北宋\n李白,出生地,碎叶城，今属吉尔吉斯斯坦\n"
    path = write(tmp_path / "f.csv", text, encoding)
    assert triples(path)[0] == ("苏轼", "朝代", "北宋")


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_commas_tabs_and_semicolons_all_separate(tmp_path: Path, mark: str) -> None:
    text = mark.join(["subject", "predicate", "object"]) + "\n" + mark.join(["a", "is", "b"])
    assert triples(write(tmp_path / "f.csv", text)) == [("a", "is", "b")]


def test_a_csv_without_a_column_names_what_is_missing_and_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "subject,verb,object\na,b,c\n")
    with pytest.raises(DocumentError, match="missing: predicate; found: subject, verb, object"):
        read_facts(path)


def test_a_bad_row_is_reported_with_its_line_and_the_others_are_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "subject,predicate,object,confidence\na,is,b,0.5\n,is,b,1\na,is,c,high\nx,is,y,\na,b,c,1,2\n",
    )
    found = read_facts(path)
    assert [row["object"] for row in found.facts] == ["b", "y"]
    assert [line for line, _ in found.refused] == [3, 4, 6]
    assert "subject is empty" in found.refused[0][1]


def test_json_lines_keep_the_good_lines(tmp_path: Path) -> None:
    rows = [
        '{"subject": "a", "predicate": "is", "object": 3}',
        "not json",
        '["a"]',
        '{"subject": "a", "predicate": "is"}',
        '{"主体": "苏轼", "属性": "朝代", "值": "北宋", "time": "1037"}',
    ]
    path = write(tmp_path / "f.jsonl", "\n".join(rows))
    assert triples(path) == [("a", "is", "3"), ("苏轼", "朝代", "北宋")]
    assert [line for line, _ in read_facts(path).refused] == [2, 3, 4]


def test_optional_columns_reach_the_fact_and_the_entity(tmp_path: Path) -> None:
    row = {
        "subject": "苏轼",
        "predicate": "朝代",
        "object": "北宋",
        "subject_type": "人物",
        "aliases": ["苏东坡"],
        "confidence": 0.8,
        "time": "1037年",
        "source": "宋史",
    }
    path = write(tmp_path / "f.jsonl", json.dumps(row, ensure_ascii=False))
    facts = [to_fact(mapping, document_id="f") for mapping in read_facts(path)]
    said = facts[0].contributions[0]
    assert (said.confidence, said.time, said.source.title) == (0.8, "1037年", "宋史")
    graph = KnowledgeGraph()
    graph.add("f", facts)
    (link,) = graph.link("苏东坡")
    assert (link.entity.name, link.entity.type) == ("苏轼", "人物")


def test_a_fact_stays_as_it_is_and_gains_a_source() -> None:
    fact = to_fact(Fact("a", "is", "b"), document_id="d", title="t")
    assert fact.sources[0].document_id == "d"
    assert to_fact(fact, document_id="other") is fact


@pytest.mark.parametrize(
    "row",
    [
        {"subject": "a", "predicate": "is"},
        {"subject": "a", "predicate": "is", "object": ["x"]},
        {"subject": "a", "predicate": "is", "object": True},
        {"subject": " ", "predicate": "is", "object": "x"},
        {"subject": "a", "predicate": "is", "object": "x", "confidence": 2},
    ],
)
def test_an_incomplete_mapping_is_refused_by_name(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="line 7"):
        to_fact({**row, "line": 7}, document_id="d")


@pytest.mark.parametrize(
    ("name", "content"),
    [("f.csv", b""), ("f.xlsx", b"a,b"), ("f.csv", bytes(range(256)) * 20)],
)
def test_files_that_hold_no_facts_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=name):
        read_facts(path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_facts(tmp_path / "none.csv")


def test_an_unclosed_quotation_mark_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "\n".join(f"s{n},is,o{n}" for n in range(3000))
    path = write(tmp_path / "f.csv", f'subject,predicate,object\na,is,"b\n{rows}\n')
    assert read_facts(path).refused
