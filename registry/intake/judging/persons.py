"""The people of a book, by identity number and by name: one person written in two ways, one number with two people,
numbers that fail and another row knows, and rows without a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging import cells, names
from registry.intake.judging.defects import finding
from registry.intake.judging.identities import difference, swapped_rather
from registry.intake.judging.numbering import BUILT_ON_ID
from registry.intake.judging.places import told
from registry.intake.known import Known
from registry.people.identity import gender_of, mask_id
from registry.writing import lost_digits

FAILED = frozenset(("check_digit", "transposed", "wrong_number", "old_id", "float", "look_alike"))


class _Book:
    """Who is in the book: names by identity number with the rows they stand in, numbers by name."""

    def __init__(self, rows: Iterable[Judged], known: Known) -> None:
        self.known = known
        self.names: dict[str, dict[str, list[Judged]]] = {}
        self.numbers: dict[str, dict[str, Judged]] = {}
        self.divisions: Counter[str] = Counter()
        for row in rows:
            holder = row.holder
            if holder is not None and holder.id_number and holder.kind == "person":
                self.add(row, holder.id_number, holder.name)
        self.divisions.update(number[:6] for number in self.names)

    def add(self, row: Judged, number: str, name: str) -> None:
        if not name:
            return
        rows = self.names.setdefault(number, {}).setdefault(name, [])
        rows.append(row)
        if len(rows) == 1:
            self.numbers.setdefault(name, {})[number] = row

    def company(self, row: Judged) -> int | None:
        unit = self.known.units.get(row.holder.unit) if row.holder and row.holder.unit is not None else None
        return unit.company_id if unit else None


def people(rows: Sequence[Judged], known: Known) -> None:
    """Settle numbers and names of the people of these rows among themselves."""
    book = _Book(rows, known)
    for row in rows:
        if row.holder is not None and row.holder.kind == "person" and row.findings:
            _failed(row, book)
    for number, named in book.names.items():
        if len(named) > 1:
            _several(number, named, book)
    for row in rows:
        holder = row.holder
        if holder is not None and holder.kind == "person" and not holder.id_number and holder.name and (
                not _unfit(row, known)):
            _by_name(row, book)


def _unfit(row: Judged, known: Known) -> bool:
    """Whether the row has an identity number that does not hold: no name stands for it."""
    return any(each.weight == "stop" and _field(row, each.column, known) for each in row.findings)


def _failed(row: Judged, book: _Book) -> None:
    """Numbers that do not hold, where other rows of the same name have one that is nearly the same."""
    assert row.holder is not None
    for at, each in enumerate(row.findings):
        if each.weight != "stop" or each.kind not in FAILED | {"id_mismatch"}:
            continue
        field = _field(row, each.column, book.known)
        if not field:
            continue
        if each.kind == "id_mismatch":
            row.findings[at] = _foreign(row, each, book)
            continue
        head = BUILT_ON_ID[book.known.types[row.type_code].number.rule] if field == "number" else ""
        row.findings[at] = _settled(row, each, head, field, book)


def _field(row: Judged, column: int | None, known: Known) -> str:
    """Whether a column says an identity number: by itself, or as part of the certificate's."""
    if column is None:
        return ""
    if row.came.get("id_number") == column:
        return "id_number"
    kind = known.types.get(row.type_code)
    return "number" if kind and row.came.get("number") == column and kind.number.rule in BUILT_ON_ID else ""


def _settled(row: Judged, each: Finding, head: str, field: str, book: _Book) -> Finding:
    """The finding as the rest of the book decides it."""
    holder = row.holder
    assert holder is not None
    typed = cells.number(each.raw).value.replace("-", "").removeprefix(head) if each.raw else ""
    known = book.numbers.get(holder.name, {})
    if each.kind == "float":
        whole = [number for number in known if _rounded(typed, number)]
        if len(whole) == 1:
            return told(row, known[whole[0]], "float", "stop", "float_hint", each.column)
        return each
    near = [(number, kind) for number in known if (kind := difference(typed, number))]
    if len(near) != 1:
        return _guessed(each, typed, head, book) if each.kind in ("check_digit", "transposed") else each
    number, kind = near[0]
    holder.id_number = holder.id_number or number
    if field == "number":
        row.number = head + number
    row.sure[field] = 0.93
    return finding(kind, "doubt", f"{kind}_book", each.column, each.raw, head + number, "", 0.93, right=mask_id(number))


