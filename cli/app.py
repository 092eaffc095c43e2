"""The command `groundglm`: its commands, and what each kind of failure means for the exit code."""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from ..cli import (
    adding,
    asking,
    base_commands,
    calibrating,
    demo,
    doctor,
    graphing,
    keeping,
    model_commands,
    serving,
)
from ..errors import BaseBusyError, GroundGLMError
from .output import BUSY, FAILED, INTERRUPTED, USAGE, console, print_json

app = typer.Typer(
    name="groundglm",
    help="Ask your own documents and facts, and act through your own functions.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"groundglm {version('groundglm')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Show the log, and traces of errors.")
    ] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    context.obj = {"verbose": verbose}
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, stream=sys.stderr)


base_commands.register(app)
adding.register(app)
asking.register(app)
doctor.register(app)
graphing.register(app)
keeping.register(app)
calibrating.register(app)
demo.register(app)
model_commands.register(app)
serving.register(app)


def main() -> None:
    """Run the command line; exits with the code that the docs list."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; gives its exit code instead of leaving the process."""
    as_json = "--json" in arguments
    verbose = "-v" in arguments or "--verbose" in arguments
    command: Any = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="groundglm", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return _fail("interrupted", "Interrupted", INTERRUPTED, as_json=as_json)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        sys.stderr.close()
        return FAILED
    except (GroundGLMError, ValueError, OSError) as error:
        if verbose:
            console.print_exception()
        code = BUSY if isinstance(error, BaseBusyError) else FAILED
        return _fail(str(error), type(error).__name__, code, as_json=as_json)
    except Exception as error:
        # typer carries its own copy of click and exports no class for a wrong command line.
        message: Any = getattr(error, "format_message", None)
        if message is None or getattr(error, "exit_code", None) is None:
            raise
        return _fail(str(message()), "UsageError", USAGE, as_json=as_json)


def _fail(message: str, kind: str, code: int, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"type": kind, "message": message, "exit_code": code}})
    else:
        console.print(f"Error: {message}", style="red", markup=False)
    return code
