"""A download opened as its readers open it: every fact in its column, nothing computed, nothing
lost, also in other scripts.
"""

import csv
import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exports import csv_file, json_file, xlsx_file
from bot.exports.columns import columns
from store.domain import submission
from store.domain.export import Entry
from store.domain.questions import Question
from store.domain.request import Category, Person, RejectionClass, Request, Status
from tests.cast import ALICE, BOB, NOW, request, sample

MANILA = ZoneInfo("Asia/Manila")
PEOPLE = {
    ALICE: Person(ALICE, "Alice Santos", "alice@example.com"),
    BOB: Person(BOB, "鲍勃 بوب", None),
}
ENDED = {
    "status": Status.REJECTED,
    "completed_on": datetime(2026, 11, 20, 17, 2, 5, 999, tzinfo=UTC),
    "decided_by": BOB,
    "rejection_class": RejectionClass.PRIVACY,
    "decision_reason": "The privacy text names no contact.\nSee line 2.",
}


def written(writing: AbstractContextManager[Any], *requests: Request, people: Any = PEOPLE) -> None:
    with writing as add:
        for each in requests:
            add(entry(each), people)


def entry(of: Request) -> Entry:
    """As it comes from the store."""
    return Entry._make(getattr(of, name) for name in Entry._fields)


def as_csv(folder: Path, *requests: Request, zone: ZoneInfo = MANILA) -> list[dict[str, str]]:
    path = folder / "file.csv"
    written(csv_file.writing(path, zone), *requests)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def as_sheets(folder: Path, *requests: Request, **options: int) -> list[list[tuple[Any, ...]]]:
    path = folder / "file.xlsx"
    written(xlsx_file.writing(path, MANILA, **options), *requests)
    book = openpyxl.load_workbook(path)
    return [list(sheet.values) for sheet in book.worksheets]


def as_sheet(folder: Path, shown: Request) -> dict[str, Any]:
    """Both sheets of one request, as one."""
    row: dict[str, Any] = {}
    for header, cells in as_sheets(folder, shown):
        row |= dict(zip(header, cells, strict=True))
    return row


def as_objects(folder: Path, *requests: Request) -> list[dict[str, Any]]:
    path = folder / "file.jsonl"
    written(json_file.writing(path, MANILA), *requests)
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def test_the_number_comes_first_then_the_nine_columns_then_the_decision() -> None:
    assert [column.title for column in columns(MANILA)][:15] == [
        "Request",
        "Title",
        "Mini Program Name",
        "Environment",
        "Category",
        "Version",
        "Submitted By",
        "Created At (Asia/Manila)",
        "Completed On (Asia/Manila)",
        "Status",
        "Decision",
        "Reason",
        "Decided By",
        "Mini Program ID",
        "External ID",
    ]


def test_every_field_of_every_category_has_its_one_column() -> None:
    titles = [column.title for column in columns(MANILA)]
    assert len(set(titles)) == len(titles)
    for category in Category:
        for field in category.spec.model.model_fields.values():
            assert any(title.startswith(f"Details: {field.title}") for title in titles)


def test_a_decided_request_in_csv(tmp_path: Path) -> None:
    (row,) = as_csv(tmp_path, request(**ENDED))
    assert list(row.values())[:15] == [
        "MP-128",
        "Release Bills Pay 3.2.4",
        "Bills Pay",
        "Production",
        "Mini Program Release",
        "3.2.4",
        "Alice Santos",
        "2026-11-20 10:14:00",
        "2026-11-21 01:02:05",
        "Rejected",
        "Rejected: Personal data and privacy violations",
        "The privacy text names no contact.\nSee line 2.",
        "鲍勃 بوب",
        "2171020092715498",
        "apply-000128",
    ]
    assert row["Details: Features"] == "Scan 1.8 · Scan a QR or bar code"


def test_an_open_request_leaves_the_decision_empty(tmp_path: Path) -> None:
    (row,) = as_csv(tmp_path, request(version=None, submitted_by="UNEW"))
    empty = ("Version", "Completed On (Asia/Manila)", "Decision", "Reason", "Decided By")
    assert {row[title] for title in empty} == {""}
    assert row["Submitted By"] == "UNEW"


def test_the_csv_is_utf_8_with_a_mark_and_every_cell_quoted(tmp_path: Path) -> None:
    as_csv(tmp_path, request(title="发布 账单 · إصدار"))
    raw = (tmp_path / "file.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf" + b'"Request","Title"')
    assert '"发布 账单 · إصدار",'.encode() in raw
    assert raw.endswith(b'"\r\n')


