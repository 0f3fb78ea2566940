"""Whoever rules the database changes, deletes, adds and swaps rows, and hashes anew: an outsider names the row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, UniqueConstraint, text

import licet_verify
from ledger import deeds, weighty
from ledger.canonical import canonical, row_label, salt_of
from ledger.clock import Fixed
from ledger.db import Base
from tests.attacks.sealed import House, lived
from tests.founding import Founder

HELD = (
    "certificate", "certificate_version", "original", "definition", "definition_file", "resource", "process_release",
    "unit", "person", "assignment", "account", "role_grant", "request", "request_content", "authority_answer",
    "task_answer",
)


@pytest.fixture
def house(engine: Engine, founder: Founder, tmp_path: Path, clock: Fixed) -> House:
    return House(engine, tmp_path, founder.once("sealed", engine, lambda database: lived(database, tmp_path, clock)))


def newest(house: House, table: str, count: int = 1) -> list[dict[str, Any]]:
    keys = ", ".join(f"{key} desc" for key in deeds.shape(table).keys)
    with house.engine.connect() as connection:
        query = text(f'select * from "{table}" order by {keys} limit {count}')
        return [dict(row) for row in connection.execute(query).mappings()]


def where(table: str, row: dict[str, Any]) -> str:
    return " and ".join(f"{key} = {literal(row[key])}" for key in deeds.shape(table).keys)


def literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def named(table: str, row: dict[str, Any]) -> str:
    return f"{table} {deeds.shape(table).key(row)}"


def test_an_untouched_house_has_nothing_to_find(house: House) -> None:
    with house.tampered():
        pass
    assert house.findings == []


def test_the_past_of_the_house_fills_what_is_tampered_with(house: House) -> None:
    assert [table for table in HELD if not newest(house, table)] == []


def test_a_changed_row_is_named(house: House) -> None:
    others = {"text": "'x'", "int": "4711", "json": "'[1]'", "day": "'1999-12-31'", "instant": "'1999-12-31 01:02:03'"}
    for table in HELD:
        row, shape = newest(house, table)[0], deeds.shape(table)
        name, kind = next((name, kind) for name, kind in reversed(shape.columns)
                          if kind in others and name not in shape.keys)
        with house.tampered() as do:
            do(f'update "{table}" set {name} = {others[kind]} where {where(table, row)}')
        assert f"{named(table, row)}: altered" in house.findings


@pytest.mark.parametrize("table", HELD)
def test_every_column_of_a_row_is_held(table: str) -> None:
    """What is left out is left out on purpose."""
    columns = {column.name for column in Base.metadata.tables[table].columns}
    assert {name for name, _ in deeds.shape(table).columns} == columns - weighty.TABLES[table]
    assert weighty.TABLES[table] < columns


def test_a_deleted_row_is_named(house: House) -> None:
    for table in HELD:
        row = newest(house, table)[0]
        with house.tampered() as do:
            do(f'delete from "{table}" where {where(table, row)}')
        assert f"{named(table, row)}: missing" in house.findings


def test_an_added_row_is_named(house: House) -> None:
    for table in HELD:
        row, model, key = newest(house, table)[0], Base.metadata.tables[table], deeds.shape(table).keys[0]
        texts, numbers = unique_texts(model), unique_numbers(model) | {key}
        columns = [column.name for column in model.columns]
        values = [f'"{name}" + 5000' if name in numbers else f"'x' || substr(\"{name}\", 2)" if name in texts
                  else f'"{name}"' for name in columns]
        with house.tampered() as do:
            held = ", ".join(f'"{name}"' for name in columns)
            do(f'insert into "{table}" ({held}) select {", ".join(values)} from "{table}" where {where(table, row)}')
        assert f"{named(table, row | {key: row[key] + 5000})}: inserted" in house.findings


def unique(table: Table) -> list[list[Any]]:
    found: list[list[Any]] = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    return found + [list(index.columns) for index in table.indexes if index.unique]


def unique_numbers(table: Table) -> set[str]:
    return {column.name for one in unique(table) for column in one
            if "INT" in str(column.type) and not column.primary_key}


def unique_texts(table: Table) -> set[str]:
    numbers = unique_numbers(table)
    return {column.name for one in unique(table) for column in one
            if not {each.name for each in one} & numbers and "VARCHAR" in str(column.type)}


def test_swapped_rows_are_named(house: House) -> None:
    for table in HELD:
        found = newest(house, table, 2)
        if len(found) < 2 or "id" not in found[0]:
            continue
        with house.tampered() as do:
            for before, after in ((found[0]["id"], -1), (found[1]["id"], found[0]["id"]), (-1, found[1]["id"])):
                do(f'update "{table}" set id = {after} where id = {before}')
        assert {f"{named(table, row)}: altered" for row in found} <= set(house.findings)


def one(house: House, query: str) -> Any:
    with house.engine.connect() as connection:
        return connection.execute(text(query)).one()


FACT = "select * from fact where kind = 'task.completed' order by id limit 1"


CHANGES = {
    "kind": "'other'", "actor_id": "4711", "actor_name": "'别人'", "at": "'2026-01-01 00:00:00'", "subject_id": "4711",
    "before": "'{}'", "after": "'{}'", "group_id": "4711", "key": "'k'",
}


def test_a_changed_fact_is_the_first_that_is_named(house: House) -> None:
    fact = one(house, FACT)
    for column, value in CHANGES.items():
        with house.tampered() as do:
            do(f"update fact set {column} = {value} where id = {fact.id}")
        assert [finding.split(" (")[0] for finding in house.findings] == [f"fact {fact.id}: altered or inserted"]


def test_whom_a_fact_is_about_is_part_of_it(house: House) -> None:
    fact = one(house, FACT)
    with house.tampered() as do:
        do(f"update fact_about set subject_id = 4711 where fact_id = {fact.id}")
    assert house.findings[0].startswith(f"fact {fact.id}: altered")


def test_a_deleted_fact_is_named(house: House) -> None:
    fact = one(house, FACT)
    with house.tampered() as do:
        do(f"delete from fact where id = {fact.id}")
    assert house.findings[0].startswith(f"fact {fact.id}: missing")


def test_an_added_fact_is_named(house: House) -> None:
    with house.tampered() as do:
        do("insert into fact (id, at, kind, subject_kind, subject_id, actor_name, attempts) "
           "values (90000, '2026-01-01 00:00:00', 'certificate.granted', 'certificate', 1, '某', 0)")
    assert house.findings == ["fact 90000: inserted"]


def test_facts_whose_entries_are_swapped_are_named(house: House) -> None:
    first, second = one(house, "select seq from log_leaf where seq = 5").seq, 9
    names = [one(house, f"select * from log_leaf where seq = {seq}") for seq in (first, second)]
    with house.tampered() as do:
        for before, after in ((first, -1), (second, first), (-1, second)):
            do(f"update log_leaf set seq = {after} where seq = {before}")
    assert [finding.split(" (")[0] for finding in house.findings] == [
        f"fact {leaf.fact_id}: reordered" for leaf in reversed(names)]


def renumber(do: Any, after: int, by: int) -> None:
    """Close a gap in the log, or open one."""
    do(f"update log_leaf set seq = -(seq + {by}) where seq > {after}")
    do("update log_leaf set seq = -seq where seq < 0")


def test_a_fact_that_is_cut_out_of_everything_is_missed_where_it_stood(house: House) -> None:
    """The administrator takes it out of the deed and closes the gap."""
    leaf = one(house, "select l.* from log_leaf l join fact f on f.id = l.fact_id where f.kind = 'task.completed' "
                      "order by seq limit 1")
    told = json.loads(str(one(house, f"select cast(facts as text) facts from deed where id = {leaf.deed_id}").facts))
    told.remove(leaf.fact_id)
    with house.tampered() as do:
        do(f"delete from fact_about where fact_id = {leaf.fact_id}")
        do(f"delete from fact where id = {leaf.fact_id}")
        do(f"update deed set facts = '{json.dumps(told)}' where id = {leaf.deed_id}")
        do(f"delete from log_leaf where seq = {leaf.seq}")
        renumber(do, leaf.seq, -1)
    assert house.findings[0].startswith(f"entry {leaf.seq}: missing")


def test_an_entry_that_is_pushed_in_is_named(house: House) -> None:
    with house.tampered() as do:
        renumber(do, 20, 1)
        do("insert into log_leaf (seq, fact_id, deed_id, seal) select 21, 90000, deed_id, seal from log_leaf "
           "where seq = 20")
        do("insert into fact (id, at, kind, subject_kind, subject_id, actor_name, attempts) "
           "values (90000, '2026-01-01 00:00:00', 'certificate.granted', 'certificate', 1, '某', 0)")
    assert house.findings[0] == "fact 90000: altered or inserted (entry 21)"


def test_a_tail_that_is_cut_off_is_missed(house: House) -> None:
    size = one(house, "select size from log_head").size
    with house.tampered() as do:
        do(f"delete from log_leaf where seq >= {size - 3}")
        do(f"update log_head set size = {size - 3}")
        do("delete from log_checkpoint")
    assert f"entry {size - 3}: missing, and 2 more; the checkpoint counts {size}" in house.findings


def test_a_row_that_is_changed_with_its_imprint_is_named(house: House) -> None:
    """The administrator knows the format, the salt and the hash; not the sealer's key."""
    row = newest(house, "certificate_version")[0]
    shape = deeds.shape("certificate_version")
    key = str(row["id"])
    with house.engine.connect() as connection:
        found = connection.execute(Base.metadata.tables["deed"].select()).all()
        read = connection.execute(
            Base.metadata.tables["certificate_version"].select().where(text(f"id = {key}"))).mappings().one()
    deed = next(deed for deed in found if ["certificate_version", key] in [mark[:2] for mark in deed.rows])
    place = [mark[:2] for mark in deed.rows].index(["certificate_version", key])
    marks = [*deed.rows]
    marks[place] = shape.imprint({**read, "issuer": "伪造"}, deed.salts)
    with house.tampered() as do:
        do(f"update certificate_version set issuer = '伪造' where id = {key}")
        do(f"update deed set rows = '{json.dumps(marks)}' where id = {deed.id}")
    assert house.findings[0].startswith(f"certificate_version {key}: altered")


