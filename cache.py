"""Where files are kept that can be made again at any time."""

import os
from pathlib import Path

VARIABLE = "GROUNDGLM_CACHE"


def cache_folder() -> Path:
    """The folder named by GROUNDGLM_CACHE, else `groundglm` in the user's folder for caches."""
    own = os.environ.get(VARIABLE)
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "groundglm"