def _guessed(each: Finding, typed: str, head: str, book: _Book) -> Finding:
    """A number that nothing settles: which of the two mistakes is the likelier one, and what it may have been."""
    ratio, best = swapped_rather(typed, book.divisions, book.known.today)
    kind = "transposed" if ratio > 1 else "check_digit"
    if kind == each.kind:
        return each
    proposed = head + best if kind == "transposed" and best else ""
    return finding(kind, "stop", kind, each.column, each.raw, proposed, "", 0.6 if proposed else 1.0)


def _rounded(typed: str, number: str) -> bool:
    """Whether what a spreadsheet has left of a number may have been this one."""
    if lost_digits(typed):
        digits = typed.split("E")[0].replace(".", "").rstrip("0")
        return number.startswith(digits[:-1] or "?")
    return typed[:15] == number[:15]


def _foreign(row: Judged, each: Finding, book: _Book) -> Finding:
    """A certificate number that is not the row's person's: it may be another's in the book."""
    assert row.holder is not None
    other = row.number.removeprefix("T")
    for name, rows in book.names.get(other, {}).items():
        if name != row.holder.name and names.alike(name, row.holder.name) < 0.8:
            return told(row, rows[0], "duplicate_number", "stop", "duplicate_number", each.column, name=name)
    return each


def _several(number: str, named: dict[str, list[Judged]], book: _Book) -> None:
    """One identity number with several names: mostly one person written in two ways."""
    main = _main(number, named, book)
    for name, rows in named.items():
        if name == main:
            continue
        for row in rows:
            _other(row, name, main, named[main], book)


def _main(number: str, named: dict[str, list[Judged]], book: _Book) -> str:
    """The name that is believed: whole rather than with a lost character or a tail, then the most frequent, then the
    one whose bearer has no other number and is of the number's gender, then the first."""
    def weight(name: str) -> tuple[int, int, int, int, int]:
        tailed = any(names.tail(name, other) for other in named if other != name)
        gender = next((row.holder.gender for row in named[name] if row.holder and row.holder.gender), "")
        contradicted = any(each.kind == "wrong_value" for row in named[name] for each in row.findings)
        return (not names.lost(name), not tailed, len(named[name]), -len(book.numbers.get(name, ())),
                int(not contradicted and (not gender or gender == gender_of(number))))

    return max(named, key=weight)


def _other(row: Judged, name: str, main: str, rows: list[Judged], book: _Book) -> None:
    """A row that names somebody else than most rows with its identity number."""
    holder = row.holder
    assert holder is not None
    column = row.came.get("name")
    if names.lost(name):
        if names.fits(name, main):
            holder.name, row.sure["name"] = main, 0.9
            row.findings = [_known(each, main) if each.kind == "rare_character" else each for each in row.findings]
        return
    likely = names.alike(name, main)
    if likely >= 0.8:
        row.findings.append(told(row, rows[0], "two_names", "doubt", "two_names", column, proposed=main, sure=likely,
                                 name=main))
        row.sure["name"] = min(likely, 0.95)
        if likely > 0.9 or len(rows) > 1:
            holder.name = main
        return
    own = row.came.get("id_number")
    kind = "id_of_two" if own is not None else "duplicate_number"
    column = own if own is not None else row.came.get("number")
    if not any(each.kind == kind for each in row.findings):
        row.findings.append(told(row, rows[0], kind, "stop", kind, column, name=main))


def _known(each: Finding, name: str) -> Finding:
    return finding("rare_character", "doubt", "rare_character_known", each.column, each.raw, name, "", 0.9, name=name)


def _by_name(row: Judged, book: _Book) -> None:
    """A row without an identity number: the one person of that name in the company, if there is one."""
    holder = row.holder
    assert holder is not None
    found = book.numbers.get(holder.name)
    if not found:
        return
    company = book.company(row)
    there = {number: other for number, other in found.items() if book.company(other) == company}
    near = {number: other for number, other in there.items() if other.holder and other.holder.unit == holder.unit}
    chosen = there if len(there) == 1 else near
    if len(chosen) == 1:
        holder.id_number = next(iter(chosen))
        row.sure["id_number"] = 0.85
    elif len(there) > 1:
        row.findings.append(finding(
            "ambiguous", "stop", "ambiguous", row.came.get("name"), holder.name, count=len(there)))
