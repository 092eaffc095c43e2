"""The tools that come with GroundGLM: units, dates, facts, tables, pages."""

import contextlib
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_tests.unit_tests import ToolsUnitTests

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.errors import DocumentError
from groundglm.loading.fetching import _is_public
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import (
    FetchLimits,
    Tables,
    ToolDispatcher,
    calculate,
    calculator_tool,
    clock_tools,
    convert,
    fact_tools,
    fetch,
    fetch_tool,
    search_tool,
    table_tool,
    unit_converter_tool,
)


def told(tools, name, **args):
    message = ToolDispatcher(tools).dispatch({"name": name, "args": args, "id": "1"})
    return message.content


# --- units ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("5 MW in kW", "5000 kW"),
        ("5 mW in W", "0.005 W"),
        ("20 °C to °F", "68 °F"),
        ("36.6 摄氏度换算成华氏度", "97.88 华氏度"),
        ("１００ 公里 / 2 小时", "50 kilometer / hour"),
        ("3斤 + 2两 换算成 克", "1600 克"),
        ("(2 m)**3 in L", "8000 L"),
        ("1 亩等于多少平方米", "666.666666667 平方米"),
        ("2**100", str(2**100)),
        ("10 km / 5 km", "2"),
    ],
)
def test_sums_with_units(expression, value):
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "3 m + 2 s",
        "7 apples",
        "5 kg in m",
        "__import__('os') m",
        "3 m.__class__",
        "(9 m)**99999",
        "1 m / 0",
        "5 " + "m" * 400,
        "3 m in " + "k" * 90,
        "5 m; 3",
    ],
)
def test_what_is_no_sum_is_refused(expression):
    with pytest.raises(ValueError):
        calculate(expression)


@given(st.text(alphabet="0123456789 .+-*/()^%mkgsh公里斤°CFin换算成_'[]", max_size=40))
def test_no_text_does_harm(expression):
    with contextlib.suppress(ValueError):
        assert isinstance(calculate(expression), str)


def test_conversions():
    assert convert(1, "光年", "km") == "9460730472580 km"
    assert told(
        [unit_converter_tool()], "convert_unit", value="100", from_unit="km/h", to_unit="m/s"
    ).startswith("27.77")
    assert "cannot be converted" in told(
        [unit_converter_tool()], "convert_unit", value=1, from_unit="kg", to_unit="m"
    )


# --- dates ----------------------------------------------------------------------------------------


def test_dates():
    tools = clock_tools(now=lambda: datetime(2026, 3, 1, 4, 30, tzinfo=UTC))
    assert told(tools, "get_current_time", time_zone="Asia/Shanghai").startswith("2026-03-01 12:30")
    assert "no time zone" in told(tools, "get_current_time", time_zone="../../etc/passwd")
    assert told(tools, "count_days_between", start_date="2024-02-28", end_date="2024-03-01") == "2"
    assert "start_date" in told(tools, "count_days_between", start_date="30.2.2024", end_date="x")
    assert told(tools, "shift_date", start_date="2024-01-31", months=1) == "2024-02-29, Thursday"
    assert "no such date" in told(tools, "shift_date", start_date="9999-12-31", days=1)


# --- what a base knows ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            [Document("苏轼的出生地是眉山。", id="su", metadata={"title": "苏轼"})]
        )
        opened.add_facts([{"subject": "眉山", "predicate": "所属省份", "object": "四川"}])
        yield opened


def test_facts_paths_and_passages(base):
    tools = fact_tools(base)
    assert "眉山 | 所属省份 | 四川" in told(tools, "lookup_facts", entity="眉山")
    assert "no fact" in told(tools, "lookup_facts", entity="火星")
    assert "出生地" in told(tools, "find_paths", start="苏轼", end="四川")
    assert "no path" in told(tools, "find_paths", start="苏轼", end="火星", max_hops=99)
    search = search_tool(base)
    assert search.invoke({"query": "苏轼"}).startswith("[1] passage: 苏轼")
    assert "empty" in search.invoke({"query": " "})
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=tools)
    assert "眉山" in agent.ask("苏轼的出生地是哪里？").text


# --- tables ---------------------------------------------------------------------------------------

CSV = 'name,age,城市,zip,paid\nAnn,31,北京,01234,"1,200.5"\nBo,27,上海,00012,80\nCy,,北京,99999,\n'


