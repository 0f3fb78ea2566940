from __future__ import annotations

import pytest

from ledger.actor import SYSTEM
from ledger.errors import BadAnswer
from ledger.facts import story
from registry.people.units import UnitKind, below, create_unit, places, unit_of
from tests.registry.organisation import Organisation


def test_a_path_names_every_unit_from_the_group_down(org: Organisation) -> None:
    assert org.project.path == f"/{org.group.id}/{org.company.id}/{org.project.id}/"
    assert {org.project.group_id, org.company.group_id, org.group.group_id} == {org.group.id}


def test_the_places_of_a_unit_run_from_itself_up_to_the_root(org: Organisation) -> None:
    assert places(org.project) == [org.project.id, org.company.id, org.group.id]


def test_below_a_company_are_its_own_units_only(org: Organisation) -> None:
    assert below(org.session, org.company) == [org.company, org.safety, org.project]
    assert below(org.session, org.group, "project") == [org.project, org.far]


def test_a_sibling_whose_id_starts_with_the_same_digits_is_not_below(org: Organisation) -> None:
    for number in range(2, 12):
        create_unit(org.session, kind="company", name=f"公司{number}", code=f"X{number}", parent=org.group, by=SYSTEM)
    assert all(unit.path.startswith(org.company.path) for unit in below(org.session, org.company))
    assert len(below(org.session, org.company)) == 3


def test_a_project_belongs_to_a_company_and_keeps_its_facts(org: Organisation) -> None:
    org.session.expire_all()
    project = unit_of(org.session, org.project.id)
    assert project.project and (project.project.work, int(project.project.amount_wan)) == ("房建", 8600)
    assert project.company_id == org.company.id and org.safety.company_id == org.company.id
    assert org.group.company_id is None


@pytest.mark.parametrize(("kind", "parent"), [("project", "group"), ("company", "project"), ("project", None)])
def test_a_unit_under_a_parent_that_cannot_hold_it_is_refused(
    org: Organisation, kind: UnitKind, parent: str | None
) -> None:
    with pytest.raises(BadAnswer) as refused:
        create_unit(org.session, kind=kind, name="x", code="N", by=SYSTEM,
                    parent=getattr(org, parent) if parent else None)
    assert list(refused.value.problems) == ["parent"]


def test_a_code_is_used_once_in_a_group_and_a_credit_code_must_hold(org: Organisation) -> None:
    with pytest.raises(BadAnswer) as refused:
        create_unit(org.session, kind="company", name="x", code="C1", parent=org.group, by=SYSTEM,
                    uscc="91320100135800013A")
    assert set(refused.value.problems) == {"code", "uscc"}


def test_a_new_unit_is_a_fact(org: Organisation) -> None:
    org.session.flush()
    assert [fact.kind for fact in story(org.session, ("unit", org.project.id))] == ["unit.created"]
