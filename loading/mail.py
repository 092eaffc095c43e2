"""E-mail: messages (EML) and boxes of them (MBOX), with what is attached."""

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from typing import cast

from ..errors import DocumentError
from .extracted import ExtractedText
from .html import html_to_text
from .options import ReadingOptions
from .parts import Part, text_of

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_MOST_MESSAGES = 20_000
_MOST_DEPTH = 8
_FROM = re.compile(rb"^From [^\n]{1,300}\d{4}[^\n]{0,20}\r?\n", re.MULTILINE)


def read_eml(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A message, and each attachment that can be read as a document of its own."""
    yield from _message(data, options, "", 0)


def read_mbox(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The messages of a box, each a document, with their attachments."""
    starts = list(_FROM.finditer(data))
    if not starts or starts[0].start() > 0:
        raise DocumentError("it is no box of messages (MBOX)")
    if len(starts) > _MOST_MESSAGES:
        raise DocumentError(f"it holds {len(starts):,} messages, more than {_MOST_MESSAGES:,}")
    ends = [*(one.start() for one in starts[1:]), len(data)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        raw = re.sub(rb"^>(>*From )", rb"\1", data[start.end() : end], flags=re.MULTILINE)
        yield from _message(raw, options, f"#{number}", 0)
        options.still_going()


def _message(data: bytes, options: ReadingOptions, name: str, depth: int) -> Iterator[Part]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not _is_mail(message):
        raise DocumentError("it is no message: it has no sender, subject or date")
    out = ExtractedText(options)
    out.title = _header(message, "Subject")
    for key in _SHOWN:
        value = _header(message, key)
        out.paragraph(f"{key}: {value}" if value else "")
    body = _body(message)
    if body is not None:
        out.paragraph(_text(body, out), gap="\n\n")
    attached = list(_attachments(message))
    parts: list[Part] = []
    for number, one in enumerate(attached, start=1):
        parts += _attachment(one, number, options, name, depth, out)
    yield out.part(name)
    yield from parts


def _is_mail(message: EmailMessage) -> bool:
    return any(key in message for key in ("From", "Subject", "Date", "To", "Message-ID"))


def _header(message: EmailMessage, key: str) -> str:
    try:
        return " ".join(str(message.get(key, "")).split()).encode("utf-8", "replace").decode()
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""  # the library's parser of headers falls over some that are malformed


def _body(message: EmailMessage) -> MIMEPart | None:
    try:
        return message.get_body(("plain", "html"))
    except (ValueError, LookupError, AttributeError, TypeError):
        return None


def _text(part: MIMEPart, out: ExtractedText) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset()
    try:
        text = text_of(payload, charset)
    except (DocumentError, LookupError):
        try:
            text = text_of(payload)
        except DocumentError as error:
            out.note(f"the text of the message cannot be read: {error}")
            return ""
    return html_to_text(text)[1] if part.get_content_subtype() == "html" else text


def _attachments(message: EmailMessage) -> Iterator[MIMEPart]:
    try:
        yield from message.iter_attachments()
    except (ValueError, LookupError, AttributeError, TypeError):
        return


def _attachment(
    part: MIMEPart,
    number: int,
    options: ReadingOptions,
    name: str,
    depth: int,
    out: ExtractedText,
) -> list[Part]:
    """The documents of an attachment; one that cannot be read is noted."""
    from .formats import read_bytes

    told = _filename(part) or f"attachment {number}"
    if depth >= _MOST_DEPTH:
        out.note(f"{told} was left out: messages are nested too deeply")
        return []
    try:
        if part.get_content_type() == "message/rfc822":
            held = part.get_payload()
            if not isinstance(held, list) or not held:
                return []
            inner = cast("list[EmailMessage]", held)[0]
            return list(_message(bytes(inner), options, f"{name}#{number}", depth + 1))
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or not payload.strip():
            return []
        found = list(read_bytes(payload, told, options))
    except (DocumentError, RecursionError, LookupError, ValueError) as error:
        out.note(f"{told} was not read: {error}")
        return []
    label = re.sub(r"[\s#/\\]+", "-", told)
    return [
        Part(
            one.text,
            one.title or told,
            f"{name}#{number}-{label}{one.name}",
            one.page_starts,
            one.note,
            one.places,
        )
        for one in found
    ]


def _filename(part: MIMEPart) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, AttributeError, TypeError):
        return ""
    return re.sub(r"[\x00-\x1f\x7f]", "", name).rsplit("/", 1)[-1].rsplit("\\", 1)[-1][-120:]
