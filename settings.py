"""Settings of a base: the file groundglm.toml, environment variables and flags, in rising force."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from .base_folder import SETTINGS_NAME
from .errors import SettingsError
from .evidence import SearchMode
from .notation import GroundingStyle

FILE_NAME = SETTINGS_NAME
PREFIX = "GROUNDGLM_"
# Variables with the prefix that are no settings.
_OTHER_VARIABLES = frozenset(
    "GROUNDGLM_KB GROUNDGLM_CACHE GROUNDGLM_REQUIRE_SYSTEM GROUNDGLM_FULL "
    "GROUNDGLM_OCR_THREADS".split()
)


_SECRET = frozenset({"engine.api_key"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddingSettings(_Section):
    """Which model turns passages into vectors."""

    model: str = "minilm"
    device: str | None = None


class EngineSettings(_Section):
    """What answers: the model in a folder where one is named, else the extractive engine."""

    name: str = Field(default="auto", pattern="^(auto|extractive|transformers|small)$")
    model: str | None = None
    device: str | None = None
    dtype: str | None = Field(default=None, pattern="^(float32|bfloat16|float16)$")
    adapter: str | None = None
    base_url: str | None = None
    tokenizer: str | None = None
    openai_base_url: str | None = None
    api_key: SecretStr | None = None
    max_tokens: int = Field(default=1024, ge=1)
    temperature: float = Field(default=0.0, ge=0)

    @property
    def kind(self) -> str:
        """Which it is: "extractive", "transformers", "small", "http" (ids) or "openai" (text)."""
        if self.base_url is not None:
            return "http"
        if self.openai_base_url is not None:
            return "openai"
        if "small" in (self.name, self.model):
            return "small"
        if self.name != "auto":
            return self.name
        return "transformers" if self.model else "extractive"


class GroundingSettings(_Section):
    """How evidence is found and shown."""

    k: int = Field(default=5, ge=1, le=50)
    mode: SearchMode = "graph"
    style: GroundingStyle = "tool_call"


class PassageSettings(_Section):
    """How large the passages are of what is added."""

    size: int = Field(default=1200, ge=16)
    unit: Literal["characters", "tokens"] = "characters"


class ThresholdSettings(_Section):
    """Below which answerability a question is declined, per language; None is the default."""

    zh: float | None = Field(default=None, ge=0, le=1)
    en: float | None = Field(default=None, ge=0, le=1)


class Settings(_Section):
    """All settings."""

    embeddings: EmbeddingSettings = EmbeddingSettings()
    engine: EngineSettings = EngineSettings()
    grounding: GroundingSettings = GroundingSettings()
    passages: PassageSettings = PassageSettings()
    thresholds: ThresholdSettings = ThresholdSettings()


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with the origin of each value that is not a default, by its dotted name."""

    values: Settings
    origins: Mapping[str, str]


TEMPLATE = """\
# Settings of this GroundGLM base. Lines that begin with # show the defaults.
# An environment variable overrides a line: GROUNDGLM_GROUNDING_K=8; a flag overrides both.

[embeddings]
# The model that turns passages into vectors: "minilm" (English), "hash" (no model), or any
# sentence-transformers model by name or folder. A base keeps the model it was made with.
model = {model}
# device = "cpu"

[engine]
# "extractive" answers with sentences and facts of the evidence; it needs no weights and is not
# ChatGLM3. "transformers" runs the checkpoint in the folder `model`; "auto" does so where one is
# named. "small" is a small English model, made on the first use (SmolLM2, not ChatGLM3).
# name = "auto"
# model = "/path/to/chatglm3-6b"
# device = "cuda"
# dtype = "bfloat16"
# adapter = "/path/to/lora-or-prefix"
# ChatGLM3 on another machine: a server that gives token ids (vLLM, groundglm serve), with the
# folder of its tokenizer; `model` is its name there.
# base_url = "http://HOST:8000/v1"
# tokenizer = "/path/to/chatglm3-6b"
# api_key = "better given as GROUNDGLM_ENGINE_API_KEY"
# Or any other chat model behind OpenAI's API (pip install "groundglm[openai]"), named by `model`.
# openai_base_url = "http://HOST:11434/v1"
# max_tokens = 1024
# temperature = 0.0

[grounding]
# How many passages are shown, and how they are found: "vector", "bm25", "hybrid" or "graph".
# k = 5
# mode = "graph"
# "tool_call", or "template" for models that were not trained on tools.
# style = "tool_call"

[passages]
# How large a passage may be, in "characters" (a Chinese one counts twice) or in "tokens" of the
# embedding model. Documents that were cut otherwise are cut again when they are added again.
# size = 1200
# unit = "characters"

[thresholds]
# A question is declined when its answerability is below this, per language (0 never declines).
# `groundglm calibrate` chooses them for your own documents and notes here where they come from.
# zh = 0.5
# en = 0.5
"""


def new_settings(model: str) -> str:
    """The text of a commented settings file for a base with this embedding model."""
    return TEMPLATE.format(model=_quoted(model))


