"""A task that waits for somebody: what cannot be done meanwhile is not offered, and sent all the same it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance, Task
from engine.usertasks.hands import TaskPending
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.alerts.notices import Notice
from registry.people.persons import person_of
from tests.web.desk.at_work import Town
from tests.web.desk.test_correcting import ask as ask_correction
from tests.web.desk.test_hands import answers, children, hand, mine, number  # noqa: F401 - the fixture
from tests.web.desk.test_moved_on import VERBS
from workflows import triggers
from workflows.handling import signing

NOW: dict[str, set[str]] = {
    "none": {"release", "transfer", "delegate", "return", "correct", "sign", "consult"},
    "before": {"release", "return", "sign", "consult"}, "after": set(), "correction": {"release", "return"},
    "delegated": {"resolve", "delegate", "consult"},
}
"""What whoever holds a task may do with it besides handing it in, by what it waits for."""
WAITS = {"before": "许文", "after": "许文", "correction": "沈青"}


def put(town: Town, task: int, hold: str) -> str:
    """Bring a task of 韩立's into a state; who holds it then."""
    legal = town.visitor("legal")
    if hold == "correction":
        ask_correction(town, legal, task, address="门牌号不对")
    elif hold == "delegated":
        assert hand(legal, town, task, "delegation", "legal2", "请核对").status_code == 303
        return "legal2"
    elif hold != "none":
        with unit(town.engine) as session:
            signing.ask(session, town.company.actor(session, "legal"), task, [number(town, "legal2")],
                        hold, question="请看", in_order=False, version=None)  # type: ignore[arg-type]
    if hold == "after":
        assert legal.hand_in(task, answers(town, task)).status_code == 303
    assert (town.row(Task, task).hold or "none") == hold
    return "legal"


def post(town: Town, verb: Any, task: int, login: str, **more: Any) -> Any:
    with town.app.test_request_context():
        address = url_for(verb.act or verb.endpoint, task_id=task)
    found = town.row(Task, task)
    with Session(town.engine) as session:
        version = session.get_one(Instance, found.instance_id).version
    typed = {verb.keeps: "请核对"} if verb.keeps else {}
    return town.visitor(login).post(address, {
        "version": found.version, "instance_version": version, **typed, **more})


@pytest.mark.parametrize("hold", NOW)
def test_only_what_can_be_done_is_offered_and_the_rest_is_refused(town: Town, mine: int, hold: str) -> None:  # noqa: F811
    town.visitor("desk")
    who = put(town, mine, hold)
    page = town.visitor(who).get(f"/tasks/{mine}").text
    with town.app.test_request_context():
        offered = {verb.key for verb in VERBS
                   if f'="{url_for(verb.endpoint, task_id=mine)}"' in page.replace("?", '"')}
    assert offered == NOW[hold]
    before = town.row(Task, mine)
    for verb in VERBS:
        if verb.key not in NOW[hold] | {"claim"}:  # whoever has it takes it again: nothing happens
            late = post(town, verb, mine, who)
            assert late.status_code in (403, 404, 409), (verb.key, late.status_code)
            assert verb.key not in NOW["none"] or WAITS.get(hold, "") in late.text, verb.key
    after = town.row(Task, mine)
    assert (after.version, after.hold, after.assignee_id) == (before.version, before.hold, before.assignee_id)


@pytest.mark.parametrize("hold", ["before", "correction"])
def test_giving_it_back_while_somebody_is_asked_ends_what_was_asked_and_tells_them(
    town: Town, mine: int, hold: str  # noqa: F811
) -> None:
    town.visitor("desk")
    put(town, mine, hold)
    child, = children(town, mine)
    legal = town.visitor("legal")
    with Session(town.engine) as session:
        host = session.get_one(Task, mine)
        first = session.scalars(select(Task.id).where(
            Task.instance_id == host.instance_id, Task.state == "completed")).first()
    verb = next(one for one in VERBS if one.key == "return")
    assert post(town, verb, mine, "legal", to=first, reason="材料不齐", straight="1").status_code == 303
    gone = town.row(Task, child)
    assert (gone.state, gone.ended_how, gone.ended_by_name) == ("cancelled", "returned", "韩立")
    outbox.deliver(town.engine, triggers.HANDLERS)
    who = "legal2" if hold == "before" else "desk"
    with Session(town.engine) as session:
        told = session.scalars(select(Notice.text).where(Notice.person_id == number(town, who))).all()
    assert told[-1] == {"before": "{by} 已把“{task}”退回，不用再加签：{title}",
                        "correction": "“{task}”被退回重办：{title}"}[hold]
    assert "因退回而取消" in town.visitor(who).get(f"/tasks/{child}").text
    assert legal.get(f"/tasks/{mine}").status_code == 200


def test_what_waits_for_signatures_is_neither_typed_over_nor_taken_by_a_substitute(town: Town, mine: int) -> None:  # noqa: F811
    put(town, mine, "after")
    legal = town.visitor("legal")
    late = legal.put(f"/tasks/{mine}/draft", {"answers": {"opinion": "改主意了"}})
    assert late.status_code == 409
    with Session(town.engine) as session:
        assert "改主意" not in str(session.get_one(TaskPending, mine).answers)


def test_what_was_handed_in_counts_no_more_once_it_is_reassigned(town: Town, mine: int) -> None:  # noqa: F811
    """Why it was taken away may be that its holder must not decide: whoever has it now decides, and is signed anew."""
    put(town, mine, "after")
    child, = children(town, mine)
    with unit(town.engine) as session:  # 许文 signs: somebody else of the department takes over
        grant_role(session, person_of(session, number(town, "hr")), "legal", town.company.unit(session, "company"),
                   by=SYSTEM)
    town.visitor("hr")
    verb = next(one for one in VERBS if one.key == "reassign")
    assert post(town, verb, mine, "approver", to=number(town, "hr"), reason="韩立须回避").status_code == 303
    said = {"verdict": "agree", "opinion": "看过合同"}
    assert town.visitor("legal2").hand_in(child, said).status_code == 409
    task = town.row(Task, mine)
    assert (task.state, task.hold, task.assignee_id) == ("open", None, number(town, "hr"))
    assert '"verdict": "pass"' not in town.visitor("hr").get(f"/tasks/{mine}").text
    assert town.visitor("hr").hand_in(mine, answers(town, mine)).status_code == 303
    again = children(town, mine)[-1]
    assert again != child and town.visitor("legal2").hand_in(again, said).status_code == 303
    assert town.row(Task, mine).completed_by == number(town, "hr")
