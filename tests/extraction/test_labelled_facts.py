"""The rules on real documents whose facts were judged by reading (benchmarks/facts/)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "facts.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    if not BENCHMARK.exists():
        pytest.skip("benchmarks/ is not there")
    spec = importlib.util.spec_from_file_location("facts_benchmark", BENCHMARK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_facts_are_right_and_judged(script):
    texts = list(script.read_texts(script.FOLDER))
    facts = script.read_facts(texts, script.FOLDER)
    table = script.figures(texts, facts)
    for draw in ("first", "second", "third"):
        assert table[f"{draw} titled"]["precision"] >= 0.85
        assert table[f"{draw} technical"]["precision"] >= 0.9
    unjudged = [fact for fact in facts if fact.right is None]
    assert len(unjudged) <= 0.03 * len(facts), "judge them: benchmarks/facts.py --unjudged"
