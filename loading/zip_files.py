"""ZIP files that are read within bounds, and the XML in them."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers.expat import ExpatError, ParserCreate

from ..errors import DocumentError
from .options import ReadingOptions

_MOST_FILES = 20_000
_MOST_RATIO = 300  # what is packed tighter is made to burst
_RATIO_COUNTS_FROM = 5_000_000
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class BoundedZip:
    """A ZIP file whose whole size when unpacked was checked."""

    file: zipfile.ZipFile
    names: frozenset[str]
    max_bytes: int

    def read(self, name: str) -> bytes:
        """The bytes of a file in it.

        Raises:
            DocumentError: it is damaged, encrypted, missing, or larger than it says.
        """
        pieces: list[bytes] = []
        taken = 0
        try:
            with self.file.open(name) as file:
                while piece := file.read(_PIECE):
                    taken += len(piece)
                    if taken > self.max_bytes:
                        raise DocumentError(
                            f"unpacked, {name} has more than {self.max_bytes:,} bytes"
                        )
                    pieces.append(piece)
        except KeyError:
            raise DocumentError(f"it is damaged: there is no {name} in it") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise DocumentError(f"it is damaged: {error}") from error
        except RuntimeError as error:  # so zipfile says that a password is needed
            raise DocumentError(f"it is encrypted: {error}") from error
        return b"".join(pieces)


def open_zip(data: bytes, options: ReadingOptions) -> BoundedZip:
    """A ZIP file, after what it says of itself was held against what may be unpacked.

    Raises:
        DocumentError: it is none, is damaged, or would be too large.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("it is encrypted; save a copy that opens without a password")
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
        members = file.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError) as error:
        raise DocumentError(f"it is no file of its format, or is damaged: {error}") from error
    most = 10 * options.max_bytes
    size = sum(member.file_size for member in members)
    if len(members) > _MOST_FILES:
        raise DocumentError(f"it holds {len(members):,} files, more than {_MOST_FILES:,}")
    if size > most or (size > _RATIO_COUNTS_FROM and size > _MOST_RATIO * len(data)):
        raise DocumentError(f"unpacked, it would have {size:,} bytes: too many for {len(data):,}")
    return BoundedZip(file, frozenset(file.namelist()), min(most, max(size, 1)))


def xml_of(archive: BoundedZip, name: str) -> Element:
    """The root of an XML file in a ZIP file.

    Raises:
        DocumentError: it is no XML, or declares entities, which could grow without end.
    """
    return parse_xml(archive.read(name), name)


def parse_xml(data: bytes, name: str) -> Element:
    """The root of XML that declares no entities.

    Raises:
        DocumentError: it is no XML, or declares entities, which could grow without end.
    """

    def refuse(*_: object) -> None:
        raise DocumentError(f"{name} declares entities of XML, which are not read")

    try:
        # The parser of ElementTree hides its own, so a bare one looks through it first.
        checker = ParserCreate()
        checker.EntityDeclHandler = refuse
        checker.Parse(data, True)
        return fromstring(data)
    except (ExpatError, ParseError, ValueError, LookupError) as error:
        raise DocumentError(f"it is damaged: {name}: {error}") from error
