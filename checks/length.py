"""Two checks on the product's code: no file over 400 lines, at most 1 % of functions over 60 lines.

Run from anywhere: `python checks/length.py [ROOT]`; exits 1 and says where when one is broken.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_FUNCTIONS_ALLOWED = 0.01

# What is not the product: it may be as long as it reads well.
_OUTSIDE = {"tests", "examples", "benchmarks", "training", "typings", "build", "dist"}


def product_files(root: Path) -> Iterator[Path]:
    """The Python files of the product under a root, in order."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in _OUTSIDE:
            continue
        if path.is_dir():
            yield from sorted(path.rglob("*.py"))
        elif path.suffix == ".py":
            yield path


def long_files(files: list[Path]) -> list[str]:
    """A line of complaint for each file that is too long."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return [
        f"{path}: {length} lines, at most {MAX_FILE_LINES}"
        for path, length in lengths.items()
        if length > MAX_FILE_LINES
    ]


def long_functions(files: list[Path]) -> list[str]:
    """A line of complaint for each long function, if there are more of them than allowed."""
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {place: length for place, length in lengths.items() if length > MAX_FUNCTION_LINES}
    if len(long) <= LONG_FUNCTIONS_ALLOWED * len(lengths):
        return []
    return [
        f"{place}: {length} lines, at most {MAX_FUNCTION_LINES} "
        f"({len(long)} of {len(lengths)} functions are longer)"
        for place, length in long.items()
    ]


def main(root: Path) -> int:
    """Print the complaints; 1 if there are any."""
    files = list(product_files(root))
    complaints = [*long_files(files), *long_functions(files)]
    print("\n".join(complaints) or f"{len(files)} files and their functions are short enough")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])))
