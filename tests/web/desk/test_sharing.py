"""Comments, copies and urging: who may, who is told, and the sentence for whoever may not."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.outbox import deliver
from registry.alerts.notices import Notice
from registry.people.persons import create_person
from tests.web.desk.at_work import PDF, Town
from tests.web.desk.test_inbox import submit
from tests.web.desk.test_requests import step
from workflows import requests, triggers
from workflows.requests import Request
from workflows.sharing.comments import Comment
from workflows.sharing.copies import RequestCopy


@pytest.fixture
def case(town: Town) -> tuple[int, int]:
    """(request, task): a safety licence that 沈青 (desk) applied for, waiting for the legal reviewers; all sign in."""
    for login in ("legal", "legal2", "custodian", "approver", "stranger"):
        town.visitor(login)
    task = submit(town)
    with Session(town.engine) as session:
        return session.scalars(select(Request.id)).one(), task


def told(town: Town, login: str) -> list[str]:
    """What somebody was told after the worker's round, filled in."""
    deliver(town.engine, triggers.HANDLERS)
    with Session(town.engine) as session:
        query = select(Notice).where(Notice.person_id == town.company.people[login]).order_by(Notice.id)
        return [one.text.format(**one.params) for one in session.scalars(query)]


def say(town: Town, login: str, request: int, text: str, **more: Any) -> Any:
    return town.visitor(login).post(f"/requests/{request}/comments", {"text": text, **more})


def test_a_comment_with_a_file_is_read_by_all_who_may_read_the_request(town: Town, case: tuple[int, int]) -> None:
    request, task = case
    sent = {"files": (BytesIO(PDF), "说明.pdf"), "next": f"/tasks/{task}", "task": str(task)}
    assert say(town, "legal", request, "附件是补充说明", **sent).location == f"/tasks/{task}"
    for login, address in (("desk", f"/requests/{request}"), ("legal2", f"/tasks/{task}"),
                           ("desk", f"/requests/{request}/comments")):
        page = town.visitor(login).get(address).text
        assert "附件是补充说明" in page and "韩立" in page, address
    page = town.visitor("desk").get(f"/requests/{request}").text
    file = re.search(r'href="(/files/\d+)"[^<]*<svg.*?说明.pdf', page, re.DOTALL)
    assert file and town.visitor("desk").get(file[1]).status_code == 200
    assert "评论的附件" in page and "发表评论" in page
    assert town.visitor("stranger").get(file[1]).status_code == 404
    assert say(town, "stranger", request, "我也说一句").status_code == 404


