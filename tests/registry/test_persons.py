from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from ledger.actor import SYSTEM
from ledger.errors import BadAnswer
from ledger.facts import story
from registry.people import sealing
from registry.people.identities import identify, once_numbered
from registry.people.persons import Gone, create_person, leave, move_person, unmask, with_id_number
from registry.people.spelling import spell
from tests.registry.organisation import DAY, Organisation, id_number

NUMBER = "110101199003070214"


@pytest.mark.parametrize(("name", "pinyin", "initials"), [
    ("曾国强", "zengguoqiang", "zgq"), ("单晓梅", "shanxiaomei", "sxm"), ("尉迟恭", "yuchigong", "ycg"),
    ("王乐", "wangle", "wl"), ("任我行", "renwoxing", "rwx"),
])
def test_a_name_is_spelt_with_its_surname_as_surnames_are_read(name: str, pinyin: str, initials: str) -> None:
    assert spell(name) == (pinyin, initials)


def test_birth_and_gender_are_read_from_the_identity_number(org: Organisation) -> None:
    person = org.person(id_number=NUMBER, phone="13800001234")
    assert (person.birth, person.gender) == (dt.date(1990, 3, 7), "1")
    assert (person.id_masked, person.phone_masked) == ("110101********0214", "138****1234")


def test_the_database_holds_no_identity_number_and_no_phone_number(org: Organisation) -> None:
    org.person(id_number=NUMBER, phone="13800001234")
    org.session.flush()
    row = org.session.execute(text("select * from person")).one()
    assert all(NUMBER not in str(value) and "13800001234" not in str(value) for value in row)


def test_a_person_is_found_by_the_whole_number_however_it_is_written(org: Organisation) -> None:
    person = org.person(id_number="13010219880615007X")
    assert with_id_number(org.session, org.group.id, "13010219880615007x ") is person
    assert with_id_number(org.session, org.group.id, id_number(77)) is None


def test_a_number_is_read_back_only_with_a_reason_and_the_reading_is_a_fact(org: Organisation) -> None:
    person = org.person(id_number=NUMBER, phone="13800001234")
    with pytest.raises(BadAnswer):
        unmask(org.session, person, reason=" ", by=SYSTEM)
    assert unmask(org.session, person, reason="报名考试", by=SYSTEM) == (NUMBER, "13800001234")
    org.session.flush()
    last = story(org.session, ("person", person.id))[-1]
    assert (last.kind, last.after) == ("person.unmasked", {"reason": "报名考试"})


def test_no_fact_about_a_person_carries_the_number(org: Organisation) -> None:
    person = org.person(id_number=NUMBER, phone="13800001234")
    move_person(org.session, person, to=org.far, by=SYSTEM)
    org.session.flush()
    assert all(NUMBER not in str((fact.before, fact.after)) for fact in story(org.session, ("person", person.id)))


@pytest.mark.parametrize("wrong", ["110101199003070215", "110101199002310028", "11010119900307"])
def test_a_wrong_identity_number_is_refused_at_its_field(org: Organisation, wrong: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        org.person(id_number=wrong)
    assert list(refused.value.problems) == ["id_number"]


def test_one_identity_number_is_entered_once_in_a_group(org: Organisation) -> None:
    org.person(id_number=NUMBER)
    with pytest.raises(BadAnswer, match="修改"):
        org.person(name="王建囯", id_number=NUMBER)


def test_moving_to_another_company_changes_the_employer_and_is_told_to_both_units(org: Organisation) -> None:
    person = org.person()
    move_person(org.session, person, to=org.far, by=SYSTEM, post="安全员")
    assert (person.unit_path, person.company_id, person.post) == (org.far.path, org.other.id, "安全员")
    org.session.flush()
    assert "person.moved" in [f.kind for f in story(org.session, ("unit", org.project.id))]
    assert "person.moved" in [f.kind for f in story(org.session, ("unit", org.far.id))]


def test_a_number_corrected_to_and_fro_finds_its_person_by_each(org: Organisation) -> None:
    person, other = org.person(id_number=NUMBER), id_number(777)
    for number in (other, NUMBER, other, NUMBER):
        identify(org.session, person, by=SYSTEM, id_number=number)
    assert once_numbered(org.session, org.group.id, other) is once_numbered(org.session, org.group.id, NUMBER) is person


def test_a_blank_name_is_no_other_name(org: Organisation) -> None:
    person = org.person(name="曾国强")
    identify(org.session, person, by=SYSTEM, name="  ")
    assert person.name == "曾国强"


def test_the_last_day_of_work_still_counts(org: Organisation) -> None:
    person = org.person()
    leave(org.session, person, on=DAY, by=SYSTEM)
    assert person.employed(DAY) and not person.employed(DAY + dt.timedelta(days=1))
    with pytest.raises(Gone):
        leave(org.session, person, on=DAY, by=SYSTEM)


def test_a_person_needs_a_name_and_loses_inner_blanks(org: Organisation) -> None:
    assert create_person(org.session, unit=org.project, name="张 三", by=SYSTEM).name == "张三"
    with pytest.raises(BadAnswer):
        create_person(org.session, unit=org.project, name=" ", by=SYSTEM)


def test_a_sealed_value_cannot_be_moved_to_another_column_or_read_with_another_key() -> None:
    sealed = sealing.seal(NUMBER, "person.id_number")
    with pytest.raises(InvalidTag):
        sealing.unseal(sealed, "person.phone")
    sealing.set_key(b"x" * 32)
    with pytest.raises(InvalidTag):
        sealing.unseal(sealed, "person.id_number")


def test_the_same_value_has_one_index_but_never_one_ciphertext() -> None:
    assert sealing.index(NUMBER, "a") == sealing.index(NUMBER, "a") != sealing.index(NUMBER, "b")
    assert sealing.seal(NUMBER, "a") != sealing.seal(NUMBER, "a")


def test_a_key_from_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sealing.VARIABLE, base64.b64encode(b"e" * 32).decode())
    sealing.load_key(tmp_path)
    sealed = sealing.seal(NUMBER, "a")
    sealing.set_key(b"e" * 32)
    assert sealing.unseal(sealed, "a") == NUMBER and list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError):
        sealing.set_key(b"short")


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sealing.VARIABLE, raising=False)
    sealing.load_key(tmp_path)
    sealed = sealing.seal(NUMBER, "a")
    assert (tmp_path / sealing.FILE).stat().st_mode & 0o777 == 0o600
    sealing.load_key(tmp_path)
    assert sealing.unseal(sealed, "a") == NUMBER
    assert [path.name for path in tmp_path.iterdir()] == [sealing.FILE]
