"""Texts of a group's own: hostile ones are refused at their place, good ones are said, one that fails keeps nobody
untold."""

from __future__ import annotations

import datetime as dt
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.db import reading
from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound
from ledger.facts import Fact
from registry.alerts import proof, wording
from registry.alerts.letters import contacts
from registry.alerts.notices import Notice
from registry.alerts.templates import keeping, values
from registry.alerts.templates.model import AlertTemplate
from registry.alerts.templates.sandbox import LONGEST, Unfit, check, filled
from registry.certificates.models import Certificate
from registry.people import sealing
from registry.people.persons import PHONE, Person
from tests.registry.alerts.mailing import another, before, eve, lined, reached, sent, who
from tests.registry.alerts.watching import Watch
from tests.registry.alerts.ways import Way, way_of
from web.i18n import spoken

TOLD = {"type": "许可证", "left": 30, "day": dt.date(2027, 1, 31)}
GOOD = [
    ("{{ type }}还有 {{ left }} 天", "许可证还有 30 天"),
    ("{% if left > 7 %}早{% elif left %}近{% else %}今天{% endif %}", "早"),
    ("{{ day|年月日 }}", "2027年1月31日"), ("{{ day }}", "2027-01-31"), ("{{ type|truncate(2, true, '…', 0) }}", "许…"),
    ("{{ '急' if left < 31 and not left > 100 else '缓' }}{{ left + 1 }}{{ type ~ '！' }}", "急31许可证！"),
    ("{% raw %}{{ day }}{% endraw %}<b>&{# 不说 #}", "{{ day }}<b>&"),
]
HOSTILE = [
    # text, line, column
    ("{{ 'a'*10**9 }}", 1, 7), ("{{ 9**9**9**9 }}", 1, 5), ("{% for x in range(10**9) %}{% endfor %}", 1, 4),
    ("{{ range(10**9) }}", 1, 9), ("{{ type|center(10**9) }}", 1, 9), ("{{ type|replace('证', type) }}", 1, 9),
    ("{{ '{0.__class__}'.format(type) }}", 1, 26), ("{{ '%999999999d' % left }}", 1, 18),
    ("{{ type|format('x') }}", 1, 9), ("{{ type.__class__ }}", 1, 8), ("{{ type['__class__'] }}", 1, 8),
    ("{{ type|attr('__class__') }}", 1, 9), ("{{ ''.__class__.__mro__ }}", 1, 6), ("{{ cycler }}", 1, 4),
    ("{{ self }}", 1, 4), ("{{ lipsum() }}", 1, 10), ("{% include '/etc/passwd' %}", 1, 4),
    ("{% import 'os' as o %}", 1, 4), ("{% set left = 1 %}", 1, 4), ("{% block b %}{% endblock %}", 1, 4),
    ("{% macro m() %}{{ m() }}{% endmacro %}", 1, 4),
    ("{{ type is string }}", 1, 9), ("{{ [type, type] }}", 1, 4), ("{{ {'a': 1} }}", 1, 4),
    ("{% if left %}{{ missing }}{% endif %}", 1, 17), ("好\n还有 {{ lefft }} 天", 2, 7), ("{{ left", 1, 1),
    ("一\n{% if left %}二", 2, 4), ("{{ left }", 1, 9), ("{{ }}", 1, 4), ("{{ $ }}", 1, 4), ("{% nope %}", 1, 4),
    ("{% extends 'x' %}", 1, 4), ("{{ left|default(**type) }}", 1, 9),
    ("{% autoescape true %}{% endautoescape %}", 1, 4),
    ("{{ " + "(" * 900 + "1" + ")" * 900 + " }}", 1, 1), ("{{ " + "-" * 3900 + "1 }}", 1, 1),
    ("x" * (LONGEST + 1), 1, 1),
]


@pytest.mark.parametrize(("text", "said"), GOOD)
def test_what_fills_values_in_and_decides_simply_is_taken(text: str, said: str) -> None:
    assert check(text, TOLD) is None and filled(text, TOLD) == said


@pytest.mark.parametrize(("text", "line", "column"), HOSTILE, ids=[text[:40] for text, _, _ in HOSTILE])
def test_everything_else_is_refused_at_its_place_and_at_once(text: str, line: int, column: int) -> None:
    begun = time.process_time()
    wrong = check(text, TOLD)
    assert wrong is not None and (wrong.line, wrong.column) == (line, column)
    with pytest.raises(Unfit):
        filled(text, TOLD)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("text", ["{{ type - 1 }}", "{{ left < type }}", "{{ day + 1 }}", "{{ left ~ type + left }}"])
