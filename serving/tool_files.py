"""The tools of a server: functions in a Python file of whoever runs it."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from langchain_core.tools import BaseTool

from ..errors import SettingsError
from ..tools.registry import ToolRegistry, as_tools

_LISTED = "TOOLS"


def load_tools(path: Path) -> list[BaseTool]:
    """The tools of a Python file: its list `TOOLS`, or else every tool and registry in it.

    The file is run, as any program of its owner's; never name one that comes from elsewhere.

    Raises:
        SettingsError: the file is not there, fails, or holds no tools.
    """
    if not path.is_file():
        raise SettingsError(f"there is no file {path} with tools")
    spec = importlib.util.spec_from_file_location(f"groundglm_tools_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"{path} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SettingsError(f"{path} failed: {type(error).__name__}: {error}") from error
    told: object = getattr(module, _LISTED, None)
    found: list[Any] = []
    if told is not None:
        found = list(cast("Iterable[Any]", told))
    else:
        for value in vars(module).values():
            if isinstance(value, BaseTool):
                found.append(value)
            elif isinstance(value, ToolRegistry):
                found += list(value)
    if not found:
        raise SettingsError(
            f"{path} holds no tools: make a list TOOLS of functions, or decorate them with "
            "groundglm.tools.tool"
        )
    try:
        return as_tools(found)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
