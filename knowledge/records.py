"""From LangChain Documents and facts to the records that the database stores."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from langchain_core.documents import Document

from ..database.records import DocumentRecord, PassageRecord
from ..evidence import MAX_TITLE_CHARACTERS, Source
from ..facts import Contribution, Fact, FactExtractor
from ..loading.files import READING_KEY
from ..loading.formats import format_of
from ..loading.parts import page_of, page_starts, place_of, place_starts
from ..notation import format_fact
from ..retrieval.passage_vectors import vector_key
from ..retrieval.splitter import Splitter, Splitting
from ..retrieval.splitting import TextPassage
from ..retrieval.text_structure import PATH_MARK
from ..retrieval.visibility import check_labels
from ..text.spans import Span

# Raise it when splitting or extraction changes, so that a repeated `add` reads documents again.
READING_VERSION = 4
_LONGEST_HEADING = 600


@dataclass(slots=True)
class AddReport:
    """What `add_documents` or `add_facts` did, as document ids; `refused` holds the reasons.

    `removed` are rows that a file of several documents no longer has, and with `sync` what has
    vanished. `passed_over` are files in named folders that are none to be read, with why. `notes`
    says of a document (by id) what was bounded while it was read: a title cut, sentences in which
    no facts were read, nesting taken away.
    """

    added: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    passed_over: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    notes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    passages: int = 0
    facts: int = 0

    def with_more(self, other: "AddReport") -> "AddReport":
        """What both did."""
        return AddReport(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


def content_hash(*parts: object, version: int = READING_VERSION) -> str:
    """A hash of plain data that is stable over runs and machines."""
    data = json.dumps([version, *parts], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()


def is_hash_of(
    digest: str, title: str, text: str, metadata: Mapping[str, Any], labels: Sequence[str]
) -> bool:
    """Whether a document with this content hash, by this version or an earlier one, is this."""
    return any(
        content_hash(title, text, metadata, labels, version=version) == digest
        for version in range(1, READING_VERSION + 1)
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that was checked but not split yet."""

    id: str
    title: str
    text: str
    metadata: Mapping[str, Any]
    labels: tuple[str, ...]
    content_hash: str
    notes: tuple[str, ...] = ()


def check_document(document: object, splitting: Splitting | None = None) -> Candidate:
    """The document as it will be stored.

    Args:
        document: A LangChain Document.
        splitting: How it will be split; split in another way it counts as changed.

    Raises:
        TypeError: it is no LangChain Document.
        ValueError: it cannot be stored; the message says why.
    """
    if not isinstance(document, Document):
        raise TypeError(
            f"add_documents takes langchain_core.documents.Document, not {type(document).__name__}"
        )
    text = document.page_content
    metadata = {key: value for key, value in document.metadata.items() if key != READING_KEY}
    notes = [str(note) for note in reading_of(document).get("notes", ())]
    title = " ".join(str(metadata.get("title") or "").split())
    if len(title) > MAX_TITLE_CHARACTERS:
        notes.append(f"its title of {len(title):,} characters was cut to {MAX_TITLE_CHARACTERS}")
        title = title[:MAX_TITLE_CHARACTERS]
    labels = check_labels(metadata.get("labels"))
    try:
        json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True, default=str).encode()
    except (TypeError, ValueError) as error:  # mixed keys, half a character, a cycle
        raise ValueError(f"its metadata cannot be stored: {error}") from None
    split = () if splitting is None or splitting == Splitting() else (splitting.name,)
    digest = content_hash(title, text, metadata, labels, *split)
    id_ = document.id or f"document-{digest[:16]}"
    for part in (id_, title, text):
        try:
            part.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"it holds half a character (a lone surrogate): {error}") from None
    if not text.strip():
        raise ValueError("it is empty")
    return Candidate(id_, title, text, metadata, labels, digest, tuple(notes))


def reading_of(document: object) -> Mapping[str, Sequence[str]]:
    """What the loader says of a document's file, for the report; empty for any other document."""
    told: object = document.metadata.get(READING_KEY) if isinstance(document, Document) else None
    if not isinstance(told, dict):
        return {}
    # Nothing but what our loader writes: documents, and their metadata, may come from anywhere.
    return {
        key: cast("list[str]", value)
        for key, value in cast("dict[str, object]", told).items()
        if key in ("notes", "parts")
        and isinstance(value, list)
        and all(isinstance(one, str) for one in cast("list[object]", value))
    }


