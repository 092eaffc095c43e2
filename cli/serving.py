"""Commands for a server: serve, keys."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import MissingExtraError, SettingsError
from ..text.terminal import visible_line
from .bases import KbOption, find_base
from .output import JsonOption, console, print_json, say

if TYPE_CHECKING:
    from ..serving.keys import Key, KeyFile

KEYS_NAME = "keys.json"
KeysOption = Annotated[
    Path | None, typer.Option("--keys", help=f"The file of keys; else {KEYS_NAME} of the base.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(serve)
    keys = typer.Typer(help="The keys of a server.", no_args_is_help=True)
    keys.command("add")(keys_add)
    keys.command("list")(keys_list)
    keys.command("remove")(keys_remove)
    app.add_typer(keys, name="keys")


def serve(
    bases: Annotated[
        list[Path] | None, typer.Argument(help="The bases; else the one that --kb would find.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0)] = 8765,
    keys: KeysOption = None,
    tools: Annotated[
        Path | None, typer.Option(help="A Python file with functions that may be called.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The folder of a ChatGLM3 checkpoint that answers.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help='"auto", "extractive", "transformers" or "small".')
    ] = None,
    concurrent: Annotated[int, typer.Option(help="Turns that run at once.", min=1)] = 8,
    waiting: Annotated[int, typer.Option(help="Turns that may wait.", min=0)] = 64,
    seconds: Annotated[float, typer.Option(help="The most that a turn may take.", min=1)] = 300,
    rate: Annotated[
        int | None, typer.Option(help="Requests a minute of a key without a rate.", min=1)
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="A page that may use the server (CORS).")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name that the server answers to.")
    ] = None,
    max_upload: Annotated[int, typer.Option(help="Bytes of an upload.", min=1)] = 50_000_000,
    log_contents: Annotated[
        bool, typer.Option("--log-contents", help="Write questions and answers to the log.")
    ] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="Hide personal data in what users say.")
    ] = False,
    allow_changing_tools: Annotated[
        bool,
        typer.Option("--allow-changing-tools", help="Let an engine without weights change things."),
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a small sample base, made for it.")
    ] = False,
) -> None:
    """Serve bases: a page for people, OpenAI's API, and the bases' own; Ctrl-C ends it."""
    # numpy, which is not loaded yet, embeds questions. While others are answered too, its threads
    # wait for each other: 150 ms a question, and as much of the processor, where one takes 25.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options: dict[str, Any] = {
        "concurrent": concurrent,
        "waiting": waiting,
        "seconds": seconds,
        "rate": rate,
        "origins": tuple(origin or ()),
        "hosts": tuple(allow_host or ()),
        "max_upload": max_upload,
        "log_contents": log_contents,
        "redact": redact,
        "allow_changing_tools": allow_changing_tools or demo,
    }
    with _folders(bases, demo=demo) as folders:
        flags = {"engine.model": model, "engine.name": engine}
        _serve(folders, host, port, keys, tools, options, flags, demo=demo)


@contextmanager
def _folders(bases: list[Path] | None, *, demo: bool) -> Generator[list[Path]]:
    if not demo:
        yield bases or [find_base(None)]
        return
    from .demo import make_sample_base

    if bases:
        raise typer.BadParameter("--demo makes a base of its own; name none")
    with tempfile.TemporaryDirectory(prefix="groundglm-demo-") as folder:
        yield [make_sample_base(Path(folder) / "demo")]


def _serve(
    folders: list[Path],
    host: str,
    port: int,
    keys: Path | None,
    tools: Path | None,
    options: dict[str, Any],
    flags: dict[str, Any],
    *,
    demo: bool,
) -> None:
    try:
        from ..serving.options import ServerOptions, check_exposure
        from ..serving.running import run_server
        from ..serving.server import Server, names_of
        from ..serving.tool_files import load_tools
    except ImportError as error:
        raise MissingExtraError("groundglm serve", extra="serve") from error
    path = keys or folders[0] / KEYS_NAME
    if keys is not None and not keys.is_file():
        raise SettingsError(f"there is no file {keys}; make a key with: groundglm keys add NAME")
    file = key_file(path) if path.is_file() else None
    check_exposure(host, has_keys=file is not None)
    found = load_tools(tools) if tools is not None else []
    if demo:
        from .demo import sample_tools

        found = [*found, *sample_tools()]
    server = Server(
        names_of(folders), tools=found, keys=file, options=ServerOptions(**options), flags=flags
    )

    def announce(url: str) -> None:
        name = next(iter(server.bases))
        header = "" if file is None else ' -H "Authorization: Bearer KEY"'
        console.print(f"Serving {', '.join(server.bases)} at {url} (Ctrl-C ends it)", markup=False)
        console.print(f"  the page:     {url}/", markup=False)
        console.print(f"  OpenAI's API: {url}/v1 (model: {name})", markup=False)
        body = f'{{"model": "{name}", "messages": [{{"role": "user", "content": "..."}}]}}'
        console.print(
            f"  try:          curl {url}/v1/chat/completions{header} "
            f"-H 'Content-Type: application/json' -d '{body}'",
            markup=False,
            soft_wrap=True,
        )
        for model in server.models:
            if not getattr(model.writer, "has_weights", True):
                console.print(
                    f"  {model.model_name} answers: no language model, and not ChatGLM3",
                    markup=False,
                )

    try:
        run_server(server, host=host, port=port, announce=announce)
    finally:
        server.close()


# --- keys -----------------------------------------------------------------------------------------


def key_file(path: Path) -> "KeyFile":
    """The keys in a file.

    Raises:
        MissingExtraError: the packages of the server are not installed.
    """
    from ..serving.keys import KeyFile

    return KeyFile(path)


def _file(kb: Path | None, keys: Path | None) -> "KeyFile":
    return key_file(keys or find_base(kb) / KEYS_NAME)


def keys_add(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    kb: KbOption = None,
    keys: KeysOption = None,
    scope: Annotated[
        list[str] | None, typer.Option(help='"ask", "read", "write" or "admin"; may be repeated.')
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="A label of documents that it sees; may be repeated.")
    ] = None,
    only_public: Annotated[
        bool, typer.Option("--only-public", help="It sees documents without labels alone.")
    ] = False,
    rate: Annotated[int | None, typer.Option(help="Requests a minute.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, which is shown once; without --label or --only-public it sees everything."""
    if label and only_public:
        raise typer.BadParameter("--only-public goes without --label")
    labels = () if only_public else label
    made, secret = _file(kb, keys).add(name, scope or ("ask", "read"), labels=labels, rate=rate)
    if as_json:
        print_json(_data(made) | {"key": secret})
        return
    say(secret)
    console.print(
        f"This key of {made.name} is shown once. It may {', '.join(made.scopes)}, and sees "
        f"{_seen(made)}.",
        markup=False,
    )