@pytest.mark.parametrize("table", ["deed", "log_shape", "log_leaf", "log_head"])
def test_the_log_itself_cannot_go(house: House, table: str) -> None:
    with house.tampered() as do:
        do(f"delete from {table}")
        if table == "log_head":
            do("insert into log_head (id, origin, algorithm, size, key, begun_at) "
               "values (1, 'other/log', 'sha256', 0, 'k', '2026-01-01 00:00:00')")
    assert house.findings != []


def test_a_salt_that_is_erased_takes_the_data_and_leaves_the_log_whole(house: House) -> None:
    row = newest(house, "person")[0]
    with house.engine.connect() as connection:
        found = connection.execute(Base.metadata.tables["deed"].select().order_by(text("id"))).all()
    labels = {}
    for deed in found:
        if ["person", str(row["id"])] in [mark[:2] for mark in deed.rows]:
            labels[deed.id] = deed
    with house.tampered() as do:
        do(f"update person set name = '已删除' where id = {row['id']}")
        for number, deed in labels.items():
            salts, erased = deeds.without(deed.salts, deed.facts, deed.rows, [row_label("person", str(row["id"]))])
            do(f"update deed set salts = '{json.dumps(salts)}', erased = '{json.dumps(erased)}' where id = {number}")
    assert house.findings == []
    assert salt_of(found[0].salts, "a") != canonical("a")


