"""API keys: who may ask, read, write or administer, and what each may see.

A key is shown once, when it is made; the file holds its SHA-256 alone. That is enough for a secret
of 256 random bits, which nobody can guess from its hash; passwords would need more.
"""

import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ..errors import SettingsError

Scope = Literal["ask", "read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_PREFIX = "gglm"


@dataclass(frozen=True, slots=True)
class Key:
    """Who a request comes from.

    `labels` are the access labels of what it may see, None for everything, () for what has no
    labels; `rate` is how many requests a minute it may make, None for any number.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    labels: tuple[str, ...] | None = None
    rate: int | None = None
    hash: str = ""
    created: str = ""

    def may(self, scope: Scope) -> bool:
        """Whether it may do what needs a scope; an administrator may do everything."""
        return scope in self.scopes or "admin" in self.scopes


#: Whoever asks where no keys are needed: a server that listens to its own machine alone.
LOCAL = Key("local", "local", SCOPES)


class KeyFile:
    """The keys of a server in a JSON file that only its owner may read.

    A change by another process is seen at the next request.

    Args:
        path: The file; one that is not there holds no keys.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._read_at: tuple[int, int] | None = None
        self._keys: tuple[Key, ...] = ()

    def keys(self) -> tuple[Key, ...]:
        """The keys, in the order in which they were made.

        Raises:
            SettingsError: the file cannot be read as keys.
        """
        with self._guard:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._read_at, self._keys = None, ()
                return ()
            mark = (found.st_mtime_ns, found.st_size)
            if mark != self._read_at:
                self._keys = _read(self.path)
                self._read_at = mark
            return self._keys

    def find(self, secret: str) -> Key | None:
        """Whose key that is; None for nobody's."""
        hashed = _hash(secret)
        owner = None
        for key in self.keys():  # all of them: how long it takes tells nothing
            if hmac.compare_digest(key.hash, hashed):
                owner = key
        return owner

    def add(
        self,
        name: str,
        scopes: Iterable[str] = ("ask", "read"),
        *,
        labels: Sequence[str] | None = None,
        rate: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key: what is known of it, and the key itself, which is kept nowhere.

        Args:
            name: What people call it.
            scopes: What it may do.
            labels: What it may see; None for everything, () for documents without labels.
            rate: Requests a minute.

        Raises:
            ValueError: a scope that does not exist, an empty name or label, or no rate.
        """
        given = tuple(dict.fromkeys(scopes))
        wrong = [scope for scope in given if scope not in SCOPES]
        if wrong or not given:
            said = repr(wrong[0]) if wrong else "none"
            raise ValueError(f"the scopes of a key are of {', '.join(SCOPES)}, not {said}")
        if not name.strip() or any(not label.strip() for label in labels or ()):
            raise ValueError("a key needs a name, and its labels are not empty")
        if rate is not None and rate < 1:
            raise ValueError(f"a key may make at least one request a minute, not {rate}")
        id_ = secrets.token_hex(4)
        secret = f"{_PREFIX}-{id_}-{secrets.token_urlsafe(32)}"
        made = Key(
            id_,
            name.strip(),
            cast("tuple[Scope, ...]", given),
            None if labels is None else tuple(sorted(set(labels))),
            rate,
            _hash(secret),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._write([*self.keys(), made])
        return made, secret

    def remove(self, name_or_id: str) -> list[Key]:
        """Take keys back; those that were there by that id or name."""
        kept = [one for one in self.keys() if name_or_id not in (one.id, one.name)]
        gone = [one for one in self.keys() if name_or_id in (one.id, one.name)]
        if gone:
            self._write(kept)
        return gone

    def _write(self, keys: Sequence[Key]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"keys": [asdict(key) for key in keys]}, ensure_ascii=False, indent=2)
        new = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.path)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _read(path: Path) -> tuple[Key, ...]:
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_key(one) for one in told["keys"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} holds no keys that can be read: {error}") from error


def _key(told: Any) -> Key:  # noqa: ANN401 - JSON
    labels: Any = told["labels"]
    if labels is not None and not isinstance(labels, list):
        raise ValueError(f"the labels of {told['name']!r} are no list")
    listed = cast("list[object] | None", labels)
    made = Key(
        str(told["id"]),
        str(told["name"]),
        tuple(told["scopes"]),
        None if listed is None else tuple(map(str, listed)),
        told.get("rate"),
        str(told["hash"]),
        str(told.get("created", "")),
    )
    if not set(made.scopes) <= set(SCOPES) or len(made.hash) != 64:
        raise ValueError(f"the key {made.name!r} has unknown scopes or no hash")
    return made
