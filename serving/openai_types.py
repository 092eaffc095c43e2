"""What OpenAI's clients send and read, as far as this server knows it.

Fields that nobody knows are ignored; `conversions.check_supported` refuses what is known and cannot
be honoured.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

Text = Annotated[str, Field(max_length=1_000_000)]
# Written out, for each dialect of patterns knows other blanks.
Name = Annotated[
    str,
    Field(
        pattern=r"^[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff]{1,64}$"
    ),
]


#: What a conversation may be called: it stands in addresses.
ThreadName = Annotated[str, Field(pattern=r"^[\w.~:@-]{1,200}$")]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ContentPart(_Loose):
    """A part of a message; only text can be read."""

    type: str
    text: Text | None = None
    refusal: Text | None = None


class CalledFunction(_Loose):
    """A function that was called, with its arguments as JSON."""

    name: Name
    arguments: Text = "{}"


class CalledTool(_Loose):
    """A call of a function in an earlier reply."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(_Loose):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[CalledTool] | None = None
    tool_call_id: str | None = None


class FunctionDescription(_Loose):
    """A function that the client can run."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: StrictBool | None = None


class ToolDescription(_Loose):
    """A tool of the client's; only functions are known."""

    type: Literal["function"] = "function"
    function: FunctionDescription


class NamedFunction(_Loose):
    """A function by its name."""

    name: Name


class NamedTool(_Loose):
    """The choice of one function."""

    type: Literal["function"] = "function"
    function: NamedFunction


class JSONSchemaFormat(_Loose):
    """A schema that the reply has to fit."""

    name: str = "reply"
    json_schema: dict[str, Any] = Field(default_factory=dict[str, Any], alias="schema")
    strict: StrictBool | None = None


class ResponseFormat(_Loose):
    """The form of a reply."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JSONSchemaFormat | None = None


class StreamOptions(_Loose):
    """What goes with a stream."""

    include_usage: StrictBool = False


class OwnOptions(_Loose):
    """What this server knows beyond OpenAI's API.

    `thread_id` goes on with a conversation that the server keeps: then only the last message is
    read. `labels` narrows what may be seen. `events` puts what happens on the way into a stream.
    """

    thread_id: ThreadName | None = None
    labels: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = None
    events: StrictBool = False


class _Sampling(_Loose):
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None
    stop: (
        Annotated[str, Field(min_length=1, max_length=1000)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=16)
        ]
        | None
    ) = None
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def stops(self) -> list[str]:
        """The texts that end a reply."""
        return [self.stop] if isinstance(self.stop, str) else list(self.stop or ())


class ChatRequest(_Sampling):
    """A request for a reply to a conversation."""

    model: Annotated[str, Field(min_length=1, max_length=300)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=2000)]
    tools: Annotated[list[ToolDescription], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: StrictBool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    n: Annotated[int, Field(ge=1, le=16)] | None = None
    logprobs: StrictBool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    functions: list[Any] | None = None
    modalities: list[str] | None = None
    groundglm: OwnOptions | None = None

    @property
    def tokens(self) -> int | None:
        """The most that a reply may have."""
        return self.max_completion_tokens or self.max_tokens


class StructuredOutputs(_Loose):
    """vLLM's form of what a reply is held to; here a grammar of llguidance's Lark."""

    grammar: str | None = None


class OwnCompletionOptions(_Loose):
    """What GroundGLM's own `HTTPEngine` sends beside a prompt of ids."""

    reserve: float = 0.0
    quote: str = '"'
    tool_choice: str = "auto"
    question_holds_evidence: StrictBool = False


Ids = Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1)]


class CompletionRequest(_Sampling):
    """A request to go on with a prompt: ids, or text, in which no control token is ever read."""

    model: Annotated[str, Field(min_length=1, max_length=300)]
    prompt: (
        Annotated[str, Field(min_length=1, max_length=1_000_000)]
        | Ids
        | Annotated[list[Ids], Field(min_length=1, max_length=64)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=1_000_000)]],
            Field(min_length=1, max_length=64),
        ]
    )
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = 16
    n: Annotated[int, Field(ge=1, le=16)] | None = None
    echo: StrictBool | None = None
    best_of: int | None = None
    suffix: str | None = None
    logprobs: int | None = None
    stop_token_ids: list[int] | None = None
    return_token_ids: StrictBool | None = None
    structured_outputs: StructuredOutputs | None = None
    groundglm: OwnCompletionOptions | None = None


class EmbeddingRequest(_Loose):
    """A request for vectors of texts."""

    model: Annotated[str, Field(min_length=1, max_length=300)]
    input: (
        Annotated[str, Field(min_length=1, max_length=100_000)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=100_000)]],
            Field(min_length=1, max_length=2048),
        ]
        | list[int]
        | list[list[int]]
    )
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None


# --- what comes back ------------------------------------------------------------------------------


class ReplyFunction(BaseModel):
    """A function that is called, with its arguments as JSON."""

    name: str
    arguments: str


class ReplyCall(BaseModel):
    """A call of one of the client's functions."""

    id: str
    type: Literal["function"]
    function: ReplyFunction


class ReplyMessage(BaseModel):
    """The reply."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None = None
    tool_calls: list[ReplyCall] | None = None


class ReplyChoice(BaseModel):
    """One of the replies."""

    index: int
    message: ReplyMessage
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]
    logprobs: None = None


class Usage(BaseModel):
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatReply(BaseModel):
    """A reply to a conversation; `groundglm` holds evidence, citations and what else is ours."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ReplyChoice]
    usage: Usage
    groundglm: dict[str, Any] | None = None


class CompletionChoice(BaseModel):
    """One continuation."""

    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None
    logprobs: None = None
    token_ids: list[int] | None = None
    prompt_token_ids: list[int] | None = None


class CompletionReply(BaseModel):
    """Continuations of prompts."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage


class EmbeddingVector(BaseModel):
    """The vector of one text: numbers, or their bytes (little-endian float32) in base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    """Tokens read; 0 where the model does not tell."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingReply(BaseModel):
    """The vectors of texts, in their order."""

    object: Literal["list"]
    model: str
    data: list[EmbeddingVector]
    usage: EmbeddingUsage


class ModelCard(BaseModel):
    """Something that answers; `groundglm` tells what it is."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int | None = None
    groundglm: dict[str, Any] | None = None


class ModelList(BaseModel):
    """What there is."""

    object: Literal["list"]
    data: list[ModelCard]