def keys_list(kb: KbOption = None, keys: KeysOption = None, as_json: JsonOption = False) -> None:
    """Show who has keys; the keys themselves are stored nowhere."""
    found = _file(kb, keys).keys()
    if as_json:
        print_json([_data(key) for key in found])
        return
    for key in found:
        rate = f", {key.rate} requests a minute" if key.rate else ""
        what = f"{key.id}  {key.name}: {', '.join(key.scopes)}; sees {_seen(key)}{rate}"
        say(visible_line(what))
    if not found:
        say("there are no keys")


def keys_remove(
    name: Annotated[str, typer.Argument(help="The name or the id of a key.")],
    kb: KbOption = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take keys back, from the next request on."""
    gone = _file(kb, keys).remove(name)
    if as_json:
        print_json([_data(key) for key in gone])
    elif gone:
        say(visible_line(f"removed {', '.join(f'{key.id} of {key.name}' for key in gone)}"))
    if not gone:
        raise ValueError(f"there is no key {name!r}")


def _seen(key: "Key") -> str:
    if key.labels is None:
        return "everything"
    return "documents without labels" + (f" and of {', '.join(key.labels)}" if key.labels else "")


def _data(key: "Key") -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "labels": None if key.labels is None else list(key.labels),
        "rate": key.rate,
        "created": key.created,
    }
