"""How files are read: what may be done, and what one file may cost."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from ..errors import DocumentError

MAX_BYTES = 50_000_000
#: Raise it when a reader of a format changes what it gives, so that files are read again.
LOADING_VERSION = 1

OCR = Literal["auto", "rapidocr", "tesseract", "off"]


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What may be done to read a file, and what it may cost.

    Attributes:
        encoding: That of text files, where it cannot be told from their bytes.
        ocr: How pictures of text are read: "auto" takes rapidocr where it is installed, else
            tesseract; "off" reads none.
        archives: Whether files within ZIP and tar archives are read.
        max_bytes: Larger files are refused, packed and unpacked.
        max_characters: Files with more text are refused.
        max_pictures: So many pictures and scanned pages of one file are read.
        seconds: So long a file may take without getting on by a page.
        megabytes: So much memory the process may take that reads a file.
        still_going: Called by long readings whenever they have come further.
    """

    encoding: str | None = None
    ocr: OCR = "auto"
    archives: bool = False
    max_bytes: int = MAX_BYTES
    max_characters: int = 60_000_000
    max_pictures: int = 500
    seconds: float = 120.0
    megabytes: int = 3_000
    still_going: Callable[[], None] = field(default=_nothing, compare=False)

    def __post_init__(self) -> None:
        if self.ocr not in get_args(OCR):
            raise ValueError(f"ocr is one of {', '.join(get_args(OCR))}, not {self.ocr!r}")
        for name in ("max_bytes", "max_characters", "max_pictures", "seconds", "megabytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except (LookupError, UnicodeError):
                raise ValueError(f"there is no encoding {self.encoding!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; `from_dict` reads it back, without `still_going`."""
        told = asdict(self)
        del told["still_going"]
        return told

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], still_going: Callable[[], None] = _nothing
    ) -> "ReadingOptions":
        """What `to_dict` wrote."""
        known = {one.name for one in fields(cls)}
        return cls(**{key: data[key] for key in data if key in known}, still_going=still_going)

    def fingerprint(self) -> str:
        """What of this changes the text that is read of a file."""
        return f"{LOADING_VERSION}/{self.encoding or ''}/{self.ocr}/{self.archives:d}"

    def bounded(self, characters: int) -> None:
        """Refuse a file whose text grows beyond what one may have.

        Raises:
            DocumentError: it has.
        """
        if characters > self.max_characters:
            raise DocumentError(
                f"it holds more than {self.max_characters:,} characters; split it into several"
            )
