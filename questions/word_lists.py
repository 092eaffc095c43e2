"""The words that tell a tool and its arguments, read from word_lists.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

_TABLE = tomllib.loads(Path(__file__).with_name("word_lists.toml").read_text("utf-8"))


def _words(part: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return (*part["en"], *part["zh"])


#: Verbs of one kind of action, by its name.
ACTIONS: Mapping[str, tuple[str, ...]] = {row["name"]: _words(row) for row in _TABLE["action"]}

#: Words of one subject.
SUBJECTS: Sequence[tuple[str, ...]] = tuple(_words(row) for row in _TABLE["subject"])

#: The code of a currency, by what people call it.
CURRENCIES: Mapping[str, str] = {
    word: code for code, words in _TABLE["currencies"].items() for word in words
}

#: What people call languages.
LANGUAGES = _words(_TABLE["languages"])

#: Words that may be left of a request when its action and arguments are taken away.
BESIDE_A_REQUEST = frozenset(_words(_TABLE["beside_a_request"]))

#: Words in capitals at the beginning of a request that are no names.
NO_NAMES = frozenset(_words(_TABLE["no_names"]))
