from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
EXPECTED = {
    "ask_a_folder.py": ["北京市延庆区。", "1799"],
    "ask_before_it_acts.py": [
        "Run send_mail(to='bo@example.org'",
        "['ann@example.org', 'bo@example.org']",
    ],
    "our_grounding_under_another_model.py": [
        "7:15",
        "note: The answer cites no evidence.",
        "note: The evidence may not hold the answer; check it.",
    ],
    "our_model_in_a_stock_agent.py": ["408", "population | 1,204", "[1] passage"],
    "retriever_in_a_chain.py": ["李春", "March 1890"],
    "tool_using_assistant.py": ["The result is: 45", "The result is: 28", "above 28 degrees.[1]"],
}


# They run a model of a hundred million weights.
SLOW = {"our_grounding_under_another_model.py"}
LISTED = [
    pytest.param(path, marks=[pytest.mark.slow] if path.name in SLOW else [], id=path.name)
    for path in EXAMPLES
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize("path", LISTED)
def test_an_example_runs_and_prints_what_it_promises(path, run_python):
    if path.name in SLOW:
        pytest.importorskip("langchain_huggingface", reason="make test-all installs it")
    printed = run_python(path.read_text(encoding="utf-8"))
    for words in EXPECTED[path.name]:
        assert words in printed