def read_document(
    candidate: Candidate, splitter: Splitter, *, extractor: FactExtractor | None
) -> DocumentRecord:
    """Split a document into passages and, with an extractor, read the facts that its text states.

    Raises:
        ValueError: the extractor failed, or gave what is no fact of this text.
    """
    passages: list[PassageRecord] = []
    is_code = format_of(str(candidate.metadata.get("source") or "")) == "code"
    kind = "code" if is_code else "text"
    metadata = candidate.metadata
    breaks, pages = place_starts(metadata), page_starts(metadata)
    found = splitter.split(candidate.text, kind, breaks=breaks, pages=pages)
    for position, piece in enumerate(found):
        text = piece.span.cut(candidate.text)
        heading = _heading(candidate, piece)
        digest = content_hash(candidate.id, candidate.content_hash, position)
        passages.append(
            PassageRecord(
                f"p-{digest[:20]}",
                candidate.id,
                position,
                piece.span,
                text,
                heading,
                page=page_of(candidate.metadata, piece.span.start),
                vector_key=vector_key(candidate.title, heading, text),
            )
        )
    facts = () if extractor is None else _read_facts(extractor, candidate)
    return DocumentRecord(
        candidate.id,
        "text",
        candidate.title,
        candidate.text,
        candidate.metadata,
        candidate.labels,
        candidate.content_hash,
        tuple(passages),
        tuple(_placed(facts, passages, candidate.metadata)),
    )


def _heading(candidate: Candidate, piece: TextPassage) -> str:
    """Where a passage stands in its document: its sheet, slide or time, and the headings above."""
    place = place_of(candidate.metadata, piece.span.start)
    told = [place, *piece.heading.split(PATH_MARK)]
    names = [" ".join(name.split()) for name in told]  # on one line, whatever a file calls a sheet
    kept: list[str] = []
    for name in names:
        # A first heading that is the title, or that is the name of the sheet, says it again.
        if name and name != candidate.title and not (kept and kept[-1] in (name, f"sheet {name}")):
            kept.append(name)
    return PATH_MARK.join(kept)[:_LONGEST_HEADING]


def _read_facts(extractor: FactExtractor, candidate: Candidate) -> Iterator[Fact]:
    """What an extractor gives, each fact said by this document and by no other."""
    try:
        found: list[object] = [
            *extractor(candidate.text, document_id=candidate.id, title=candidate.title)
        ]
    except Exception as error:  # it may be anybody's, and the other documents are still to be read
        raise ValueError(f"no facts were read: {type(error).__name__}: {error}") from error
    whole = Source(candidate.id, candidate.title)
    for fact in found:
        if not isinstance(fact, Fact):
            raise ValueError(f"the extractor gave {fact!r:.80}, which is no Fact")
        said = fact.contributions or (Contribution(whole, extractor="given"),)
        for one in said:
            if one.source.span is not None and one.source.span.end > len(candidate.text):
                raise ValueError(f"the extractor gave a span beyond the text: {one.source.span}")
        yield replace(
            fact,
            contributions=tuple(
                replace(one, source=replace(one.source, document_id=candidate.id)) for one in said
            ),
        )


def _placed(
    facts: Iterable[Fact], passages: Sequence[PassageRecord], metadata: Mapping[str, Any]
) -> Iterator[Fact]:
    """The facts with the passage and the page on which each is said."""
    starts = [passage.span.start for passage in passages]

    def located(said: Contribution) -> Contribution:
        if said.source.span is None or not passages:
            return said
        start = said.source.span.start
        index = max(0, bisect_right(starts, start) - 1)
        source = replace(said.source, page=page_of(metadata, start))
        return replace(said, source=source, passage_id=passages[index].id)

    for fact in facts:
        yield replace(fact, contributions=tuple(located(said) for said in fact.contributions))


def read_fact_set(
    facts: Iterable[Fact],
    *,
    document_id: str | None,
    title: str,
    labels: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> DocumentRecord:
    """A set of facts as a document of its own: one line of text for each, which its span covers."""
    listed = list(facts)
    labels = check_labels(labels)
    lines = [format_fact(fact.subject, fact.predicate, fact.object) for fact in listed]
    details = [
        [c.extractor, c.confidence, c.time, c.source.title]
        for fact in listed
        for c in fact.contributions
    ]
    digest = content_hash("facts", title, lines, details, labels)
    id_ = document_id or f"facts-{digest[:16]}"
    located: list[Fact] = []
    start = 0
    for fact, line in zip(listed, lines, strict=True):
        source = Source(id_, title, None, Span(start, start + len(line)))
        said = fact.contributions or (Contribution(source, extractor="given"),)
        # The document that holds the fact is the one whose deletion takes it away; the source that
        # a row names stays as its title.
        contributions = tuple(
            replace(one, source=replace(source, title=one.source.title or title)) for one in said
        )
        located.append(replace(fact, contributions=contributions))
        start += len(line) + 1
    return DocumentRecord(
        id_, "facts", title, "\n".join(lines), metadata or {}, labels, digest, (), tuple(located)
    )
