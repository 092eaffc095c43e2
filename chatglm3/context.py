"""The error of a prompt that is too long, ours and LangChain's."""

from langchain_core.exceptions import ContextOverflowError as LangChainContextOverflowError

from ..errors import GroundGLMError


class ContextOverflowError(GroundGLMError, LangChainContextOverflowError):
    """The prompt does not fit into the model's context."""
