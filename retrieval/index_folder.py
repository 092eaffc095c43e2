"""The folder of an index: files that never change, and a manifest that names those in use."""

import json
import os
import re
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

_NAMED = re.compile(r"[0-9a-f]{12}\.(?:safetensors|vectors)")
_UNUSED_SECONDS = 600  # a file that another process writes just now is not in a manifest yet


class IndexFolder:
    """Writes the manifest of a folder and removes the files that it does not name.

    Args:
        path: The folder.
        manifest: The manifest's name; the folder's other files are those of the index.
    """

    def __init__(self, path: Path, manifest: str) -> None:
        self.path = path
        self._manifest = path / manifest

    def read(self) -> bytes | None:
        """The manifest as it stands now; None where there is none."""
        try:
            return self._manifest.read_bytes()
        except OSError:
            return None

    def write(self, told: dict[str, Any], *, used: Collection[str], at_once: bool = False) -> None:
        """Put a new manifest in the place of the old one, and remove the files of that.

        A reader that has just read the old manifest finds its files gone and reads the new one.

        Args:
            told: What the manifest says.
            used: The names of the files that it needs.
            at_once: Whether no other file may stay, however new.
        """
        before = (self.read() or b"").decode("utf-8", "replace")
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / f".{self._manifest.name}.{uuid.uuid4().hex[:8]}"
        part.write_text(json.dumps(told), "utf-8")
        os.replace(part, self._manifest)
        named = {Path(name).stem for name in _NAMED.findall(before)}
        self._remove(used, named, 0 if at_once else _UNUSED_SECONDS)

    def clear(self) -> None:
        """Remove the manifest and every file."""
        self._manifest.unlink(missing_ok=True)
        self._remove((), (), 0)

    def tidy(self, used: Collection[str]) -> None:
        """Remove every file but the manifest and these."""
        self._remove(used, (), 0)

    def _remove(self, used: Collection[str], superseded: Collection[str], seconds: float) -> None:
        if not self.path.is_dir():
            return
        for path in self.path.iterdir():
            if path.name in used or path == self._manifest:
                continue
            try:
                if path.stem in superseded or time.time() - path.stat().st_mtime >= seconds:
                    path.unlink()
            except OSError:  # another process was quicker, or still reads it (Windows); a folder
                continue
