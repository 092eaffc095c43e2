"""The files under deploy/ start what there is: their commands, extras and options are known."""

import json
import re
import shlex
import tomllib

import pytest
import typer.main

from groundglm.cli.app import app


@pytest.fixture(scope="module")
def deploy(repository):
    return repository / "deploy"


def parse(words):
    """Read a command line as `groundglm` would, without running it."""
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(None, words)
    return command.make_context(name, rest, resilient_parsing=False).params


def test_the_unit_starts_a_server(deploy):
    unit = (deploy / "groundglm.service").read_text("utf-8")
    (line,) = re.findall(r"^ExecStart=\S+/groundglm (.*)$", unit, re.MULTILINE)
    told = parse(shlex.split(line))
    assert [str(one) for one in told["bases"]] == ["/var/lib/groundglm/kb"]
    assert (told["host"], told["port"]) == ("127.0.0.1", 8765)


def test_the_image_starts_a_server_behind_its_health_check(deploy):
    file = (deploy / "Containerfile").read_text("utf-8")
    (entry,) = re.findall(r"^ENTRYPOINT (\[.*\])$", file, re.MULTILINE)
    program, *words = json.loads(entry)
    told = parse(words)
    assert (program, told["host"]) == ("groundglm", "0.0.0.0")
    assert re.findall(r"^EXPOSE (\d+)$", file, re.MULTILINE) == [str(told["port"])]
    assert f"127.0.0.1:{told['port']}/api/health" in file


def test_the_image_takes_the_tested_torch_and_known_extras(deploy, repository):
    file = (deploy / "Containerfile").read_text("utf-8")
    unit = (deploy / "groundglm.service").read_text("utf-8")
    (pattern,) = re.findall(r"\$\(grep '([^']+)' constraints\.txt\)", file)
    lines = (repository / "constraints.txt").read_text("utf-8").splitlines()
    assert sum(re.search(pattern, line) is not None for line in lines) == 1
    known = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    for named in re.findall(r"\[([a-z,]+)\]\"", file + unit):
        assert set(named.split(",")) <= set(known["optional-dependencies"])