def test_pg_dump_and_the_command_line(house: House, request: pytest.FixtureRequest) -> None:
    """As a stranger runs it: a file, a checkpoint, a key."""
    (house.folder / "kept").write_text(house.past.head, "utf-8")
    if house.engine.dialect.name == "sqlite":
        target = Path(str(house.engine.url.database))
    else:
        target, cluster = house.folder / "real.sql", request.getfixturevalue("postgres")
        target.write_bytes(subprocess.run(
            [cluster.programs / "pg_dump", "--format=plain", cluster.url("licet_test").replace("+psycopg", "")],
            capture_output=True, check=True).stdout)
    told = [sys.executable, licet_verify.__file__, str(target), "--key", house.past.key,
            "--checkpoint", str(house.folder / "kept"), "--certificate", str(house.past.certificate)]
    done = subprocess.run(told, capture_output=True, text=True)
    assert "nothing is wrong" in done.stdout and done.returncode == 0, done.stdout + done.stderr
    assert "certificate.suspended" in done.stdout


def test_the_verifier_is_one_small_file_that_needs_cryptography_only() -> None:
    source = Path(licet_verify.__file__).read_text("utf-8")
    assert len(source.splitlines()) < 250
    wanted = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert wanted - set(sys.stdlib_module_names) == {"cryptography"}
