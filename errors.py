"""The errors that GroundGLM raises for what a user can mend.

Wrong arguments are plain ValueError or TypeError.

GroundGLMError
├── NotABaseError            the path holds no knowledge base
├── BaseBusyError            another process is writing to the base
├── BaseCorruptError         the database file is damaged or from a newer version
├── BaseOutdatedError        the base is of an earlier version, and was opened for reading only
├── StorageError             the disk is full or cannot be written; nothing was lost
├── EmbeddingMismatchError   the base was made with another embedding model
├── SettingsError            the settings file holds a key or value that is not known
├── DocumentError            a document or a file of facts cannot be read
├── DatasetError            training data is wrong; the message says where
├── CheckpointError          a model folder is incomplete or of another model
├── EngineError              a model engine failed while generating
├── ConversationError        a turn would wait for itself, or its checkpointer does not fit the call
└── MissingExtraError        an optional package is not installed (also an ImportError)
"""


class GroundGLMError(Exception):
    """Base of every error that GroundGLM raises on purpose."""


class NotABaseError(GroundGLMError):
    """The path holds no knowledge base."""


class BaseBusyError(GroundGLMError):
    """Another process holds the base for writing; `pid` is that process, if it could be told."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class BaseCorruptError(GroundGLMError):
    """The database file is damaged, or was written by a newer version."""


class BaseOutdatedError(GroundGLMError):
    """The base was written by an earlier version, and may not be brought up to date here."""


class StorageError(GroundGLMError):
    """The base could not be written, as when the disk is full; what was there still is."""


class EmbeddingMismatchError(GroundGLMError):
    """The base was made with another embedding model than the one it is opened with."""


class SettingsError(GroundGLMError):
    """A settings file, environment variable or flag holds something that is not known."""


class DocumentError(GroundGLMError):
    """A document or a file of facts cannot be read; the message says which and why."""


class DatasetError(GroundGLMError):
    """Training data is wrong, or there is none; the message names files and lines."""


class CheckpointError(GroundGLMError):
    """A model folder is incomplete, damaged or of another model."""


class EngineError(GroundGLMError):
    """An engine failed while generating."""


class ConversationError(GroundGLMError):
    """A turn of a conversation would wait for itself, or its checkpointer does not fit the call."""


class MissingExtraError(GroundGLMError, ImportError):
    """A feature needs a package that is not installed; the message says which line installs it."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(
            f"{feature} needs a package that is not installed. "
            f"Run: pip install 'groundglm[{extra}]'"
        )
        self.feature = feature
        self.extra = extra
