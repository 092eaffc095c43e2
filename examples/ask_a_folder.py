"""Ask a folder of files: read it into a base, ask, and see where each statement stands."""

import sys
import tempfile
from pathlib import Path

from groundglm import ChatGLM3, KnowledgeBase, build_agent

TEXTS = {
    "长城.md": (
        "# 长城\n\n今天所见的长城多为明代修筑。八达岭长城位于北京市延庆区，1957年开始接待游客。\n"
    ),
    "rosetta-stone.txt": (
        "The Rosetta Stone was found in 1799 near the town of Rashid in Egypt. It bears one "
        "decree in three scripts: hieroglyphic, Demotic and Greek."
    ),
}


def main(folder: Path, questions: list[str]) -> None:
    """Build a base beside the files and answer the questions."""
    with KnowledgeBase.open(folder / ".groundglm") as base:
        report = base.add_files([folder])
        print(f"{len(report.added)} files read, {report.facts} facts found")
        agent = build_agent(base, model=ChatGLM3(engine="extractive"))
        for question in questions:
            answer = agent.ask(question)
            print(f"\n{question}\n{answer.text}")
            for citation in answer.citations:
                print(f"  [{citation.number}] {answer.numbered[citation.number].source}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), sys.argv[2:])
    else:
        with tempfile.TemporaryDirectory() as name:
            for file, text in TEXTS.items():
                (Path(name) / file).write_text(text, encoding="utf-8")
            main(Path(name), ["八达岭长城位于哪里？", "When was the Rosetta Stone found?"])