@pytest.mark.parametrize("sign", list("=+-@＝＋－＠"))
@pytest.mark.parametrize("before", ["", " ", "\t", "\n", "\u00a0", "\u200b"])
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, sign: str, before: str) -> None:
    title = f"{before}{sign}cmd|' /C calc'!A0"
    (row,) = as_csv(tmp_path, request(title=title))
    assert row["Title"] == f"'{title}"


@pytest.mark.parametrize("text", ["-5", "+63", "3.5", "a=b", "x", "", "e-mail@example.com"])
def test_a_number_and_a_plain_text_stay_as_they_are(text: str) -> None:
    assert csv_file.as_text(text) == text


@given(st.text())
def test_whatever_is_written_a_csv_cell_never_begins_with_a_sign(text: str) -> None:
    cell = csv_file.as_text(text)
    assert cell in (text, f"'{text}")
    bare = cell.replace(".", "", 1).lstrip("+-")
    assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) or (bare.isascii() and bare.isdigit())


def test_the_zone_decides_the_hour_and_is_named(tmp_path: Path) -> None:
    (row,) = as_csv(tmp_path, request(), zone=ZoneInfo("America/New_York"))
    assert row["Created At (America/New_York)"] == "2026-11-19 21:14:00"


def test_a_decided_request_in_a_workbook(tmp_path: Path) -> None:
    row = as_sheet(tmp_path, request(**ENDED))
    assert row["Created At (Asia/Manila)"] == datetime(2026, 11, 20, 10, 14)  # noqa: DTZ001 - Excel knows no zone
    assert row["Completed On (Asia/Manila)"] == datetime(2026, 11, 21, 1, 2, 5)  # noqa: DTZ001
    assert row["Mini Program ID"] == "2171020092715498"
    assert row["Decided By"] == "鲍勃 بوب"
    assert row["Reason"] == "The privacy text names no contact.\nSee line 2."


def test_sizes_are_numbers_and_switches_words(tmp_path: Path) -> None:
    details = {"subpackage_enabled": True, "whole_package_size": 3_800_000}
    row = as_sheet(tmp_path, request(category=Category.OPTIMIZATION, details=details))
    assert row["Details: Whole Package Size (bytes)"] == 3_800_000
    assert row["Details: Sub-packaging enabled"] == "Yes"


@pytest.mark.parametrize("title", ["<r>a</r>", "<r><t>a</t></r>", "<r>&</r>", "<r></r>", "<r", "<"])
def test_markup_in_a_title_breaks_no_workbook(tmp_path: Path, title: str) -> None:
    assert as_sheet(tmp_path, request(title=title))["Title"] == title


