"""The folder of a base: what it is known by, and the note of a server that serves it.

Light on purpose: the command line reads it before anything heavy is imported.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import NotABaseError

SETTINGS_NAME = "groundglm.toml"
#: Where it is served on this machine; only its owner may read that.
NOTICE_NAME = "server.json"


def find_base(path: Path | None) -> Path:
    """The folder of the base that a command works on.

    Raises:
        NotABaseError: none is named and none stands here or above.
    """
    if path is not None:
        return path
    named = os.environ.get("GROUNDGLM_KB")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_NAME).is_file():
            return folder
    below = _bases_below(here)
    hint = f"There is one below: --kb {below[0]}. " if below else ""
    raise NotABaseError(
        f"there is no base in {here} or above it. {hint}Name one with --kb PATH or GROUNDGLM_KB, "
        "or make one with: groundglm init PATH"
    )


def _bases_below(folder: Path) -> list[Path]:
    """Bases one or two folders down, as paths from here."""
    found: list[Path] = []
    for pattern in (f"*/{SETTINGS_NAME}", f"*/*/{SETTINGS_NAME}"):
        try:
            found += [path.parent.relative_to(folder) for path in sorted(folder.glob(pattern))]
        except OSError:
            continue
    return [path for path in found if not any(part.startswith(".") for part in path.parts)]


@dataclass(frozen=True, slots=True)
class ServerNotice:
    """A server that runs: its address, the name of the base there, and its owner's secret."""

    url: str
    base: str
    secret: str


def read_notice(folder: Path) -> ServerNotice | None:
    """The server of a base that runs on this machine, if there is one; a stale note is none."""
    path = folder / NOTICE_NAME
    try:
        if path.stat().st_uid != os.getuid():  # somebody else's note must not lead us anywhere
            return None
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        notice = ServerNotice(str(told["url"]), str(told["base"]), str(told["secret"]))
        os.kill(int(told["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return notice
