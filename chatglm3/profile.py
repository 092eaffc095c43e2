"""What a model can do, and how it was asked, in LangChain's words."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.model_profile import ModelProfile

from ..engines.engine import Engine, holds_grammars


def profile_of(engine: Engine) -> ModelProfile:
    """LangChain's profile of an engine, with three entries of ours.

    `has_weights` is False where no model stands behind it; `holds_changing_tools` is True where an
    agent only proposes calls that may change something, `declines_itself` where the model was
    trained to decline. `structured_output` and `tool_choice` tell whether replies are held to a
    form, not hoped for.
    """
    has_weights = bool(getattr(engine, "has_weights", True))
    profile: dict[str, Any] = {
        "name": engine.name,
        "max_input_tokens": engine.max_context,
        "max_output_tokens": engine.max_context,
        "text_inputs": True,
        "text_outputs": True,
        "image_inputs": False,
        "audio_inputs": False,
        "video_inputs": False,
        "tool_calling": True,
        "tool_choice": True,
        "structured_output": holds_grammars(engine),
        "has_weights": has_weights,
        "holds_changing_tools": bool(getattr(engine, "holds_changing_tools", not has_weights)),
        "declines_itself": bool(getattr(engine, "declines_itself", False)),
    }
    return cast("ModelProfile", profile)


def trace_params(
    name: str, asked: Mapping[str, Any], stops: Sequence[str] | None
) -> LangSmithParams:
    """What LangSmith's traces show of a call."""
    params = LangSmithParams(
        ls_provider="groundglm",
        ls_model_name=name,
        ls_model_type="chat",
        ls_temperature=asked["temperature"],
        ls_max_tokens=asked["max_tokens"],
    )
    if stops:
        params["ls_stop"] = list(stops)
    return params
