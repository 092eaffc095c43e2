"""The base that a command works on, and its settings."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import NotABaseError
from ..settings import FILE_NAME, LoadedSettings, load_settings

KbOption = Annotated[
    Path | None,
    typer.Option("--kb", help="The base; else GROUNDGLM_KB, else the nearest one upwards."),
]


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
        if (folder / FILE_NAME).is_file():
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
    for pattern in (f"*/{FILE_NAME}", f"*/*/{FILE_NAME}"):
        try:
            found += [path.parent.relative_to(folder) for path in sorted(folder.glob(pattern))]
        except OSError:
            continue
    return [path for path in found if not any(part.startswith(".") for part in path.parts)]


def settings_of(folder: Path, **flags: Any) -> LoadedSettings:
    """The settings of a base; flags are dotted names with __ for the dot."""
    return load_settings(folder, flags={k.replace("__", "."): v for k, v in flags.items()})
