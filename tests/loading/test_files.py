"""Files become documents, and what cannot be read is refused with its reason."""

import json
import os
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.loading import Refusal, load_files


def load(path: Path, **options) -> list[Document]:
    found = list(load_files([path], **options))
    assert all(isinstance(one, Document) for one in found), found
    return found


def refusal(path: Path, **options) -> str:
    (found,) = load_files([path], **options)
    assert isinstance(found, Refusal), found
    assert found.path
    return found.reason


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- formats ----------------------------------------------------------------------------------


def test_a_text_file_is_one_document_titled_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "notes" / "茶.txt", "绿茶。\r\n红茶。\r")

    (document,) = load(path, root=tmp_path)

    assert document.page_content == "绿茶。\n红茶。\n"
    assert document.id == "notes/茶.txt"
    digest = document.metadata.pop("read_as")
    assert len(digest) == 32
    assert document.metadata == {"title": "茶", "source": "notes/茶.txt", "size": 21}


def test_what_is_known_of_a_file_does_not_change_when_it_is_only_touched(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "same")
    before = load(path, root=tmp_path)
    os.utime(path, (1, 1))

    assert load(path, root=tmp_path) == before


def test_a_file_outside_the_root_has_its_absolute_path_as_id(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x")

    (document,) = load(path, root=tmp_path / "base")

    assert document.id == path.as_posix()


def test_markdown_is_kept_and_titled_by_its_first_heading(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "intro\n\n# The title #\n\n**bold** text\n")

    (document,) = load(path)

    assert document.page_content == "intro\n\n# The title #\n\n**bold** text\n"
    assert document.metadata["title"] == "The title"


def test_html_is_read_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.HTM", "<title>茶</title><p>绿茶。</p>".encode("gb18030"))

    (document,) = load(path)

    assert (document.metadata["title"], document.page_content) == ("茶", "绿茶。")


def test_a_json_object_becomes_lines_of_field_paths_and_values(tmp_path: Path) -> None:
    data = {"city": {"name": "北京", "rivers": ["永定河", "潮白河"]}, "districts": [{"n": 1}]}
    path = write(tmp_path / "a.json", json.dumps(data))

    (document,) = load(path)

    assert document.page_content.split("\n") == [
        "city.name: 北京",
        "city.rivers: 永定河, 潮白河",
        "districts[1].n: 1",
    ]


def test_a_json_object_with_a_text_is_that_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps({"title": "茶", "content": "绿茶。", "id": 7}))

    (document,) = load(path)

    assert (document.metadata["title"], document.page_content) == ("茶", "绿茶。")


def test_each_line_of_json_lines_is_a_document(tmp_path: Path) -> None:
    lines = [{"title": "茶", "text": "绿茶。"}, {"text": "红茶。"}]
    path = write(tmp_path / "a.jsonl", "\n\n".join(map(json.dumps, lines)) + "\n")

    first, second = load(path, root=tmp_path)

    assert (first.id, first.metadata["title"], first.page_content) == ("a.jsonl#1", "茶", "绿茶。")
    assert (second.id, second.metadata["title"]) == ("a.jsonl#3", "a")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_of_a_table_are_lines_of_column_and_value(tmp_path: Path, delimiter: str) -> None:
    rows = [["姓名", "朝代", ""], ["李白", '"唐, 盛唐;|\t"', "加"], ["苏轼", "", ""], []]
    path = write(tmp_path / "a.csv", "\n".join(delimiter.join(row) for row in rows))

    (document,) = load(path)

    assert document.page_content == "姓名: 李白\n朝代: 唐, 盛唐;|\n加\n\n姓名: 苏轼"


def test_a_cell_beyond_the_columns_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2,3\n")

    (document,) = load(path)

    assert document.page_content == "a: 1\nb: 2\n3"


def test_old_chinese_encodings_are_read(tmp_path: Path) -> None:
    for encoding in ("gb18030", "big5", "utf-16", "utf-16-le"):
        path = write(tmp_path / f"{encoding}.txt", "臺北是一個城市，人口很多。".encode(encoding))

        (document,) = load(path)

        assert document.page_content == "臺北是一個城市，人口很多。"


# --- folders ----------------------------------------------------------------------------------


def test_a_folder_is_read_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/y.txt", ".hidden.txt", ".git/c.txt", "image.raw"):
        write(tmp_path / name, "x")

    found = load(tmp_path, root=tmp_path)

    assert [document.id for document in found] == ["b.txt", "a/y.txt", "a/z.md"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside" / "secret.txt", "secret")
    inside = tmp_path / "inside"
    write(inside / "a.txt", "x")
    (inside / "link.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "within.txt").symlink_to(inside / "a.txt")
    (inside / "circle.txt").symlink_to(inside / "circle.txt")

    found = list(load_files([inside], root=inside))

    assert [one.id for one in found if isinstance(one, Document)] == ["a.txt", "within.txt"]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "")
    write(tmp_path / "b.txt", "x")

    first, second = load_files([tmp_path], root=tmp_path)

    assert first == Refusal("a.txt", "it is empty")
    assert isinstance(second, Document)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b" \n\t", "it is empty"),
        ("a.txt", b"\x7fELF\x02\x01\x00\x00", "binary file"),
        ("a.txt", bytes(range(256)), "binary file"),
        ("a.bin", b"%PDF", "the format '.bin' is not read; known: "),
        ("a", b"x", "the format '(none)' is not read"),
        ("a.json", b"{", "no valid JSON"),
        ("a.json", b"[" * 100_000, "no valid JSON"),
        ("a.json", b"9" * 10_000, "no valid JSON"),
        ("a.json", b'{"text": "\\ud800"}', "half a character"),
        ("a.json", b"{}", "it holds no text"),
        ("a.jsonl", b'{"text": "x"}\n{', "line 2 is no valid JSON"),
        ("a.csv", b'a,b\n"' + b"x" * 200_000, "no valid CSV"),
        ("a.html", b"<script>x</script>", "it holds no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, content, reason) -> None:
    assert reason in refusal(write(tmp_path / name, content))


def test_a_file_over_the_limit_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # sparse: nothing to read
    path.chmod(0)

    assert refusal(path) == (
        "it has 100,000,000 bytes, more than 50,000,000; raise the limit with --max-bytes"
    )


def test_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x" * 100)

    assert "--max-bytes" in refusal(path, max_bytes=99)
    assert load(path, max_bytes=100)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.txt") == "it does not exist (any more)"


def test_a_file_that_vanishes_while_its_folder_is_read_is_refused(tmp_path: Path) -> None:
    names = [f"{letter}.txt" for letter in "abcdefghijklm"]
    for name in names:
        write(tmp_path / name, "x")

    found = []
    for one in load_files([tmp_path], root=tmp_path, jobs=1):
        found.append(one)
        (tmp_path / "l.txt").unlink(missing_ok=True)  # beyond those that are read ahead

    assert found[11] == Refusal("l.txt", "it does not exist (any more)")
    assert isinstance(found[12], Document)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x")
    path.chmod(0)

    assert "it cannot be read" in refusal(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    assert refusal(tmp_path / "pipe.txt") == "it is no regular file"


def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("x")

    assert refusal(path) == "the name of the file is not UTF-8"
