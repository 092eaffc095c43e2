"""What the API of the bases sends: documents, evidence, facts, conversations."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool

from .openai_types import Text, ThreadName


class BaseSummary(BaseModel):
    """A base and what the asker sees of it."""

    name: str
    engine: str
    embeddings: str
    reads_chinese: bool
    documents: int
    passages: int
    facts: int
    entities: int


class BaseListing(BaseModel):
    """The bases of the server."""

    bases: list[BaseSummary]


class SourceData(BaseModel):
    """Where evidence stands; `span` are characters of the document's text, the end excluded."""

    document_id: str
    title: str
    page: int | None = None
    span: list[int] | None = None
    place: str = ""


class EvidenceData(BaseModel):
    """A passage or a fact; `why` says how it was found."""

    id: str
    kind: Literal["passage", "fact"]
    text: str
    score: float
    why: str
    sources: list[SourceData]
    context: str = ""


class ScorePart(BaseModel):
    """What one ranking says of a passage; `rank` is None where it did not find it."""

    ranking: str
    rank: int | None
    score: float | None


class FoundData(EvidenceData):
    """A hit, with what each ranking says of it."""

    parts: list[ScorePart]


class SearchReply(BaseModel):
    """What a search found, best first."""

    query: str
    mode: str
    found: list[FoundData]
    seconds: float


class DocumentData(BaseModel):
    """A document in a list."""

    id: str
    title: str
    kind: str
    characters: int
    passages: int
    facts: int
    added_at: str
    metadata: dict[str, Any]
    is_upload: bool


class DocumentListing(BaseModel):
    """Documents by id; `next` is where the following page begins, None at the end."""

    documents: list[DocumentData]
    total: int
    next: str | None


class DocumentText(BaseModel):
    """A document's text, or a part of it from `start`."""

    id: str
    title: str
    text: str
    start: int
    characters: int
    metadata: dict[str, Any]


class RemovalPreview(BaseModel):
    """What would go with a document; of the facts, at most a hundred are listed."""

    id: str
    title: str
    passages: int
    facts: int
    facts_that_stay: int
    listed: list["FactData"]
    file: bool


class Removed(BaseModel):
    """What is gone."""

    removed: list[str]


class FactData(BaseModel):
    """A fact with who says it."""

    id: str
    subject: str
    predicate: str
    object: str
    confidence: float
    times: list[str]
    sources: list[SourceData]


class FactListing(BaseModel):
    """Facts about an entity; `known` is how many there are in all."""

    entity: str
    facts: list[FactData]
    known: int
    near: list[str]


class PathData(BaseModel):
    """A chain of facts."""

    entities: list[str]
    facts: list[FactData]
    text: str


class PathListing(BaseModel):
    """The shortest chains between two entities; `near` are names that may be meant."""

    paths: list[PathData]
    near: dict[str, list[str]]


class EntityData(BaseModel):
    """An entity and how many facts it takes part in."""

    id: str
    name: str
    type: str
    facts: int


class EntityListing(BaseModel):
    """Entities."""

    entities: list[EntityData]


class GraphNode(BaseModel):
    """An entity and where it is drawn."""

    id: str
    name: str
    type: str
    x: float
    y: float
    strong: bool = False


class GraphEdge(BaseModel):
    """A fact between two entities."""

    id: str
    source: str
    target: str
    predicate: str
    title: str
    strong: bool = False
    sources: list[SourceData]


class GraphData(BaseModel):
    """A part of the graph, laid out on a plane of `width` and `height`."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    width: float
    height: float
    is_cut: bool


class Lines(BaseModel):
    """How the lines of an answer are wanted: as the command line prints it, seen from a folder."""

    verbose: StrictBool = False
    here: Annotated[str, Field(max_length=4000)] = ""


class Question(BaseModel):
    """A question to a base; with a `thread_id` as the next turn of that conversation."""

    question: Annotated[str, Field(min_length=1, max_length=100_000)]
    thread_id: ThreadName | None = None
    labels: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = None
    stream: StrictBool = True
    lines: Lines | None = None


class Decisions(BaseModel):
    """What a person says of calls that wait, by their ids; none goes on with a broken turn."""

    decisions: dict[str, Literal["approve", "reject"] | dict[str, Any]] | None = None
    stream: StrictBool = True


class AnswerReply(BaseModel):
    """An answer; `answer` is as `Answer.to_dict` writes it."""

    id: str
    thread_id: str | None
    answer: dict[str, Any]
    lines: list[str] | None = None


class KeptAnswer(BaseModel):
    """An answer that was kept."""

    id: str
    time: float
    thread_id: str = ""
    answer: dict[str, Any]


class ConversationData(BaseModel):
    """A conversation in a list."""

    id: str
    title: str
    updated: float


class ConversationListing(BaseModel):
    """Conversations, the newest first."""

    conversations: list[ConversationData]


class ConversationText(BaseModel):
    """A conversation's answers in order, and what waits for a person in it."""

    id: str
    answers: list[KeptAnswer]
    pending: list[dict[str, Any]]


class TraceData(BaseModel):
    """An answer in a list."""

    id: str
    time: float
    thread_id: str
    question: str


class TraceListing(BaseModel):
    """Answers, the newest first."""

    traces: list[TraceData]


class Feedback(BaseModel):
    """What somebody says of an answer."""

    answer_id: Annotated[str, Field(min_length=1, max_length=200)]
    rating: Literal["up", "down"]
    comment: Annotated[Text, Field(max_length=10_000)] = ""


class FeedbackData(BaseModel):
    """Feedback in a list."""

    answer_id: str
    owner: str
    time: float
    rating: str
    comment: str
    question: str


class FeedbackListing(BaseModel):
    """Feedback, the newest first."""

    feedback: list[FeedbackData]


class Done(BaseModel):
    """It was done."""

    done: Literal[True] = True


class Health(BaseModel):
    """Whether the server works, and how busy it is."""

    status: Literal["ok", "stopping"]
    running: int
    waiting: int
    needs_key: bool


class Reloaded(BaseModel):
    """The bases that were opened again."""

    bases: list[str]


class SettingData(BaseModel):
    """A setting, its value, and where that comes from."""

    name: str
    value: str
    origin: str


class SettingListing(BaseModel):
    """The settings of a base."""

    settings: list[SettingData]


class WhoAmI(BaseModel):
    """Who the server takes the asker for."""

    name: str
    scopes: list[str]
    labels: list[str] | None


class FileResult(BaseModel):
    """What came of a file."""

    name: str
    status: Literal["added", "updated", "unchanged", "refused"]
    documents: list[str]
    passages: int = 0
    facts: int = 0
    reason: str = ""
    notes: list[str] = Field(default_factory=list[str])


class UploadReply(BaseModel):
    """What came of each file; `job` is empty where nothing was begun."""

    job: str
    status: Literal["running", "done", "failed"]
    files: list[FileResult]
    done: int
    of: int
    error: str = ""


RemovalPreview.model_rebuild()