def test_at_and_a_name_mentions_and_tells(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    assert say(town, "desk", request, "请@许文看一下，邮箱 a@b.cn").status_code == 303
    assert "沈青 在“安全生产许可证 · 华建第一建筑有限公司”的评论里提到了您。" in told(town, "legal2")
    assert "提及：许文" in town.visitor("legal").get(f"/requests/{request}").text
    assert not any("评论" in words for words in told(town, "legal"))


def test_the_applicant_and_whoever_has_it_in_hand_hear_of_comments(town: Town, case: tuple[int, int]) -> None:
    request, task = case
    town.visitor("legal").post(f"/tasks/{task}/claim")
    say(town, "legal2", request, "注意有效期")
    say(town, "legal", request, "好的")
    assert [words for words in told(town, "legal") if "评论了" in words] == [
        "许文 评论了“安全生产许可证 · 华建第一建筑有限公司”。"]
    assert len([words for words in told(town, "desk") if "评论了" in words]) == 2


def test_a_mention_gives_no_right_and_says_the_way_out(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    page = say(town, "desk", request, "请@路人甲看一下")
    assert page.status_code == 400
    assert "路人甲 无权查看这项申请。请另选一位，或先把申请抄送给他。" in page.text and "请@路人甲看一下" in page.text
    assert town.visitor("stranger").get(f"/requests/{request}").status_code == 404
    with Session(town.engine) as session:
        assert session.scalars(select(Comment)).all() == []


def test_of_two_with_one_name_one_must_be_chosen(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    with unit(town.engine) as session:
        other = create_person(session, unit=town.company.unit(session, "company"), name="许文", by=SYSTEM)
        number = other.id
    assert say(town, "desk", request, "请@许文看").status_code == 303  # the other one has no account
    town.company.people["namesake"] = number
    town.visitor("namesake")
    give(town, "desk", request, "namesake")
    page = say(town, "desk", request, "再请@许文看")
    assert page.status_code == 400 and "叫“许文”的不止一位，请在“提及同事”里选择。" in page.text
    assert say(town, "desk", request, "再请@许文看", to=str(number)).status_code == 303




def test_nothing_empty_too_long_or_foreign_is_said(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    for typed, words in (("  ", "请写下评论"), ("长" * 4001, "评论最长 4000 字")):
        page = say(town, "desk", request, typed)
        assert page.status_code == 400 and words in page.text
    page = say(town, "desk", request, "看附件", files=(BytesIO(b"MZ..."), "a.exe"))
    assert page.status_code == 400 and "不支持这种文件" in page.text and "看附件" in page.text
    assert "上一次选择的附件没有保存" in page.text


def test_sent_twice_is_said_once(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    for _ in range(2):
        assert say(town, "desk", request, "一次", once="abcdefgh1").status_code == 303
    with Session(town.engine) as session:
        assert len(session.scalars(select(Comment)).all()) == 1


def test_only_its_author_strikes_a_comment_and_its_files_go(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    say(town, "desk", request, "写错了", files=(BytesIO(PDF), "错的.pdf"))
    with Session(town.engine) as session:
        number = session.scalars(select(Comment.id)).one()
    strike = f"/requests/{request}/comments/{number}/strike"
    assert town.visitor("legal").post(strike).status_code == 403
    assert town.visitor("desk").post(strike).status_code == 303
    page = town.visitor("legal").get(f"/requests/{request}/comments").text
    assert "这条评论已由本人划去" in page and "写错了" not in page and "错的.pdf" not in page
    assert "错的.pdf" not in town.visitor("legal").get(f"/requests/{request}").text


def give(town: Town, login: str, request: int, *to: str) -> Any:
    people = [str(town.company.people[one]) for one in to]
    return town.visitor(login).post(f"/requests/{request}/copies", {"to": people})


def test_a_copy_lets_its_receiver_read_this_request_and_nothing_else(town: Town, case: tuple[int, int]) -> None:
    request, task = case
    other = town.request("applicant", "J03")
    stranger = town.visitor("stranger")
    assert stranger.get(f"/requests/{request}").status_code == 404
    assert give(town, "desk", request, "stranger").status_code == 303
    assert "沈青 把“安全生产许可证 · 华建第一建筑有限公司”抄送给您。" in told(town, "stranger")
    assert stranger.get(f"/requests/{request}").status_code == 200
    assert stranger.get(f"/requests/{other}").status_code == 404
    assert stranger.get(f"/tasks/{task}").status_code == 404
    assert stranger.post(f"/tasks/{task}/claim").status_code == 404
    assert "抄送给 路人甲" in town.visitor("desk").get(f"/requests/{request}").text


def test_the_receipt_counts_once_and_only_for_whoever_got_the_copy(
    town: Town, case: tuple[int, int], clock: Fixed
) -> None:
    request, _ = case
    give(town, "desk", request, "stranger")
    stranger, desk = town.visitor("stranger"), town.visitor("desk")
    assert "1 人未读" in desk.get(f"/requests/{request}").text
    assert 'hx-trigger="load"' in stranger.get(f"/requests/{request}").text
    assert "1 人未读" in desk.get(f"/requests/{request}").text  # looking writes nothing: the page's script does
    clock.advance(timedelta(minutes=5))
    answer = stranger.post(f"/requests/{request}/reading", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "2026-11-23 10:05 已阅" in answer.text
    clock.advance(timedelta(minutes=5))
    assert stranger.post(f"/requests/{request}/reading").status_code == 303
    page = desk.get(f"/requests/{request}").text
    assert "都已读" in page and "2026-11-23 10:05 已阅" in page
    assert desk.post(f"/requests/{request}/reading").status_code == 404
    assert page.count("story-what") and page.count("已阅</p>") == 1


def test_whoever_only_reads_gives_no_copies(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    give(town, "desk", request, "stranger")
    assert town.visitor("stranger").get(f"/requests/{request}/copies/new").status_code == 403
    assert give(town, "stranger", request, "custodian").status_code == 403
    assert give(town, "legal", request, "custodian").status_code == 303
    assert give(town, "legal", request, "custodian").status_code == 303  # again: no second copy
    with Session(town.engine) as session:
        assert len(session.scalars(select(RequestCopy)).all()) == 2


@pytest.mark.parametrize(("to", "words"), [
    ((), "请选择抄送给谁。"), (("desk",), "不需要抄送给自己。"), (("worker",), "石磊 已离职或没有可用的账号"),
])
def test_a_copying_that_cannot_be_says_why_and_nobody_gets_one(
    town: Town, case: tuple[int, int], to: tuple[str, ...], words: str
) -> None:
    page = give(town, "desk", case[0], *to, *(("custodian",) if to else ()))
    assert page.status_code == 400 and words in page.text
    with Session(town.engine) as session:
        assert session.scalars(select(RequestCopy)).all() == []


def test_colleagues_are_found_by_name_pinyin_or_initials(town: Town, case: tuple[int, int]) -> None:
    desk, place = town.visitor("desk"), f"/requests/{case[0]}/colleagues"
    for typed in ("方芳", "fangf", "ff"):
        assert "方芳" in desk.get(f"{place}?for=copy&q={typed}").text
    ticked = town.company.people["approver"]
    kept = desk.get(f"{place}?for=copy&q=方芳&to={ticked}").text
    assert kept.index("梁总") < kept.index("方芳") and "checked" in kept
    assert "没有姓名、拼音或首字母以“独角兽”开头" in desk.get(f"{place}?for=copy&q=独角兽").text
    assert "无权查看这项申请" in desk.get(f"{place}?for=mention&q=路人甲").text
    assert desk.get(f"{place}?for=transfer&q=方芳").status_code == 400
    assert town.visitor("stranger").get(f"{place}?for=copy&q=方芳").status_code == 404


def urge(town: Town, login: str, case: tuple[int, int]) -> str:
    """Urge the task as the page does; the page that follows."""
    visitor = town.visitor(login)
    answer = visitor.post(f"/requests/{case[0]}/tasks/{case[1]}/urging")
    assert answer.status_code == 303, answer.text
    return visitor.get(answer.location).text


def test_urging_tells_the_group_or_the_holder_and_says_the_place_in_the_queue(
    town: Town, case: tuple[int, int], clock: Fixed
) -> None:
    assert "刚到 2026-11-23 10:00，请等到 2026-11-23 14:00 之后再催" in urge(town, "desk", case)
    clock.advance(timedelta(hours=4))
    assert 'data-key="u"' in town.visitor("desk").get(f"/requests/{case[0]}").text
    page = urge(town, "desk", case)
    assert "已催办。它已排在最前面。" in page and "已催办 1 次。" in page and "催办“法务经营初审”" in page
    words = "沈青 催办“法务经营初审”：安全生产许可证 · 华建第一建筑有限公司"
    assert words in told(town, "legal") and words in told(town, "legal2") and words not in told(town, "stranger")


def test_urging_again_on_the_same_day_is_refused_with_when_it_is_possible(
    town: Town, case: tuple[int, int], clock: Fixed
) -> None:
    clock.advance(timedelta(hours=5))
    urge(town, "desk", case)
    clock.advance(timedelta(minutes=2))
    assert "您今天 2026-11-23 15:00 已经催过“法务经营初审”，2026-11-24 起可以再催。" in urge(town, "desk", case)
    for _ in range(2):
        clock.advance(timedelta(days=1))
        assert "已催办。" in urge(town, "desk", case)
    clock.advance(timedelta(days=1))
    assert "已被催办 3 次，不能再催" in urge(town, "desk", case)


def test_urging_is_for_whoever_waits(town: Town, case: tuple[int, int], clock: Fixed) -> None:
    clock.advance(timedelta(hours=5))
    give(town, "desk", case[0], "stranger")
    for login, status in (("stranger", 403), ("legal", 403), ("custodian", 403), ("hr", 404)):
        answer = town.visitor(login).post(f"/requests/{case[0]}/tasks/{case[1]}/urging")
        assert answer.status_code in (status, 404), login
    assert "正在等待" not in town.visitor("legal").get(f"/requests/{case[0]}").text


def test_urging_what_is_done_says_who_did_it(town: Town, case: tuple[int, int], clock: Fixed) -> None:
    from tests.web.desk.test_moved_on import approve

    clock.advance(timedelta(hours=5))
    approve(town, case[1])
    assert "已由 韩立 于 2026-11-23 15:00 处理" in urge(town, "desk", case)


def test_urging_counts_what_is_due_before(town: Town, clock: Fixed) -> None:
    for holder, words in (("worker", "它已排在最前面。"), ("hr", "前面还有 1 项先到期的任务。")):
        request = town.request("desk", "P02", holder)
        step(town, request, "A1_fill", "desk")
        assert words in town.visitor("desk").get(f"/requests/{request}").text
        clock.advance(timedelta(days=1))


def test_seen_by_knows_the_copied_and_the_mentioned(town: Town, case: tuple[int, int]) -> None:
    request, _ = case
    say(town, "desk", request, "请@许文看")
    with Session(town.engine) as session:
        legal2 = town.company.actor(session, "legal2")
        assert requests.get(session, legal2, request).id == request


def test_all_of_it_speaks_english(town: Town, case: tuple[int, int], clock: Fixed) -> None:
    request, task = case
    clock.advance(timedelta(hours=5))
    say(town, "desk", request, "Please look @许文", files=(BytesIO(PDF), "note.pdf"))
    give(town, "desk", request, "stranger")
    urge(town, "desk", case)
    desk, legal = town.visitor("desk"), town.visitor("legal")
    legal.post(f"/tasks/{task}/claim")
    for visitor in (desk, legal):
        visitor.post("/language", {"language": "en"})
    for visitor, address, words in (
        (desk, f"/requests/{request}", ("Waiting for", "It is the next one due. 1 reminder sent.", "Mentions 许文",
                                        "1 unread", "File of a comment", "You sent a reminder")),
        (desk, f"/requests/{request}/comments", ("Write a comment", "Strike out", "Mention colleagues")),
        (desk, f"/requests/{request}/copies/new", ("Whoever gets a copy is told", "Copied already to 路人甲")),
        (legal, f"/tasks/{task}/consultations/new", ("Ask an outside expert", "Make the link", "Valid for")),
    ):
        page = visitor.get(address).text
        assert all(one in page for one in words), (address, [one for one in words if one not in page])