def test_what_does_not_go_together_is_found_with_the_examples(text: str) -> None:
    assert check(text, TOLD) is None
    with pytest.raises(Unfit):
        filled(text, TOLD)


def test_the_longest_template_becomes_a_bounded_text() -> None:
    whole = "{{ type }}" * (LONGEST // 10)
    with pytest.raises(Unfit):
        filled(whole, {"type": "证" * 200})
    assert len(filled(whole, TOLD)) <= 2 * LONGEST


def test_every_situation_has_a_shipped_text_and_examples_of_its_values() -> None:
    assert set(values.SITUATIONS) == {*wording.SAID, *wording.WINDOW_NEWS, values.DIGEST}
    assert set(values.ABOUT) == {each.name for each in values.VALUES}
    for situation in values.SITUATIONS:
        assert all(each.name in values.examples(situation) for each in values.of(situation))


def test_no_value_is_a_number_of_a_person(watch: Watch) -> None:
    with reading(watch.engine) as session:
        certificate = session.get_one(Certificate, watch.certificate)
        assert certificate.holder_person is not None and certificate.holder_person.id_number
        told = wording.values(certificate, before(0), "before", 30)
        assert {each.name for each in values.of("before")} - {"person"} <= set(told)
        for number in (certificate.holder_person.id_number, certificate.full_number):
            assert number not in str(told)


def saved(watch: Watch, admin: Actor, subject: str, body: str = "", *, situation: str = "before", channel: str = "",
          language: str = "zh", seen: int | None = None) -> int:
    return watch.act(lambda session: keeping.save(
        session, situation, channel, language, subject, body, seen=seen, by=admin).id)


def test_the_next_alert_carries_it_inside_and_by_letter(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    saved(watch, admin, "【安全部】{{ 证件 }}{{ 剩余天数 }}天后到期",
          "{{ 收件人 }}：请在 {{ day|年月日 }} 前办理。\n编号 {{ code }}")
    watch.on(before(60))
    sent(watch, app)
    told = str(app.provider.taken[-1])
    assert "【安全部】" in told and "60天后到期" in told and "custodian：请在 2027年5月31日 前办理。" in told
    with reading(watch.engine) as session:
        notice = session.scalars(select(Notice).where(
            Notice.person_id == watch.people["custodian"]).order_by(Notice.id.desc())).first()
        assert notice is not None
        assert spoken(notice.text, notice.params, "zh").startswith("【安全部】")
        assert "60 day" in spoken(notice.text, notice.params, "en")
        found = next(each for each in proof.entries(session, watch.certificate, spoken) if each.alert.stage == "d60")
        passages = next(each.passages for each in found.told if each.name == "custodian")
        assert passages[0].words[0].startswith("【安全部】") and passages[1].words[1].startswith("custodian：请在")


def test_a_channels_own_text_goes_before_the_one_for_all(watch: Watch, admin: Actor, robot: Way) -> None:
    lined(watch, admin, robot)
    saved(watch, admin, "给大家 {{ code }}")
    saved(watch, admin, "给群里 {{ code }}{{ person }}", channel="wecom_robot")
    watch.on(before(31)).on(before(30)).on(before(29), 8)
    sent(watch, robot)
    assert "给群里 LC-P02-000001" in robot.provider.taken[-1][0] and "给大家" not in robot.provider.taken[-1][0]


def test_of_many_each_has_its_line_and_the_sum_its_own_words(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    watch.act(lambda session: contacts.wish(session, who(watch, "custodian"), digest=True, without=[]))
    watch.on(before(62))
    another(watch)
    saved(watch, admin, "{{ n }} 张，最早 {{ first|年月日 }}", "请查收", situation="digest")
    saved(watch, admin, "{{ code }} 剩 {{ left }} 天")
    watch.on(before(61)).on(before(60)).on(before(59), 8)
    sent(watch, app)
    told = str(app.provider.taken[-1])
    assert "2 张，最早 2027年5月31日" in told and "请查收" in told
    assert "LC-P02-000001 剩 60 天" in told and "LC-P02-000002 剩 60 天" in told


def test_a_text_that_fails_in_life_keeps_nobody_untold_and_stands_in_a_list(
    watch: Watch, admin: Actor, app: Way
) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    saved(watch, admin, "{% if left > 40 %}{{ type - 1 }}{% endif %}x")
    watch.on(before(60))
    done = sent(watch, app)[-1]
    assert done.state == "sent" and "还有 60 天" in str(app.provider.taken[-1])
    with reading(watch.engine) as session:
        (row,) = keeping.failing(session, admin)
        assert row.failed_at == watch.now() and row.failed_why is not None
        assert "custodian" in {each.name for each in proof.entries(session, watch.certificate, spoken)[-1].told}


def test_a_broken_one_is_refused_at_the_field_and_nothing_is_kept(watch: Watch, admin: Actor) -> None:
    with pytest.raises(BadAnswer) as refused:
        saved(watch, admin, "还有 {{ lefft }} 天", "好\n{% for x in y %}{% endfor %}")
    assert {name: str(found[0]) for name, found in refused.value.problems.items()} == {
        "subject": "第 1 行第 7 个字：没有叫“lefft”的值。",
        "body": "第 2 行第 4 个字：不能用“for”：模板里只能填入值、做简单判断。"}
    for text in ("联系 13812345678", "证号 11010119900307021X", "１３８１２３４５６７８"):
        with pytest.raises(BadAnswer):
            saved(watch, admin, text)
    with reading(watch.engine) as session:
        assert session.scalar(select(AlertTemplate.id)) is None


def test_values_of_another_situation_are_not_there(watch: Watch, admin: Actor) -> None:
    with pytest.raises(BadAnswer):
        saved(watch, admin, "{{ late }}", situation="before")
    assert saved(watch, admin, "{{ late }}", situation="late")


def test_versions_stay_and_the_shipped_one_comes_back(watch: Watch, admin: Actor) -> None:
    first = saved(watch, admin, "一")
    second = saved(watch, admin, "二", seen=first)
    with pytest.raises(Conflict):
        saved(watch, admin, "三", seen=first)
    watch.act(lambda session: keeping.reset(session, "before", "", "zh", seen=second, by=admin))
    with reading(watch.engine) as session:
        assert [(row.subject, row.made_by_name, row.ended_at is not None) for row in keeping.history(
            session, admin, "before", "", "zh")] == [("二", admin.name, True), ("一", admin.name, True)]
        assert keeping.in_force(session, admin) == {}
        kinds = session.scalars(select(Fact.kind).where(Fact.kind.startswith("template.")).order_by(Fact.id)).all()
        assert kinds == ["template.changed", "template.changed", "template.reset"]


def test_of_two_who_save_at_the_same_time_one_is_told(watch: Watch, admin: Actor) -> None:
    def attempt(subject: str) -> str:
        try:
            saved(watch, admin, subject)
        except Conflict:
            return "told"
        return "kept"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(attempt, ["一", "二"])) == ["kept", "told"]
    with reading(watch.engine) as session:
        assert len(session.scalars(select(AlertTemplate.id)).all()) == 1


def test_only_administrators_of_the_group_change_texts(watch: Watch, admin: Actor) -> None:
    saved(watch, admin, "一")
    for name in ("custodian", "far", "legal"):
        with pytest.raises(NotAllowed):
            saved(watch, who(watch, name), "二")
        with reading(watch.engine) as session, pytest.raises(NotAllowed):
            keeping.in_force(session, who(watch, name))
    for situation, channel, language in (("no", "", "zh"), ("before", "pigeon", "zh"), ("before", "", "fr")):
        with pytest.raises(NotFound):
            saved(watch, admin, "一", situation=situation, channel=channel, language=language)


def test_an_sms_leaves_by_the_providers_template_with_our_values_in_its_parameters(watch: Watch, admin: Actor) -> None:
    with way_of("aliyun_sms") as way:
        def phone(session: Session) -> None:
            person = session.get_one(Person, watch.people["custodian"])
            person.phone_sealed, person.phone_index = sealing.seal("13800001234", PHONE), "known"

        lined(watch, admin, way)
        watch.act(phone)
        with pytest.raises(BadAnswer) as refused:
            saved(watch, admin, "SMS 1", "name={{ typ }}\nday", channel="aliyun_sms")
        assert set(refused.value.problems) == {"subject", "body"}
        assert str(refused.value.problems["body"][0]).startswith("第 1 行第 9 个字")
        saved(watch, admin, way.provider.templates[0], "name={{ 持有人 }}\nday = {{ day }}", channel="aliyun_sms")
        eve(watch, way)
        watch.on(before(60))
        assert sent(watch, way)[-1].state == "sent"
        assert json.loads(way.provider.taken[-1]["TemplateParam"]) == {"name": "王建国", "day": "2027-05-31"}
        with reading(watch.engine) as session:
            found = proof.entries(session, watch.certificate, spoken)[-1]
            letter = next(each.passages for each in found.told if each.name == "custodian")[-1]
            assert (letter.template, letter.values["name"]) == (way.provider.templates[0], "王建国")
