"""Records judged one by one: what each says, where every value came from, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy

from registry.certificates.codes import VALID
from registry.certificates.drafting import item_of
from registry.certificates.kinds import CertificateType
from registry.certificates.numbers import RULES
from registry.intake.judged import Judged
from registry.intake.judging import exported, holders, papers, sorts
from registry.intake.judging.cells import shown
from registry.intake.judging.defects import Defect
from registry.intake.judging.identities import Identity, settled
from registry.intake.judging.numbering import BUILT_ON_ID, Numbered, read_number
from registry.intake.judging.plan import Against, Plan, Row
from registry.intake.judging.terms import term
from registry.intake.judging.words import LEFT, state_of
from registry.intake.known import Known
from registry.intake.mapping import Mapping
from registry.intake.masking import masked
from registry.intake.meaning import fold
from registry.intake.records import Record, Table

REGISTRATION, INSPECTION = "Q01", "Q02"
_FIRST = re.compile(r"[\s：:，,；;。（(]")


def judge(table: Table, mapping: Mapping, known: Known, against: Against | None = None) -> Iterator[Judged]:
    """Every record of a table as what it says: one certificate, two (a machine's registration and its inspection), or a
    loan. Nothing raises because of what stands in a cell. A column mapped to "keep" lies under plan.KEPT and its
    heading among the fields. Defects across rows are compare's. `against`: made once for all tables of a book."""
    return (judged for _, judged in judge_records(table, mapping, known, against))


def judge_records(
    table: Table, mapping: Mapping, known: Known, against: Against | None = None
) -> Iterator[tuple[Record, Judged]]:
    """The same, each with the record it comes from: several records of a table may begin in one row of the sheet."""
    if mapping.content == "ignored":
        return
    plan = Plan(table, mapping, against or Against(known))
    if mapping.content == "loans":
        judging = _loan
    elif _of_machines(plan):
        judging = _machine
    else:
        judging = _certificate
    for record in table.records:
        for judged in judging(plan, record):
            yield record, judged


def _of_machines(plan: Plan) -> bool:
    """Whether a record tells of a machine's registration and inspection at once (facts 6.1, V1 设备)."""
    columns = plan.places
    return "machine" in columns and "type" not in columns and "valid_until" not in columns and (
        "inspect_on" in columns or "registration_no" in columns) and {REGISTRATION, INSPECTION} <= set(plan.known.types)


def _row(plan: Plan, record: Record, part: int = 0) -> Row:
    raw = [value if isinstance(value, str) else shown(value) for value in record.values]
    judged = Judged(table=plan.table.number, sheet=plan.table.sheet, row=record.row, part=part, raw=raw,
                    sure=dict(plan.sure), came={}, findings=[], fields={}, papers=[])
    return Row(plan, record, judged)


def _certificate(plan: Plan, record: Record) -> Iterator[Judged]:
    row = _row(plan, record)
    kind = sorts.typed(row)
    if kind is None:
        _untyped(row)
    else:
        _whole(row, kind)
    judged = _marked(row)
    if judged.code:
        exported.quieted(row)
    yield judged


def _whole(row: Row, kind: CertificateType) -> None:
    """A certificate of a known type, with all that the row says of it."""
    judged = row.judged
    known = holders.identity(row) if kind.holder == "person" else None
    numbered, known = _numbered(row, kind, known)
    holders.note_identity(row, known)
    if known is None or not known.value:
        known = numbered.identity if numbered.identity and numbered.identity.value else known
    judged.holder = holders.holder(row, kind, known)
    judged.fields = sorts.contents(row, kind, numbered.parts)
    judged.item = item_of(kind, judged.fields)
    term(row, kind)
    _about(row)


def _numbered(row: Row, kind: CertificateType, known: Identity | None) -> tuple[Numbered, Identity | None]:
    """The certificate's number, and the identity number where the two say the same and one of them is wrong."""
    place, value = row.cell("number")
    rule = kind.number.rule if kind.number.rule in RULES else "free"
    if value is None and rule in BUILT_ON_ID and known is not None and known.value and place < 0:
        row.judged.number, row.judged.sure["number"] = BUILT_ON_ID[rule] + known.value, 0.9
        return Numbered(row.judged.number, True), known
    if value is None and kind.family == "Q" and "registration_no" in row.plan.places:
        place, value = row.cell("registration_no")
    read = read_number(rule, value, row.plan.today, known, rounded=place in row.record.rounded)
    defects = read.defects
    if not read.value:
        if place not in row.record.uncalculated:
            row.note(Defect("no_number", "stop", "no_number"), place)
        return read, known
    if known is not None and read.identity is not None:
        if known.failed and read.identity.value:
            known = _by_number(known, read.identity)
        elif known.failed and known.typed == read.identity.typed:
            defects = tuple(each for each in defects if each.weight != "stop")  # one wrong number, copied
    row.judged.number = read.value
    row.judged.came["number"] = place
    for defect in defects:
        row.note(defect, place, "number")
    return read, known


def _by_number(known: Identity, right: Identity) -> Identity:
    """An identity number that fails beside a certificate's number that holds."""
    if known.failed == "old_id":
        if right.value[:6] + right.value[8:17] != known.typed:
            return known
        doubts = tuple(each._replace(weight="doubt", proposed=right.value) if each.kind == "old_id" else each
                       for each in known.defects)
        return Identity(right.value, known.typed, doubts)
    return settled(known, right.value, "row")[0]


def _about(row: Row) -> None:
    """What is said beside number, holder and days; last, what nothing else has taken."""
    judged, places = row.judged, row.plan.places
    if "issuer" in places:
        judged.issuer = row.text("issuer")[:120]
    if "old_number" in places:
        judged.old_number = row.text("old_number")[:100]
    if "remark" in places:
        lines = (row.plan.text(row.values[place]) for place in places["remark"] if place < row.wide)
        judged.note = "；".join(filter(None, lines))[:500]
        if judged.note:
            judged.came["note"] = places["remark"][0]
            _remarked(row, judged.note)
    if "code" in places:
        judged.code = row.text("code")[:40]
    if "keeper" in places:
        judged.keeper = row.text("keeper")[:60]
    if "state" in places and (said := row.text("state")):
        _state(row, said)
    if "originals" in places or "duplicates" in places or "place" in places:
        judged.papers = papers.papers(row)
    judged.note, judged.issuer = masked(judged.note), masked(judged.issuer)  # the register keeps them in clear
    sorts.kept(row, judged.fields)


def _state(row: Row, said: str) -> None:
    key, place = fold(said), row.cell("state" if "state" in row.plan.places else "remark")[0]
    code = state_of(said)
    if code == LEFT:
        if row.judged.holder is not None:
            row.judged.holder.left = True
        row.note(Defect("left_mark", "doubt", "left_word", params={"words": said[:40]}, case=key[:100]), place)
    elif code:
        row.judged.state = code
    else:
        row.note(Defect("wrong_value", "doubt", "wrong_state", params={"words": said[:40]}, case=key[:100], sure=0.5),
                 place, "state")
        row.judged.note = "；".join(filter(None, (row.judged.note, said)))[:500]


def _remarked(row: Row, note: str) -> None:
    """A remark that begins with a state (注销：持证人申请), in a ledger without a column for it."""
    code = state_of(_FIRST.split(note, maxsplit=1)[0][:12]) if len(note) < 80 else ""
    if code == LEFT and "state" not in row.plan.places:
        _state(row, _FIRST.split(note, maxsplit=1)[0])
    elif code and code != VALID and "state" not in row.plan.places:
        row.judged.state, row.judged.sure["state"] = code, 0.9


def _untyped(row: Row) -> None:
    """A row whose type nobody knows yet: what can be read without it is, so that a person sees it."""
    judged = row.judged
    place, value = row.cell("number")
    if value is not None:
        judged.number, judged.came["number"] = shown(value).strip()[:100], place
    judged.issued_on = row.begin("issued_on")
    _, day = row.day("valid_until", end=True)
    judged.valid_until = day.on if day is not None else None
    if "name" in row.plan.places:
        read = holders.identity(row)
        holders.note_identity(row, read)
        judged.holder = holders.person(row, read)
    _about(row)


def _machine(plan: Plan, record: Record) -> Iterator[Judged]:
    """A machine's registration, and its inspection where one is told: that carries the registration's number."""
    row = _row(plan, record)
    row.kind = kind = plan.known.types[REGISTRATION]
    row.judged.type_code = kind.code
    field = "registration_no" if row.cell("registration_no")[1] is not None else "number"
    place, value = row.cell(field)
    read = read_number(kind.number.rule, value, plan.today, rounded=place in record.rounded)
    row.judged.number = read.value
    if not read.value:
        row.note(Defect("no_number", "stop", "no_number"), place)
    else:
        row.judged.came["number"] = place
    for defect in read.defects:
        row.note(defect, place, "number")
    row.judged.holder = holders.machine(row)
    if "issued_on" in plan.places:
        row.judged.issued_on = row.begin("issued_on")
    _about(row)
    yield _marked(row)
    if row.cell("inspect_on")[1] is not None or row.cell("inspected_on")[1] is not None:
        yield _inspection(plan, record, row.judged)


def _inspection(plan: Plan, record: Record, first: Judged) -> Judged:
    row = _row(plan.without("issued_on"), record, part=1)
    judged = row.judged
    row.kind = kind = plan.known.types[INSPECTION]
    judged.came = {name: place for name, place in first.came.items() if name != "issued_on"}
    judged.type_code, judged.number, judged.holder = kind.code, first.number, copy(first.holder)
    own, value = row.cell("number")
    if own >= 0 and own != first.came.get("number") and value is not None:
        read = read_number(kind.number.rule, value, plan.today, rounded=own in record.rounded)
        judged.number, judged.came["number"] = read.value or judged.number, own
        for defect in read.defects:
            row.note(defect, own, "number")
    term(row, kind)
    judged.findings += [each for each in first.findings if each.weight == "stop"]
    return judged


def _loan(plan: Plan, record: Record) -> Iterator[Judged]:
    """A row of a borrow register: the certificate as it is called there, and what became of it."""
    row = _row(plan, record)
    guess = sorts.sort_of(row)
    kind = plan.known.types.get(guess.code)
    row.judged.type_code = kind.code if kind else ""
    place, value = row.cell("number")
    if value is not None:
        rule = kind.number.rule if kind and kind.number.rule in RULES else "free"
        read = read_number(rule, value, plan.today, rounded=place in record.rounded)
        row.judged.number, row.judged.came["number"] = read.value, place
        for defect in read.defects:
            row.note(defect._replace(weight="doubt") if defect.weight == "stop" else defect, place, "number")
    if "name" in plan.places and row.text("name"):
        row.judged.holder = holders.person(row, holders.identity(row))
    row.judged.loan = papers.loan(row)
    _about(row)
    yield _marked(row)


def _marked(row: Row) -> Judged:
    """What holds for the row as a whole: struck through or red, hidden, formulas without a result."""
    record, plan = row.record, row.plan
    if record.left:
        row.note(Defect("left_mark", "doubt", "left_mark"), None)
    if plan.table.hidden or record.hidden:
        said = "hidden" if plan.table.hidden else "hidden_row"
        row.note(Defect("hidden", "doubt", said, case=f"{said} {plan.table.number}"), None)
    for place in sorted(record.uncalculated):
        stops = plan.mapping.field(place) in ("number", "id_number", "valid_until", "term", "name")
        row.note(Defect("uncalculated", "stop" if stops else "doubt", "uncalculated"), place)
    return row.judged
