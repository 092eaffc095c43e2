"""`python -m groundglm` and the command `groundglm`."""

import sys


def main() -> None:
    """Run the command line; a question to a base that is served is asked there at once."""
    from .cli.quick import ask_quickly

    code = ask_quickly(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from .cli.app import main as whole

    whole()


if __name__ == "__main__":
    main()