def test_a_table_is_asked_in_sql(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(CSV, encoding="gb18030")
    made = table_tool(path)
    assert '"age" INTEGER' in made.description and '"zip" TEXT' in made.description
    assert told([made], "query_table", sql="select sum(paid) as s from people") == '[{"s": 1280.5}]'
    assert (
        told(
            [made],
            "query_table",
            sql="select name from people where \"城市\"='北京' and age is null",
        )
        == '[{"name": "Cy"}]'
    )
    assert told([made], "query_table", sql="select name from people where age>99") == "no row"
    assert "no such column" in told([made], "query_table", sql="select nam from people")


REFUSED = """
select hex(zeroblob(400000000))
select group_concat(x.a || y.name) from people y, (select printf('%0900000d', 1) as a) x, people z
drop table people
delete from people
update people set age=1
insert into people values (1,2,3,4,5)
select 1; drop table people
attach 'x.db' as x
pragma query_only=0
vacuum
vacuum into 'x.db'
select load_extension('x')
select writefile('x','y')
select readfile('/etc/passwd')
select fts3_tokenizer('x')
create table x(y)
-- nothing
select * from sqlite_master; select 2
explain delete from people
begin
with recursive t(n) as (select 1 union all select n+1 from t) select count(*) from t
"""


@pytest.mark.parametrize("sql", ["", *REFUSED.strip().splitlines()])
def test_nothing_but_a_select_that_ends_is_run(sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Tables({"people": CSV}) as tables:
        with pytest.raises(ValueError):
            tables.query(sql, timeout=0.3)
        assert tables.query("select count(*) as n from people") == [{"n": 3}]
    assert list(tmp_path.iterdir()) == []


def test_tables_with_odd_names_and_none(tmp_path):
    with Tables({'a b"c': "x,X,,\n1,2,3,4\n"}) as tables:
        assert tables.query('select "x", "X 2", "column3" from "a b""c"')[0] == {
            "x": 1,
            "X 2": 2,
            "column3": 3,
        }
        assert (
            len(
                tables.query(
                    "with recursive t(n) as (values(1) union all select n+1 from t "
                    "where n<5000) select * from t"
                )
            )
            == 100
        )
    for text in ("", "\n\n"):
        with pytest.raises(DocumentError):
            Tables({"t": text})
    with pytest.raises(DocumentError):
        Tables.of_files([tmp_path / "none.csv"])


# --- pages ----------------------------------------------------------------------------------------


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name is the library's
        kinds = {
            "/page": "text/html",
            "/text": "text/plain; charset=utf-8",
            "/picture": "image/png",
        }
        places = {"/inside": "http://169.254.169.254/latest", "/round": "/round", "/on": "/text",
                  "/away": "http://evil.example/", "/file": "file:///etc/passwd"}  # fmt: skip
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            self.end_headers()
            return
        if self.path == "/drips":
            with suppress(OSError):
                for _ in range(50):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            return
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Type", kinds.get(self.path, "text/plain"))
        self.end_headers()
        if self.path == "/page":
            self.wfile.write("<title>页</title><p>Open at nine.</p><script>x()</script>".encode())
        elif self.path == "/slow":
            with suppress(OSError):
                for _ in range(50):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
        elif self.path == "/long":
            self.wfile.write(b"y" * 100_000)
        else:
            self.wfile.write("早上九点。".encode())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_address[1]
        running.shutdown()


def got(port, path, *, host="site.test", hosts=None, address="127.0.0.1", **limits):
    limits.setdefault("private", True)
    return fetch(
        f"http://{host}:{port}{path}",
        hosts or [f"site.test:{port}"],
        limits=FetchLimits(**limits),
        resolve=lambda *_: [address],
    )


def test_pages_of_named_hosts_are_read(server):
    assert "Open at nine." in got(server, "/page")
    assert "x()" not in got(server, "/page")
    assert got(server, "/on") == "早上九点。"
    assert got(server, "/馆 时间?问=几点") == "早上九点。"
    assert "cut" in got(server, "/long", max_bytes=1_000)
    assert got(server, "/text", host="a.site.test", hosts=[f".site.test:{server}"])


@pytest.mark.parametrize("path", ["/inside", "/away", "/round", "/file", "/picture", "/none"])
def test_what_may_not_be_read_is_not(server, path):
    with pytest.raises(ValueError):
        got(server, path)


def test_no_other_host_no_trick_with_names_and_no_private_address(server):
    for host in ("evil.test", "site.test.evil.test", "evilsite.test", "localhost", "127.0.0.1"):
        with pytest.raises(ValueError):
            got(server, "/text", host=host)
    with pytest.raises(ValueError, match="private"):
        got(server, "/text", private=False)
    with pytest.raises(ValueError, match="private"):  # one public and one private address
        fetch(
            f"http://site.test:{server}/",
            [f"site.test:{server}"],
            resolve=lambda *_: ["93.184.216.34", "127.0.0.1"],
        )
    for url in (
        "ftp://site.test/",
        "http://a:b@site.test/",
        "http://site.test:99999/",
        "//site.test",
        "http://site.test:22/",
        "",
    ):
        with pytest.raises(ValueError):
            fetch(url, ["site.test"], resolve=lambda *_: ["93.184.216.34"])
    for path in ("/slow", "/drips"):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            got(server, path, timeout=0.5)
        assert time.monotonic() - began < 3


PRIVATE = """
127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 ::1
fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: 64:ff9b::7f00:1 :: nothing
255.255.255.255
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_known(address):
    assert not _is_public(address)


def test_public_ones_too_and_the_tool_needs_hosts():
    assert _is_public("93.184.216.34") and _is_public("2606:4700::1111")
    for hosts in ([], "example.org"):
        with pytest.raises(ValueError):
            fetch_tool(hosts)
    assert "not among" in told([fetch_tool(["example.org"])], "fetch_page", url="http://evil.test/")


# --- LangChain's own tests ------------------------------------------------------------------------


class _Standard(ToolsUnitTests):
    made = None
    example: dict = {}  # noqa: RUF012

    @property
    def tool_constructor(self):
        return type(self).made()

    @property
    def tool_invoke_params_example(self):
        return self.example


class TestCalculator(_Standard):
    made = staticmethod(calculator_tool)
    example = {"expression": "1 + 1"}  # noqa: RUF012


class TestUnits(_Standard):
    made = staticmethod(unit_converter_tool)
    example = {"value": 1.0, "from_unit": "km", "to_unit": "m"}  # noqa: RUF012


class TestClock(_Standard):
    made = staticmethod(lambda: clock_tools()[2])
    example = {"start_date": "2024-01-01", "days": 1}  # noqa: RUF012


class TestTables(_Standard):
    @property
    def tool_constructor(self):
        import tempfile
        from pathlib import Path

        path = Path(tempfile.mkdtemp()) / "t.csv"
        path.write_text("a\n1\n")
        return table_tool(path)

    example = {"sql": "select 1"}  # noqa: RUF012


class TestFetch(_Standard):
    made = staticmethod(lambda: fetch_tool(["example.org"]))
    example = {"url": "https://example.org/"}  # noqa: RUF012
