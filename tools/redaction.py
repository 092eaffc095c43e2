"""What leaves a tool's error or a log without what nobody else should read: paths and secrets."""

import os
import re
from collections.abc import Mapping
from typing import cast

# "/home/ann/x", "C:\\Users\\Ann B\\x", "\\\\server\\share\\x"; a folder's name may hold blanks.
_PATH = re.compile(
    r"(?<![\w:/])(?:/[\w.\-]+){2,}"
    r"|\bfile:/{1,3}[^\s\"'<>|]+"
    r"|(?:\b[A-Za-z]:[\\/]|\\\\)(?:[^\"'<>|*?:\n/\\]*[\\/])*[^\s\"'<>|*?:/\\]*"
)
_SECRET_WORDS = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|密码|口令|密钥)"
)
_SECRETS = (
    re.compile(
        rf"(?i)(\b[\w-]{{0,40}}{_SECRET_WORDS}[\w-]{{0,20}}[\"']?\s{{0,3}}[:=：]\s{{0,3}})"
        r"(?:[\"'][^\"'\n]{1,500}[\"']|[^\s\"',;&]{1,500})"
    ),
    re.compile(r"(?i)(\b(?:bearer|basic)\s{1,3})[\w.~+/=-]{8,2000}"),
    re.compile(r"(\b\w{2,20}://)[^\s/@:]{1,200}:[^\s/@]{1,200}(?=@)"),
    re.compile(r"()\b(?:sk|pk|ghp|gho|glpat|xox[bp]|AKIA)[-_]?[A-Za-z0-9_-]{12,300}"),
)
_SECRET_NAME = re.compile(rf"(?i){_SECRET_WORDS}|authorization|credential|cookie")
_LEAST_SECRET = 8
HIDDEN = "***"


def redacted(text: str) -> str:
    """A text without paths of this machine, credentials, and what its environment keeps secret.

    >>> redacted("no file /srv/app/key.pem, password=hunter22, see https://a.org/b/c")
    'no file <path>, password=***, see https://a.org/b/c'
    """
    for name, value in os.environ.items():
        if len(value) >= _LEAST_SECRET and _SECRET_NAME.search(name):
            text = text.replace(value, HIDDEN)
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return _PATH.sub("<path>", text)


def redacted_value(value: object, *, name: str = "") -> object:
    """JSON data with its secrets hidden: what a secret name holds, and what texts say.

    >>> redacted_value({"user": "ann", "api_key": "abc", "n": [1, "token: xyz"]})
    {'user': 'ann', 'api_key': '***', 'n': [1, 'token: ***']}
    """
    if name and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        held = cast("Mapping[object, object]", value)
        return {str(key): redacted_value(one, name=str(key)) for key, one in held.items()}
    if isinstance(value, list | tuple):
        return [redacted_value(one) for one in cast("list[object]", value)]
    return value
