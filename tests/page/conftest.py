"""A server and a real browser, which may reach nothing but the server."""

import os
import shutil
from pathlib import Path

import pytest

from ..serving.conftest import fill, make_server
from ..serving.running_server import running

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "build" / "node" / "node_modules"
SIZES = {"desktop": (1280, 800), "phone": (390, 780)}


def needs(condition, what):
    if not condition:
        if os.environ.get("GROUNDGLM_REQUIRE_SYSTEM") == "1":
            pytest.fail(f"needs {what}: make system-packages test-page")
        pytest.skip(f"needs {what}: make system-packages test-page")


# Not of the session: playwright's event loop would be in the way of asynchronous tests behind it.
@pytest.fixture(scope="module")
def browser():
    needs(shutil.which("chromium"), "chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        needs(False, "playwright")
    with sync_playwright() as driver:
        flags = ["--disable-quic", "--no-first-run", "--disable-background-networking"]
        flags += ["--disable-component-update", "--disable-sync", "--disable-gpu"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")
        found = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield found
        found.close()


@pytest.fixture
def served(tmp_path):
    folder = fill(tmp_path / "kb")
    with running(lambda: make_server(folder)) as found:
        yield found


@pytest.fixture(scope="session")
def pictures():
    """Where screenshots are kept, as the output of a run."""
    folder = ROOT / "build" / "page-pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visit(browser, pictures):
    """Open a page of a size in a language; it fails when anything else than its server is asked."""
    contexts = []

    def open_page(url, *, language="en", size="desktop", dark=False):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.asked, page.problems = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda said: said.type == "error" and page.problems.append(said.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"{url}/?lang={language}")
        page.server = url
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            elsewhere = [one for one in page.asked if not one.startswith(page.server)]
            assert not [one for one in elsewhere if not one.startswith("data:")]
        context.close()


@pytest.fixture
def check_access():
    """Fails where axe finds a barrier of WCAG 2.1 A or AA."""
    axe = NODE_MODULES / "axe-core" / "axe.min.js"
    needs(axe.is_file(), "axe-core")
    source = axe.read_text(encoding="utf-8")

    def check(page, where):
        # Evaluated by the driver, which the page's policy does not bind.
        page.evaluate(source)
        told = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
        )
        found = [
            f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in told["violations"]
            for node in one["nodes"]
        ]
        assert not found, f"{where}: " + "\n".join(found)

    return check
