"""Workbooks: what people see in a cell is what is read of it."""

import datetime
from pathlib import Path

import xlsxwriter

from groundglm.loading import load_files


def read(path: Path) -> str:
    (document,) = load_files([path], root=path.parent, jobs=1)
    return document.page_content


def test_numbers_dates_and_percentages_are_read_as_they_are_seen(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet("折扣")
    whole, exact = (
        book.add_format({"num_format": "0%"}),
        book.add_format({"num_format": '0.0"约"%'}),
    )
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(3, 2, ["产品", "折扣", "税率", "数量", "日期"])
    sheet.write(4, 2, "绿茶")
    sheet.write_number(4, 3, 0.15, whole)
    sheet.write_number(4, 4, 0.065, exact)
    sheet.write_number(4, 5, 12)
    sheet.write_datetime(4, 6, datetime.datetime(2024, 1, 5), day)
    sheet.write_row(5, 2, ["红茶", 0.15, 3.25, True])
    book.close()

    assert read(tmp_path / "a.xlsx").split("\n")[-2:] == [
        "| 绿茶 | 15% | 6.5% | 12 | 2024-01-05 |",
        "| 红茶 | 0.15 | 3.25 | TRUE |  |",
    ]


def test_a_title_above_the_header_is_a_line_of_its_own(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet("Prices")
    for number, row in enumerate([["Prices 2024"], [], ["Item", "Price"], ["Tea", 3]]):
        sheet.write_row(number, 0, row)
    book.close()

    assert read(tmp_path / "a.xlsx") == (
        "# Prices\nPrices 2024\n\n| Item | Price |\n| --- | --- |\n| Tea | 3 |"
    )


def test_rows_of_a_long_sheet_name_their_columns(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet("Stops")
    sheet.write_row(0, 0, ["Stop", "Time"])
    for number in range(1, 200):
        sheet.write_row(number, 0, [f"stop {number}", f"{number}:15"])
    book.close()

    text = read(tmp_path / "a.xlsx")

    assert "\n\nStop: stop 157\nTime: 157:15\n\n" in text


def test_numbers_without_a_header_stay_rows(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet("Data")
    for number in range(3):
        sheet.write_row(number, 0, [number, number * 2])
    book.add_worksheet("empty")
    book.close()

    assert read(tmp_path / "a.xlsx") == "# Data\n\n0 | 0\n1 | 2\n2 | 4"
