"""Pages of named hosts as a tool: no other host, no private address, within time and size."""

from collections.abc import Iterable, Sequence

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from ..loading.encodings import decode
from ..loading.fetching import FetchLimits, Resolver, fetch_bytes
from ..loading.html import html_to_text
from .registry import ToolPolicy, with_policy

_TEXT_KINDS = ("text/", "application/json", "application/xml", "application/xhtml+xml")


def fetch(
    url: str,
    hosts: Iterable[str],
    *,
    limits: FetchLimits | None = None,
    resolve: Resolver | None = None,
) -> str:
    """The text of a page, cut where it is too long; how it is asked for, `fetch_bytes` says.

    Args:
        url: An address with http or https.
        hosts: The hosts that may be asked, "example.org" or with a port "example.org:8443"; a dot
            before it, ".example.org", allows those below it.
        limits: Time, size, and whether private addresses may be.
        resolve: Looks up a host; the system's own if None.

    Raises:
        ValueError: it may not be fetched, or there is no text.
        OSError: the host cannot be reached.
        TimeoutError: it took too long.
    """
    held = limits or FetchLimits()
    found = fetch_bytes(url, hosts, limits=held, resolve=resolve, kinds=_TEXT_KINDS)
    text = decode(found.data)
    if "html" in found.kind:
        title, body = html_to_text(text)
        text = f"{title}\n{body}".strip()
    return f"{text}\n(cut: more than {held.max_bytes} bytes)" if found.is_cut else text


def fetch_tool(hosts: Sequence[str], *, limits: FetchLimits | None = None) -> BaseTool:
    """The tool `fetch_page` for these hosts; no agent has it unless it is given.

    Args:
        hosts: The hosts that may be asked, as for `fetch`.
        limits: Time, size, and whether private addresses may be.

    Raises:
        ValueError: no host is named.
    """
    if not hosts or isinstance(hosts, str):
        raise ValueError('name the hosts that may be fetched, such as ["docs.python.org"]')
    held = limits or FetchLimits()

    def fetch_page(url: str) -> str:
        try:
            return fetch(url, hosts, limits=held)
        except ValueError as error:
            raise ToolException(str(error)) from error

    made = StructuredTool.from_function(
        fetch_page,
        description=f"Read a web page of {', '.join(hosts)}. 读取这些网站的网页。",
    )
    policy = ToolPolicy(read_only=True, timeout=held.timeout + 5)
    return with_policy(made, policy)