def _quoted(text: str) -> str:
    # TOML takes JSON's strings.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_settings(
    folder: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """Read the settings of a base.

    Args:
        folder: The base; None reads no file.
        environment: In place of the process's own variables.
        flags: Values by dotted name (`"grounding.k"`); None values are left out.

    Raises:
        SettingsError: a key that does not exist (the message names the nearest), or a value that
            does not fit.
    """
    data: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    if folder is not None and (folder / FILE_NAME).is_file():
        path = folder / FILE_NAME
        for name, value in _read_file(path).items():
            _put(data, origins, name, value, str(path))
    for variable, value in sorted((os.environ if environment is None else environment).items()):
        if variable.startswith(PREFIX) and variable not in _OTHER_VARIABLES:
            _put(data, origins, _variable_name(variable), value, f"environment {variable}")
    for name, value in (flags or {}).items():
        if value is not None:
            _put(data, origins, name, value, "flag")
    try:
        return LoadedSettings(Settings.model_validate(data), origins)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        where = origins.get(name, "settings")
        reason = _reason(problem["type"], problem.get("ctx", {}), problem["msg"])
        shown = "***" if name in _SECRET else repr(problem["input"])
        raise SettingsError(f"{where}: {name} = {shown}: {reason}") from error


_REASONS = {
    "less_than_equal": "it must be at most {le}",
    "less_than": "it must be below {lt}",
    "greater_than_equal": "it must be at least {ge}",
    "greater_than": "it must be above {gt}",
    "literal_error": "it must be {expected}",
    "int_parsing": "it must be a whole number",
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "string_type": "it must be text in quotes",
}


def _reason(kind: str, context: Mapping[str, Any], message: str) -> str:
    """What is wrong with a value, in words for whoever wrote it."""
    if kind == "string_pattern_mismatch":  # of a choice: ^(a|b)$
        choices = str(context["pattern"]).strip("^$()").split("|")
        return f"it must be {', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
    known = _REASONS.get(kind)
    return known.format(**context) if known else message


def known_names() -> dict[str, str]:
    """Each setting's dotted name and its environment variable."""
    names = [
        f"{section}.{key}"
        for section, info in Settings.model_fields.items()
        for key in cast("type[BaseModel]", info.annotation).model_fields
    ]
    return {name: PREFIX + name.replace(".", "_").upper() for name in names}


def write_threshold(
    folder: Path, language: str, value: float, *, origin: str, model: str = "minilm"
) -> None:
    """Set a threshold in the settings file with its origin; the rest stays as it is.

    Where there is no file yet, one is made that names `model`, the base's embedding model.
    """
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8") if path.exists() else new_settings(model)
    line = f"{language} = {value:.4f}  # {' '.join(origin.split())}"
    _write(path, _with_line(text, "thresholds", language, line))


def write_embedding_model(folder: Path, model: str) -> None:
    """Name the embedding model of a base in its settings file, where there is one."""
    path = folder / FILE_NAME
    if path.exists():
        text = path.read_text(encoding="utf-8")
        _write(path, _with_line(text, "embeddings", "model", f"model = {_quoted(model)}"))


def _with_line(text: str, section: str, key: str, line: str) -> str:
    """The text of a settings file with a line in the place of what sets a key, or says it could."""
    head = re.search(rf"^\[{section}\][^\n]*\n", text, re.MULTILINE)
    if head is None:
        return text.rstrip("\n") + f"\n\n[{section}]\n{line}\n"
    end = re.search(r"^\[", text[head.end() :], re.MULTILINE)
    stop = head.end() + end.start() if end else len(text)
    body = text[head.end() : stop]
    old = re.compile(rf"^(?:#\s*)?{key}\s*=[^\n]*$", re.MULTILINE)
    body = old.sub(lambda _: line, body, count=1) if old.search(body) else f"{line}\n{body}"
    return text[: head.end()] + body + text[stop:]


def _write(path: Path, text: str) -> None:
    tomllib.loads(text)  # never leave a file behind that cannot be read
    temporary = path.with_suffix(".toml.new")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no valid TOML: {error}") from error
    values: dict[str, Any] = {}
    for section, content in data.items():
        if not isinstance(content, dict):
            raise SettingsError(
                f"{path}: {section!r} stands outside of a section; {_nearest(section)}"
            )
        for key, value in cast("dict[str, Any]", content).items():
            values[f"{section}.{key}"] = value
    return values


def _put(
    data: dict[str, dict[str, Any]], origins: dict[str, str], name: str, value: object, origin: str
) -> None:
    if name not in known_names():
        raise SettingsError(f"{origin}: there is no setting {name!r}; {_nearest(name)}")
    section, _, key = name.partition(".")
    data.setdefault(section, {})[key] = value
    origins[name] = origin


def _variable_name(variable: str) -> str:
    for name, known in known_names().items():
        if known == variable:
            return name
    near = difflib.get_close_matches(variable, known_names().values(), n=1, cutoff=0.3)
    raise SettingsError(
        f"there is no setting behind the environment variable {variable}"
        + (f"; the nearest is {near[0]}" if near else "")
    )


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, list(known_names()), n=1, cutoff=0.3)
    return f"the nearest is {near[0]!r}" if near else f"known are {', '.join(known_names())}"
