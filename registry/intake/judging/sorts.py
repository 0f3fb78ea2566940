"""Which type of certificate a row speaks of, and what of the row is said in the type's own fields."""

from __future__ import annotations

import re
from typing import Any

from registry.certificates.kinds import CertificateType, Field
from registry.intake.judging.cells import shown
from registry.intake.judging.defects import Defect
from registry.intake.judging.plan import HINTS, Plan, Row
from registry.intake.judging.words import operation_of, trades, words
from registry.intake.masking import identities_masked
from registry.intake.meaning import fold
from registry.intake.meaning.types import TypeGuess

_SPLIT = re.compile(r"[、,，;；/|\n+＋]+|\s+")
_CLASS = re.compile(r"(?:^|[^A-Z])([ABC][123]?)(?:$|[^A-Z0-9])")


def sort_of(row: Row) -> TypeGuess:
    """The type, by the type column, else by what else is said of the row and of its table."""
    plan = row.plan
    place, value = row.cell("type")
    named = plan.text(value) if value is not None else ""
    hints = tuple([plan.text(row.cell(field)[1]) for field in plan.hints])
    issuer = plan.text(row.cell("issuer")[1]) if named else ""
    number = plan.text(row.cell("number")[1])
    key = ("type", named, hints, issuer, row.record.section)
    guess = plan.memo.get(key)
    if guess is None:
        guess = _asked(plan, named, hints, issuer, row.record.section, "")
        plan.memo[key] = guess
    assert isinstance(guess, TypeGuess)
    if number and (not named or not guess.code or len(guess.candidates) > 1):
        guess = _by_number(plan, key, named, hints, issuer, row.record.section, number)
    return guess


def _asked(plan: Plan, named: str, hints: tuple[str, ...], issuer: str, section: str, number: str) -> TypeGuess:
    if section and not named and plan.mapping.type_code:  # a title in the table is nearer than the table's own
        told = plan.words.guess(section, [each for each in (*hints, number) if each])
        if told.code and told.sure >= 0.95:
            return told
    around = (section, plan.table.title, plan.table.name)
    said = tuple(each for each in (*hints, *around, issuer, number) if each)
    return plan.words.guess(named, said, plan.mapping)


def _by_number(
    plan: Plan, key: tuple[object, ...], named: str, hints: tuple[str, ...], issuer: str, section: str, number: str
) -> TypeGuess:
    """The same with the number's shape; numbers of one shape are asked about once."""
    if number[:1].isdigit():
        return _asked(plan, named, hints, issuer, section, number)
    shape = (key, number[:2] + number[2:].translate(_SHAPE))
    guess = plan.memo.get(shape)
    if guess is None:
        guess = plan.memo[shape] = _asked(plan, named, hints, issuer, section, number)
    assert isinstance(guess, TypeGuess)
    return guess


_SHAPE = str.maketrans("123456789", "000000000")


def typed(row: Row) -> CertificateType | None:
    """The row's type put down, with what is to be said about how it was named."""
    guess = sort_of(row)
    place, value = row.cell("type")
    named = row.plan.text(value) if value is not None else ""
    kind = row.plan.known.types.get(guess.code)
    if named:
        row.judged.came["type"] = place
    if kind is None:
        said = named or row.record.section or row.plan.table.title or row.plan.table.name
        row.note(Defect("unknown_type", "stop", "unknown_type" if named else "no_type", params={"words": said[:60]},
                        case=fold(said)[:100]), place if place >= 0 else None)
        return None
    row.judged.type_code = kind.code
    if guess.sure < 1:
        row.judged.sure["type"] = guess.sure
    if named and guess.alias:
        sure = guess.sure > 0.75
        row.note(Defect("type_alias", "tidied" if sure else "doubt", "type_alias" if sure else "type_doubt", kind.name,
                        {"words": named[:60], "name": kind.name}, fold(named)[:100], guess.sure), place)
    if named and (guess.sure < 1 or named in row.plan.mapping.types or fold(named) in row.plan.mapping.types):
        row.named = named  # many words of such a register mean one type
    row.kind = kind
    return kind


