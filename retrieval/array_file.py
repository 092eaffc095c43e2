"""Arrays in one file, mapped into memory; derived data, so a damaged file is made anew."""

import json
import os
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import GroundGLMError

_DTYPES = {"U8": "u1", "U16": "<u2", "I32": "<i4", "I64": "<i8", "U64": "<u8", "F32": "<f4"}
_LONGEST_HEADER = 1 << 20


class DamagedFileError(GroundGLMError):
    """A file of arrays is not as it was written."""


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays with a checksum of each, in the safetensors format, whole or not at all."""
    from safetensors.numpy import save

    whole = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        part.write_bytes(save(whole, {key: str(_checksum(one)) for key, one in whole.items()}))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def map_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, mapped and not copied; each was compared with its checksum.

    Raises:
        DamagedFileError: the file is missing, cut short or changed.
    """
    try:
        data = np.memmap(path, dtype="u1", mode="r")
        size = int.from_bytes(data[:8].tobytes(), "little")
        if not 0 < size <= min(_LONGEST_HEADER, len(data) - 8):
            raise ValueError("it has no header")
        header: dict[str, Any] = json.loads(data[8 : 8 + size].tobytes())
        checksums = header.pop("__metadata__")
        arrays = {key: _array(data[8 + size :], one) for key, one in header.items()}
        for key, array in arrays.items():
            if int(checksums[key]) != _checksum(array):
                raise ValueError(f"the checksum of {key!r} differs")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFileError(f"{path} is damaged: {error}") from error
    return arrays


def _array(data: np.ndarray, described: Mapping[str, Any]) -> np.ndarray:
    start, end = described["data_offsets"]
    if not 0 <= start <= end <= len(data):
        raise ValueError("it was cut short")
    return data[start:end].view(_DTYPES[described["dtype"]]).reshape(described["shape"])


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(array.reshape(-1).view("u1").data)