@pytest.mark.parametrize("title", ["=1+1", "https://evil.example", "007", "{=SUM(1)}", "_x0041_"])
def test_a_text_in_a_workbook_is_a_text(tmp_path: Path, title: str) -> None:
    as_sheets(tmp_path, request(title=title))
    cell = openpyxl.load_workbook(tmp_path / "file.xlsx").active["B2"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert cell.value in (title, "_x005F_x0041_")  # how a file spells an underscore of that kind


def test_what_a_cell_cannot_hold_is_cut_with_a_word(tmp_path: Path) -> None:
    details = {"note": "😀" * 20_000}
    row = as_sheet(tmp_path, request(details=details))
    more = row["Details: More"]
    assert len(more.encode("utf-16-le")) // 2 <= xlsx_file.CELL_LIMIT
    assert more.endswith("download CSV or JSON for all of it)")
    (full,) = as_csv(tmp_path, request(details=details))
    assert full["Details: More"] == "note: " + "😀" * 20_000


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    requests = [request(id=number) for number in range(1, 6)]
    sheets = as_sheets(tmp_path, *requests, row_limit=3)
    numbers = sorted(tuple(row[0] for row in sheet[1:]) for sheet in sheets)
    assert numbers == sorted(2 * [("MP-1", "MP-2"), ("MP-3", "MP-4"), ("MP-5",)])
    assert len({sheet[0] for sheet in sheets}) == 2


def test_the_header_stays_in_sight(tmp_path: Path) -> None:
    as_sheets(tmp_path, request())
    sheet = openpyxl.load_workbook(tmp_path / "file.xlsx").active
    assert sheet.freeze_panes == "B2"
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["B"].width > 40
    assert sheet.auto_filter.ref == "A1:AC2"
    assert sheet["B2"].alignment.wrap_text


def test_a_workbook_shows_no_empty_column_of_the_details(tmp_path: Path) -> None:
    as_sheets(tmp_path, request(details={"tagline": "Pay"}), request(id=9))
    sheet = openpyxl.load_workbook(tmp_path / "file.xlsx")["Details"]
    hidden = [each for each in sheet.column_dimensions.values() if each.hidden]
    shown = [
        cell.value
        for cell in sheet[1]
        if not any(each.min <= cell.column <= each.max for each in hidden)
    ]
    assert "Details: Tagline" in shown
    assert "Details: Reason for Taking Offline" not in shown
    assert sheet.auto_filter.ref.endswith("3")


def test_details_nobody_named_are_in_full(tmp_path: Path) -> None:
    odd = {"risk": {"level": 3, "by": ["x", {"y": None}]}, "features": [{"name": "Pay", "sla": 1}]}
    (row,) = as_csv(tmp_path, request(details={**odd, "keywords": ["qr", "food"]}))
    assert row["Details: More"] == 'risk: {"level": 3, "by": ["x", {"y": null}]}'
    assert row["Details: Features"] == "Pay · sla: 1"
    assert row["Details: Keywords"] == "qr, food"


def test_json_is_the_interchange_format_and_the_review_beside_it(tmp_path: Path) -> None:
    (found,) = as_objects(tmp_path, request(**ENDED))
    assert found["review"] == {
        "rule": None,
        "stage": None,
        "due_at": None,
        "escalated_at": None,
        "escalated_to": [],
        "questions": [],
        "approval_notes": [],
        "tester": None,
        "testing_since": None,
        "incident": None,
        "reviewed_by": None,
        "reviewed_at": None,
        "request": "MP-128",
        "status": "rejected",
        "completed_on": "2026-11-20T17:02:05.000999Z",
        "decided_by": BOB,
        "decided_for": None,
        "platform_decider": None,
        "rejection_class": "personal_data_and_privacy",
        "reason": "The privacy text names no contact.\nSee line 2.",
    }
    read = submission.read(found, now=NOW)
    assert (read.submitted_by, read.details) == ("alice@example.com", request().details)


def test_the_sample_comes_back_from_json_as_it_was(tmp_path: Path) -> None:
    handed = [submission.read(line, now=NOW) for line in sample()]
    stored = [
        request(
            **{name: getattr(each, name) for name in _KEPT},
            mini_program_id=each.mini_program.id,
            mini_program_name=each.mini_program.name,
            evidence=each.attached,
        )
        for each in handed
    ]
    assert [submission.read(found, now=NOW) for found in as_objects(tmp_path, *stored)] == handed


_KEPT = (
    "external_id",
    "title",
    "category",
    "environment",
    "version",
    "submitted_by",
    "created_at",
    "details",
)


def test_a_download_without_requests_has_its_header(tmp_path: Path) -> None:
    assert as_csv(tmp_path) == []
    assert len(as_sheets(tmp_path)[0]) == 1
    assert as_objects(tmp_path) == []


QUESTIONS = (
    Question(1, BOB, NOW, "Who tests\nit?", "We do.", NOW),
    Question(2, BOB, NOW, "=1+1", closed_at=NOW),
)


def test_what_was_asked_and_answered_stands_in_one_cell(tmp_path: Path) -> None:
    asked = request(questions=QUESTIONS)
    said = (
        "2026-11-20 11:00 鲍勃 بوب: Who tests\nit?\n2026-11-20 11:00 Alice Santos: We do.\n"
        "2026-11-20 11:00 鲍勃 بوب: =1+1"
    )
    assert as_csv(tmp_path, asked)[0]["Questions"] == said
    assert as_sheet(tmp_path, asked)["Questions"] == said
    assert as_csv(tmp_path, request())[0]["Questions"] == ""


def test_in_json_each_question_is_an_object(tmp_path: Path) -> None:
    (found,) = as_objects(tmp_path, request(questions=QUESTIONS))
    first, second = found["review"]["questions"]
    assert (first["number"], first["asked_by"], first["answer"]) == (1, BOB, "We do.")
    assert (second["question"], second["answer"], second["closed_by"]) == ("=1+1", None, None)
    assert second["closed_at"] == "2026-11-20T03:00:00Z"
