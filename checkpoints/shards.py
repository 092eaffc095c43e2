"""Files of weights: which there are, and their tensors; nothing is unpickled but tensors."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from safetensors import SafetensorError, safe_open

from ..errors import CheckpointError

_SINGLE = ("model.safetensors", "pytorch_model.bin")
_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


class Shard(Protocol):
    """A file of named tensors, each read when it is asked for."""

    def names(self) -> list[str]:
        """The names that it holds."""
        ...

    def get(self, name: str) -> torch.Tensor:
        """One tensor, on the CPU."""
        ...


class _Safetensors:
    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def names(self) -> list[str]:
        return list(self._opened.keys())

    def get(self, name: str) -> torch.Tensor:
        return self._opened.get_tensor(name)


class _Pickled:
    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self._tensors = tensors

    def names(self) -> list[str]:
        return list(self._tensors)

    def get(self, name: str) -> torch.Tensor:
        return self._tensors[name]


def weight_files(folder: Path) -> dict[Path, list[str] | None]:
    """The files with weights, in order, each with the names that an index places in it.

    Raises:
        CheckpointError: there are none, or the index names what is not there.
    """
    for name in _INDEXES:
        if (folder / name).is_file():
            return _indexed(folder, folder / name)
    for name in _SINGLE:
        if (folder / name).is_file():
            return {folder / name: None}
    raise CheckpointError(
        f"{folder} holds no weights: none of {', '.join((*_SINGLE, *_INDEXES))} is there"
    )


def _indexed(folder: Path, index: Path) -> dict[Path, list[str] | None]:
    try:
        data: Any = json.loads(index.read_text("utf-8"))
        placed = {str(name): str(file) for name, file in data["weight_map"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{index} is no index of weights: {error}") from error
    found: dict[Path, list[str] | None] = {}
    for name, file in sorted(placed.items(), key=lambda pair: (pair[1], pair[0])):
        if Path(file).name != file or file in ("", ".", ".."):
            raise CheckpointError(f"{index} names a file outside of its folder: {file!r}")
        path = folder / file
        if not path.is_file():
            raise CheckpointError(f"{folder} is incomplete: {file}, which holds {name}, is missing")
        cast("list[str]", found.setdefault(path, [])).append(name)
    return found


def stored_tensors(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a checkpoint under the names they are stored by, file after file."""
    for path, names in weight_files(folder).items():
        with open_shard(path) as shard:
            there = shard.names()
            lacking = sorted(set(names or ()) - set(there))
            if lacking:
                raise CheckpointError(f"{path} is incomplete: {listed(lacking)} missing")
            for name in sorted(names or there):
                try:
                    tensor = shard.get(name)
                except (SafetensorError, RuntimeError, OSError) as error:
                    raise CheckpointError(f"{path}: {name} cannot be read: {error}") from error
                yield name, tensor


@contextmanager
def open_shard(path: Path) -> Generator[Shard]:
    """A file of weights, mapped into memory; of a pickled one nothing but tensors is read."""
    if path.suffix == ".safetensors":
        try:
            opened: Any = safe_open(path, framework="pt", device="cpu")
        except (SafetensorError, OSError) as error:
            raise CheckpointError(
                f"{path} is damaged or was not downloaded whole: {error}"
            ) from error
        with opened:
            yield _Safetensors(opened)
        return
    yield _Pickled(_unpickled(path))


def _unpickled(path: Path) -> dict[str, torch.Tensor]:
    import pickle
    import zipfile

    try:
        data: object = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors, or is damaged; it was not read: "
            f"{str(error).splitlines()[0]}"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged or was not downloaded whole: {str(error).splitlines()[0]}"
        ) from error
    if not isinstance(data, dict) or not all(
        isinstance(value, torch.Tensor) for value in cast("dict[str, object]", data).values()
    ):
        raise CheckpointError(f"{path} is no file of named tensors")
    return cast("dict[str, torch.Tensor]", data)


def listed(names: list[str]) -> str:
    """A few names of tensors with their verb: "a is", "a, b, c and 4 more are"."""
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more are" if len(names) > 3 else f"{shown} is"
