"""Relations: every example asks for its relation, every name is written as in facts."""

import tomllib
from pathlib import Path

import pytest

from groundglm.questions.relation_fit import asked_relations
from groundglm.relations import RELATIONS, plain_predicate
from groundglm.text import fold

TABLE = tomllib.loads((Path(__file__).parents[1] / "relations.toml").read_text("utf-8"))


@pytest.mark.parametrize("row", TABLE["relation"], ids=lambda row: row["name"])
def test_an_example_in_each_language_asks_for_its_relation(row) -> None:
    chinese, english = row["examples"]
    for question in (chinese, english):
        asked = [relation.name for relation, _ in asked_relations(fold(question))]
        assert row["name"] in asked


def test_every_name_is_folded_and_stands_once_in_its_relation() -> None:
    for row in TABLE["relation"]:
        listed = [*row["predicates"]["zh"], *row["predicates"]["en"]]
        assert len(set(listed)) == len(listed), row["name"]
        assert [fold(name) for name in listed] == listed
        assert all(plain_predicate(name) for name in listed)


def test_names_of_relations_are_their_own() -> None:
    names = [relation.name for relation in RELATIONS]
    assert len(set(names)) == len(names)