def contents(row: Row, kind: CertificateType, parts: dict[str, str]) -> dict[str, Any]:
    """What the row says in the type's fields, and under the same keys what the type has no field for; `parts` are the
    pieces of its number."""
    fields: dict[str, Any] = {}
    declared = {field.key: field for field in kind.fields}
    for key in HINTS:
        if key in row.plan.places and (text := row.text(key)):
            _put(row, fields, declared, kind, key, identities_masked(text))
    if kind.code == "P01" and "item" in fields and "category" not in fields and "trade" in fields:
        fields["category"] = fields.pop("trade")
    if kind.code == "P01":
        _operation(row, fields)
    for key in ("first_issued_on", "reviewed_on"):
        if key in row.plan.places and (day := row.begin(key)):
            fields[key] = day.isoformat()
    if "category" in declared and declared["category"].kind == "code" and "category" not in fields and "kind" in parts:
        _coded(row, fields, declared["category"], parts["kind"])
    if "trade" in declared and "trade" not in fields and "trade" in parts:
        fields["trade"] = parts["trade"]
    if "kind" in kind.number.unique_by:
        _supporting(row, fields, kind)
    return fields


def _operation(row: Row, fields: dict[str, Any]) -> None:
    """Category and item as far as other words of the row tell them: one T number covers several (facts 2.6)."""
    if not fields.get("category"):
        category, item = operation_of(str(fields.get("item") or "")) if fields.get("item") else ("", "")
        if not category:
            category, item = operation_of(row.text("type") or _heading(row, "number"))
        if category:
            fields["category"] = category
            if item and not fields.get("item"):
                fields["item"] = item


def _heading(row: Row, field: str) -> str:
    places = row.plan.places.get(field)
    return row.plan.table.columns[places[0]].heading if places else ""


def _put(row: Row, fields: dict[str, Any], declared: dict[str, Field], kind: CertificateType, key: str,
         text: str) -> None:
    field = declared.get(key)
    if key == "trade" and field is not None and field.kind == "code":
        _trade(row, fields, field, text)
    elif key == "speciality" and "specialities" in declared:
        fields["specialities"] = [{"speciality": each} for each in _SPLIT.split(text) if each]
    elif field is not None and field.kind == "code":
        _coded(row, fields, field, text)
    elif key in ("category", "trade") and kind.code == "P15" and "position" not in fields:
        fields["position"] = text
    elif key == "trade" and field is None and "item" in declared and "item" not in row.plan.places:
        fields["item"] = text
    else:
        fields[key] = text


def _coded(row: Row, fields: dict[str, Any], field: Field, text: str) -> None:
    """A coded field: by its value, its label, or a class (A, B, C1) within the words; left out where none fits."""
    values = {each.value: each.value for each in field.options} | {each.label: each.value for each in field.options}
    found = _CLASS.search(text.upper())
    value = values.get(text) or values.get(text.upper()) or (values.get(found.group(1)) if found else None)
    if value is not None:
        fields[field.key] = value
    else:
        row.judged.came.pop(field.key, None)
        if len(field.options) == 1:
            fields[field.key] = field.options[0].value


def _trade(row: Row, fields: dict[str, Any], field: Field, text: str) -> None:
    key = ("trade", text)
    code = row.plan.memo.get(key)
    if code is None:
        labels = {each.value: each.value for each in field.options}
        labels |= {fold(each.label): each.value for each in field.options} | trades()
        folded = fold(text)
        code = row.plan.memo[key] = labels.get(folded) or labels.get(folded.removeprefix("建筑")) or "?"
    if code == "?":
        fields["trade"], fields["trade_note"] = "99", text
        row.note(Defect("wrong_value", "doubt", "wrong_trade", params={"words": text[:60]}, case=fold(text)[:100],
                        sure=0.6), row.cell("trade")[0], "trade")
    else:
        fields["trade"] = code


def _supporting(row: Row, fields: dict[str, Any], kind: CertificateType) -> None:
    """Which paper of a mixed type it is: part of what tells certificates with one number apart."""
    known = words().supporting.get(kind.code, {})
    for said in ((row.text("category"), row.text("item")), (row.text("type"), row.record.section)):  # the nearer first
        for value, names in known.items():
            if any(name in each for name in names for each in said):
                fields["kind"] = value
                return


def kept(row: Row, fields: dict[str, Any]) -> None:
    """The columns that are kept as they are, and what the type has no use for (whose project it is, where a person
    holds), each under its heading (KEPT), so that nothing of a table is lost. Identity numbers only masked."""
    came = row.judged.came
    found = [(place, key) for place, key in row.plan.kept if place < row.wide]
    found += [(place, key) for place, key, field in row.plan.others
              if place < row.wide and came.get(field) != place and row.plan.text(row.values[place])]
    for place, key in found:
        if (value := row.values[place]) is not None and value != "":
            fields[key], came[key] = identities_masked(shown(value).strip()[:2000]), place
    if row.named:
        place, _ = row.cell("type")
        fields[row.plan.key(place)] = identities_masked(row.named)
