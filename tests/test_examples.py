from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
EXPECTED = {
    "ask_a_folder.py": ["北京市延庆区。", "1799"],
    "retriever_in_a_chain.py": ["李春", "March 1890"],
    "tool_using_assistant.py": ["The result is: 45", "The result is: 28", "above 28 degrees.[1]"],
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_and_prints_what_it_promises(path, run_python):
    printed = run_python(path.read_text(encoding="utf-8"))
    for words in EXPECTED[path.name]:
        assert words in printed
