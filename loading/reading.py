"""Reading the bytes of one file."""

from pathlib import Path

from ..errors import DocumentError


def open_file(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises:
        DocumentError: it is too large, empty, or no regular file.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise DocumentError(
            f"it has {size:,} bytes, more than {max_bytes:,}; raise the limit with --max-bytes"
        )
    if not path.is_file():
        raise DocumentError("it is no regular file")
    with path.open("rb") as file:
        data = file.read(max_bytes)  # no more, though it may be growing
    if not data.strip():
        raise DocumentError("it is empty")
    return data
