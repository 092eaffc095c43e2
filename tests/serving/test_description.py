"""The description of the API: schemathesis tries it, every check on, with a key and without."""

import subprocess
import sys
from pathlib import Path

import pytest

from groundglm.serving import KeyFile

from .conftest import fill, make_server
from .running_server import running

# In a form every value is text: where schemathesis sends a number in place of a text, or null in
# place of a file, what arrives is a text and a file all the same.
CONFIG = """
[[operations]]
include-path = "/api/bases/{base}/documents"
include-method = "POST"
[operations.checks.negative_data_rejection]
expected-statuses = ["200", "400", "401", "403", "404", "409", "413", "415", "429"]
"""


def try_api(url, folder, *more, full):
    """Run schemathesis against a server; what it says when something is wrong."""
    program = Path(sys.executable).with_name("st")
    (folder / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    command = [
        str(program), "run", f"{url}/openapi.json", "--checks", "all", "--continue-on-failure",
        "--max-examples", "60" if full else "6", "--seed", "1", "--no-color", *more,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=1500)
    return "" if done.returncode == 0 else done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("needs_key", [False, True], ids=["open", "keyed"])
@pytest.mark.timeout(1600)
def test_no_request_gets_an_answer_that_is_not_described(tmp_path, needs_key, full):
    folder = fill(tmp_path / "kb")
    keys = KeyFile(folder / "keys.json") if needs_key else None
    header = []
    if keys is not None:
        header = ["-H", f"Authorization: Bearer {keys.add('root', ['admin'])[1]}"]
    with running(lambda: make_server(folder, keys=keys, max_files=10)) as found:
        problems = try_api(found.url, tmp_path, *header, full=full)
        with found.client(header[1].rpartition(" ")[2] if header else None) as client:
            counters = client.get("/metrics").text
        assert found.wait_idle()
    assert not problems, problems
    assert 'status="500"' not in counters


def test_every_endpoint_says_what_it_is_for(open_server):
    with open_server.client() as client:
        told = client.get("/openapi.json").json()
    operations = [(path, one) for path, by in told["paths"].items() for one in by.values()]
    assert len(operations) > 25
    for path, one in operations:
        assert one["summary"] and one["tags"], path
        assert one["responses"]["200"], path
        assert "422" not in one["responses"], path  # they are 400, as OpenAI's
    assert "securitySchemes" not in told["components"]


def test_the_most_files_of_an_upload_are_described(open_server):
    with open_server.client() as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
    (files,) = [
        one["properties"]["files"]
        for name, one in schemas.items()
        if name.startswith("Body_upload")
    ]
    assert (files["minItems"], files["maxItems"]) == (1, open_server.server.options.max_files)


def test_a_server_with_keys_describes_them(keyed):
    running_server, keys = keyed
    with running_server.client(keys["admin"]) as client:
        told = client.get("/openapi.json").json()
    assert told["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "security" not in told["paths"]["/api/health"]["get"]
