"""Facts come of sentences, key-value lines and tables, not of code, commands and paths."""

import pytest

from groundglm.extraction import extract_facts


def facts(text, title="Sheaf"):
    found = extract_facts(text, document_id="d", title=title)
    return [(fact.subject, fact.predicate, fact.object) for fact in found]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nname: str\nage: int\ncity: str\n```\n",
        "def weather(city: str) -> str:\n    city: The city.\n    days: How many days.\n",
        "install: run `pip install sheaf`\nupdate: run `pip install -U sheaf`\nremove: `rm x`\n",
        "cache: /var/cache/sheaf/\nlogs: /var/log/sheaf.log\nstate: ~/.sheaf/state\n",
        "Sheaf is the default.\n",
        "Sheaf is a different tool than Bundle.\n",
        "$ sheaf is a command\n",
        '| key | value |\n|---|---|\n| record | {"a": 1} |\n',
    ],
)
def test_what_is_no_prose_states_no_fact(text):
    assert facts(text) == []


def test_a_fence_hides_only_what_it_holds():
    text = "Author: Ann Lee\n\n```\nAuthor: nobody\n```\n\nLicence: MIT\nAuthor: Ann Lee\n"
    assert ("Sheaf", "Author", "Ann Lee") in facts(text)
    assert not any(object_ == "nobody" for _, _, object_ in facts(text))


def test_an_address_by_itself_and_options_in_a_table_stay():
    assert ("Sheaf", "website", "https://example.org") in facts(
        "author: Ann Lee\nwebsite: https://example.org\nlicence: MIT\n"
    )
    table = "| option | default |\n|---|---|\n| `--depth` | `3` |\n| `--wide` | no |\n"
    assert ("--depth", "default", "3") in facts(table)
