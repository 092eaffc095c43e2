"""A question read once: each thing that is asked of its words is worked out at its first use."""

from functools import cached_property

from ..text.folding import fold
from ..text.scripts import Language, language
from .asked_kinds import AskedKind, asked_kind
from .requests import Request, read_request
from .small_talk import SmallTalk, small_talk
from .terms import QuestionTerms, key_terms, question_terms


class Question:
    """A question in place of its string, handed down from whoever is asked.

    >>> question = Question("Who designed the Opera House?")
    >>> question.language, question.key_terms
    ('en', ('designed', 'opera', 'house'))
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Question({self.text!r})"

    @cached_property
    def folded(self) -> str:
        """Its folded form, of the same length."""
        return fold(self.text)

    @cached_property
    def language(self) -> Language:
        """The language in which an answer is expected."""
        return language(self.text)

    @cached_property
    def terms(self) -> QuestionTerms:
        """The weighted terms that tell sentences apart."""
        return question_terms(self.text)

    @cached_property
    def key_terms(self) -> tuple[str, ...]:
        """The whole content words, in order."""
        return tuple(key_terms(self.text))

    @cached_property
    def kind(self) -> AskedKind | None:
        """The kind of thing that it asks for, where a word says so."""
        return asked_kind(self.folded)

    @cached_property
    def small_talk(self) -> SmallTalk | None:
        """The kind of small talk that it wholly is, if it is."""
        return small_talk(self.text)

    @cached_property
    def request(self) -> Request | None:
        """The plain request that it makes, where it makes one."""
        return read_request(self.text)
