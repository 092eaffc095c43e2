"""Pages and files at addresses of the web, fetched when they are named and read like files."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from langchain_core.documents import Document

from .fetching import Fetched, FetchLimits, Resolver, fetch_bytes
from .files import documents_of
from .formats import ENDINGS, format_of
from .options import ReadingOptions
from .reading_processes import FileToRead, read_all
from .refusals import Refusal

_SECONDS = 60.0
_ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/json": ".json",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/epub+zip": ".epub",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}


def load_addresses(
    urls: Iterable[str],
    *,
    options: ReadingOptions | None = None,
    limits: FetchLimits | None = None,
    resolve: Resolver | None = None,
) -> Iterator[Document | Refusal]:
    """Fetch what stands at addresses: documents, whose id is the address, or refusals.

    Nothing is fetched but what is named: no other host behind a redirect, no private address, no
    page that another one links to.

    Args:
        urls: Addresses with http or https.
        options: How what is fetched is read, and what it may cost.
        limits: Time, and whether private addresses may be; the size is that of `options`.
        resolve: Looks up a host; the system's own if None.
    """
    options = options or ReadingOptions()
    limits = replace(limits or FetchLimits(_SECONDS), max_bytes=options.max_bytes)
    for url in urls:
        try:
            parts = urlsplit(url)
            named = parts.netloc.rpartition("@")[2]
            found = fetch_bytes(url, [named], limits=limits, resolve=resolve)
        except (ValueError, OSError) as error:
            yield Refusal(url, f"it cannot be fetched: {error}")
            continue
        if found.is_cut:
            yield Refusal(url, f"it has more than {options.max_bytes:,} bytes (--max-bytes)")
            continue
        yield from _read(url, found, options)


def _read(url: str, found: Fetched, options: ReadingOptions) -> Iterator[Document | Refusal]:
    ending = _ending(found)
    if not ending:
        yield Refusal(url, f"it is of a kind that is not read: {found.kind.partition(';')[0]}")
        return
    stem = PurePosixPath(unquote(urlsplit(found.url).path)).stem or urlsplit(found.url).hostname
    with tempfile.TemporaryDirectory(prefix="groundglm-") as folder:
        path = Path(folder) / f"page{ending}"
        path.write_bytes(found.data)
        (read,) = read_all([FileToRead(path)], options, jobs=1)
    yield from documents_of(read, path.with_name(f"{stem}{ending}"), url)


def _ending(found: Fetched) -> str:
    """The ending of a file of this kind; nothing where none is read."""
    kind = found.kind.partition(";")[0].strip()
    suffix = PurePosixPath(urlsplit(found.url).path).suffix.lower()
    # A host that calls everything text, or nothing, knows less than the name does.
    if format_of(f"x{suffix}") and kind in ("text/plain", "application/octet-stream", ""):
        return suffix
    if kind in _ENDINGS:
        return _ENDINGS[kind]
    return suffix if suffix in ENDINGS else ".txt" if kind.startswith("text/") else ""
