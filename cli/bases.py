"""The base that a command works on, and its settings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..base_folder import find_base
from ..settings import LoadedSettings, load_settings

__all__ = ["KbOption", "find_base", "settings_of"]

KbOption = Annotated[
    Path | None,
    typer.Option("--kb", help="The base; else GROUNDGLM_KB, else the nearest one upwards."),
]


def settings_of(folder: Path, **flags: Any) -> LoadedSettings:
    """The settings of a base; flags are dotted names with __ for the dot."""
    return load_settings(folder, flags={k.replace("__", "."): v for k, v in flags.items()})
