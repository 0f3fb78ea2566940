"""A workbook of many sheets: those alike are asked about once, the others page by page; what is told stays small."""

from __future__ import annotations

import json
import re

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.intake.batch.models import Batch
from tests.web.bringing import HEADINGS, Bringing, line
from tests.web.test_imports import bringing, founded, house  # noqa: F401  (fixtures)
from web.intake.imports_alike import ONE_PAGE
from web.spreadsheet import Sheet, workbook

MANY = ONE_PAGE // len(HEADINGS) + 6


def sheets(given: Bringing, own: bool, more: int = 0) -> Bringing:
    """As many sheets as stand on no page, under the same headings or each with one of its own."""
    further = [f"栏{place}" for place in range(more)]
    given.upload(b"".join(workbook([
        Sheet(f"项目{serial}", (), [[*HEADINGS, *further, *([f"栏目{serial}号"] if own else [])],
                                  [*line(serial), *["值"] * more, *(["甲"] if own else [])]])
        for serial in range(1, MANY)])))
    given.work()
    return given


def test_sheets_alike_are_one_question_and_single_ones_may_stay_out(bringing: Bringing) -> None:  # noqa: F811
    page = sheets(bringing, own=False).get("/mapping").text
    assert page.count("<select") == len(HEADINGS) + 1 and f"表头相同的 {MANY - 1} 张表" in page
    answer = bringing.post("/mapping", {"t0.c9": "keep", "out": ["1", "3"]})
    assert answer.status_code == 303
    with Session(bringing.house.engine) as session:
        mappings = session.get_one(Batch, bringing.batch_id).mappings
    assert {one["columns"][9]["field"] for one in mappings} == {"keep"}
    assert [no for no, one in enumerate(mappings) if one.get("content") == "ignored"] == [1, 3]
    bringing.work()
    assert len(bringing.rows()) == MANY - 3


def test_sheets_that_differ_are_asked_about_page_by_page(bringing: Bringing) -> None:  # noqa: F811
    page = sheets(bringing, own=True).get("/mapping").text
    first = re.findall(r'name="(t[0-9]+[.])content"', page)
    assert page.count("<select") <= ONE_PAGE and "第 1 页，共 2 页" in page
    answer = bringing.post("/mapping", {"page": "1", first[0] + "c9": "keep"})
    assert answer.headers["Location"].endswith("/mapping?page=2") and bringing.state() == "mapping"
    assert first[0] + "content" not in bringing.get("/mapping?page=2").text
    assert bringing.post("/mapping", {"page": "2"}).headers["Location"].endswith(f"/imports/{bringing.batch_id}")
    with Session(bringing.house.engine) as session:
        batch = session.get_one(Batch, bringing.batch_id)
        assert (batch.state, batch.mappings[0]["columns"][9]["field"]) == ("judging", "keep")


def test_the_rest_may_be_left_as_proposed_but_not_with_something_missing(bringing: Bringing) -> None:  # noqa: F811
    sheets(bringing, own=True)
    assert bringing.post("/mapping", {"page": "2", f"t{MANY - 2}.c5": "keep"}).status_code == 400
    assert bringing.post("/mapping", {"page": "1", "all": "yes"}).status_code == 303
    assert bringing.state() == "judging"


def test_what_is_told_of_sheets_alike_is_kept_once(bringing: Bringing) -> None:  # noqa: F811
    sheets(bringing, own=False, more=150)
    with Session(bringing.house.engine) as session:
        kept = json.loads(session.scalar(text("select told from intake_batch")) or "")["tables"]
        told = session.get_one(Batch, bringing.batch_id).told["tables"]
    like = [one for one in kept if "columns" not in one]
    assert len(like) > 10 and len(json.dumps(like[0])) < len(json.dumps(told[0])) / 5
    assert [one["columns"][0]["sum"] for one in told] == [str(serial) for serial in range(1, MANY)]
    assert {tuple(column["heading"] for column in one["columns"][:10]) for one in told} == {tuple(HEADINGS)}
