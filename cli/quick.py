"""`groundglm ask` through a server that runs: nothing heavy is imported, so it answers at once.

What this does not know is left to the whole command line.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base_folder import ServerNotice, find_base, read_notice
from ..errors import GroundGLMError

_SECONDS = 310.0
# Variables that do not change what a base answers.
_HARMLESS = frozenset(
    "GROUNDGLM_KB GROUNDGLM_CACHE GROUNDGLM_REQUIRE_SYSTEM GROUNDGLM_FULL "
    "GROUNDGLM_OCR_THREADS".split()
)


@dataclass(slots=True)
class _Asked:
    """A plain `ask`, as the command line says it."""

    question: str = ""
    kb: Path | None = None
    as_json: bool = False
    verbose: bool = False


def ask_quickly(arguments: Sequence[str]) -> int | None:
    """Ask a server that runs for the base; the exit code, or None where there is none to ask."""
    asked = _read(arguments)
    if asked is None or any(
        name.startswith("GROUNDGLM_") and name not in _HARMLESS for name in os.environ
    ):
        return None
    try:
        notice = read_notice(find_base(asked.kb))
    except GroundGLMError:
        return None  # the whole command line says what is wrong
    if notice is None:
        return None
    question = sys.stdin.read() if asked.question == "-" else asked.question
    told = _told(notice, question, asked)
    if told is None:
        return None if asked.question != "-" else _failed("the server cannot be reached", asked)
    status, data = told
    if status != 200:
        error: dict[str, Any] = data.get("error") or dict[str, Any]()
        return _failed(str(error.get("message") or f"the server says {status}"), asked)
    if asked.as_json:
        sys.stdout.write(json.dumps(data["answer"], ensure_ascii=False, indent=2) + "\n")
        return 0
    from ..text.terminal import visible

    for line in data["lines"]:
        sys.stdout.write(f"{visible(line)}\n")
    return 0


def _read(arguments: Sequence[str]) -> _Asked | None:
    if not arguments or arguments[0] != "ask":
        return None
    asked = _Asked()
    questions: list[str] = []
    rest = list(arguments[1:])
    while rest:
        one = rest.pop(0)
        if one == "--json":
            asked.as_json = True
        elif one in ("-v", "--verbose"):
            asked.verbose = True
        elif one == "--kb" and rest:
            asked.kb = Path(rest.pop(0))
        elif one.startswith("--kb="):
            asked.kb = Path(one.removeprefix("--kb="))
        elif one == "-" or not one.startswith("-"):
            questions.append(one)
        else:
            return None
    if len(questions) != 1:
        return None
    asked.question = questions[0]
    return asked


def _told(notice: ServerNotice, question: str, asked: _Asked) -> tuple[int, dict[str, Any]] | None:
    """The status and the data of the server's reply; None where nobody replies."""
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import quote, urlsplit

    address = urlsplit(notice.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    body = {
        "question": question,
        "stream": False,
        "lines": {"verbose": asked.verbose, "here": os.getcwd()},
    }
    headers = {
        "Authorization": f"Bearer {notice.secret}",
        "Content-Type": "application/json",
    }
    try:
        written = json.dumps(body).encode()
        path = f"/api/bases/{quote(notice.base, safe='')}/ask"
        connection.request("POST", path, written, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _failed(message: str, asked: _Asked) -> int:
    if asked.as_json:
        error = {"type": "ServerError", "message": message, "exit_code": 1}
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stderr.write(f"Error: {message}\n")
    return 1
