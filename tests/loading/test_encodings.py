"""Text files are read in the encoding they were written in, and binary files are refused."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.errors import DocumentError
from groundglm.loading.encodings import decode

SIMPLIFIED = [
    "北京大学",
    "他是医生",
    "合同期满后，双方可以协商续签。",
    "苏轼，字子瞻，号东坡居士，北宋文学家。",
    "请在每天早上八点以前到达实验室，并带好自己的笔记本和证件。",
    "AI 模型在 2024 年的应用：从客服到病历归档。\n第二行也要读对。",
]
TRADITIONAL = [
    "臺灣大學",
    "他是醫生",
    "合約期滿後，雙方可以協商續約。",
    "蘇軾，字子瞻，號東坡居士，北宋文學家。",
    "請在每天早上八點以前到達實驗室，並帶好自己的筆記本和證件。",
    "本館自 2019 年起開放參觀，門票 50 元。\n星期一休館。",
]


@pytest.mark.parametrize("text", SIMPLIFIED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "utf-32"])
def test_simplified_chinese_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", TRADITIONAL)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "cp950", "gb18030"])
def test_traditional_chinese_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", [*SIMPLIFIED[2:], *TRADITIONAL[2:], "Plain words,\r\nmore words."])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_byte_order_mark_decides(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"

    assert decode(mark + "一Ā".encode(encoding)) == "一Ā"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_utf_8_text_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


def test_blanks_tabs_and_form_feeds_are_text() -> None:
    assert decode(b"a\tb\x0c\r\nc\n") == "a\tb\x0c\r\nc\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x03\x00>\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00",
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(256)),
        b"text with a \x00 in it",
        b"text with a \x01 in it",
        bytes(100),
        "中文".encode() + b"\x00\x01\x02",
        codecs.BOM_UTF16_LE + b"odd",
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except DocumentError:
        return
    assert "\x00" not in text


def test_european_text_in_an_old_encoding_is_refused_and_not_garbled() -> None:
    with pytest.raises(DocumentError, match="UTF-8, UTF-16, GB18030 or Big5"):
        decode("Grüße aus München, schöne Straße".encode("latin-1"))


SAID = {
    "euc_kr": "배는 아침 아홉 시에 섬으로 떠나고 정오에 돌아온다.",
    "euc_jp": "船は朝九時に島へ出発し、正午に戻ります。",
    "shift_jis": "船は朝九時に島へ出発し、正午に戻ります。",
    "iso2022_jp": "船は朝九時に島へ出発し、正午に戻ります。",
    "cp1251": "Паром на остров уходит утром в девять часов.",
    "koi8_r": "Паром на остров уходит утром в девять часов.",
    "cp1252": "Die Fähre fährt früh um neun über den Belt zurück.",
}


@pytest.mark.parametrize("encoding", SAID)
def test_what_cannot_be_told_is_refused_and_read_where_it_is_named(encoding: str) -> None:
    data = SAID[encoding].encode(encoding)

    with pytest.raises(DocumentError, match=f"--encoding {encoding.replace('_', '-')}"):
        decode(data)
    assert decode(data, encoding) == SAID[encoding]


def test_damaged_utf8_is_not_taken_for_chinese_of_another_encoding() -> None:
    data = "渡船每天早上九点从码头出发".encode() + "中午返回".encode("gb18030")

    with pytest.raises(DocumentError, match="mixes UTF-8 with another"):
        decode(data)


def test_an_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DocumentError, match="no text in gb18030"):
        decode(b"\xff\xff\xff", "gb18030")
    with pytest.raises(DocumentError, match="binary"):
        decode(b"\x00\x01", "cp1252")
