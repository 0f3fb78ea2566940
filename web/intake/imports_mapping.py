"""What the columns of a ledger mean: our proposal for each table, corrected and confirmed by a person."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Form
from dataclasses import dataclass, field

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from ledger.errors import BadAnswer, Conflict, Problem
from registry.certificates.catalogue import types
from registry.intake.batch.known_units import gather
from registry.intake.batch.models import Batch
from registry.intake.mapping import FIELDS, Mapped, Mapping
from registry.intake.meaning.types import TypeWords
from registry.intake.preview import mapping_acts
from web.asked import whole
from web.errors import problem_text, sentence
from web.guard import actor, needs
from web.i18n import named, say
from web.intake.imports import batch_of, importing_units
from web.intake.imports_alike import Asked, asked, spread
from web.intake.imports_told import Table, Word, sums, tables, words_of
from web.session import db

bp = Blueprint("imports_mapping", __name__, url_prefix="/imports")
GROUPS = {
    _l("证件"): (
        "type", "number", "old_number", "category", "item", "trade", "speciality", "level", "issued_on",
        "first_issued_on", "valid_from", "valid_until", "term", "review_on", "reviewed_on", "issuer", "state",
    ),
    _l("持有人"): (
        "name", "id_number", "gender", "born_on", "phone", "post", "company", "company_code", "unit", "project",
    ),
    _l("设备"): ("machine", "serial", "model", "made_on", "registration_no", "inspected_on", "inspect_on"),
    _l("保管和借阅"): (
        "keeper", "place", "originals", "duplicates", "borrower", "returner", "handler", "lent_at", "returned_at",
        "purpose", "loan_state",
    ),
    _l("其他"): ("code", "remark", "sequence", "keep", "ignore"),
}
CONTENTS = {"certificates": _l("证件"), "loans": _l("借阅登记"), "ignored": _l("不导入这张表")}
DAYS = {"ymd": _l("年/月/日"), "mdy": _l("月/日/年"), "dmy": _l("日/月/年")}
HOLDERS = ("name", "id_number", "company", "company_code", "project", "machine", "serial", "registration_no")
KINDS_OF_PAPER = ("type", "category", "item", "trade", "speciality", "level")
AS_OFTEN_AS_YOU_LIKE = frozenset({"remark", "sequence", "keep", "ignore"})
SURE, LIKELY = 0.9, 0.6
"""From where on a proposal is shown as certain, and as likely."""


@dataclass
class Draft:
    """What the form says of one table, and what is wrong with it, by the name of the input."""

    mapping: Mapping
    words: list[Word]
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    def wrong(self, name: str, text: str, **params: object) -> None:
        """Something is wrong at an input."""
        self.problems.setdefault(name, []).append(Problem(text, params))

    def asks(self, table: Table) -> tuple[int, int]:
        """How many columns, and how many words of the column of types, a person is asked to look at. A column without
        a value can mean what it likes."""
        if self.mapping.content == "ignored":
            return 0, 0
        columns = sum(column.sure < SURE and bool(table.columns[no].examples)
                      for no, column in enumerate(self.mapping.columns))
        return columns, sum(word.sure < SURE and word.text not in self.mapping.types for word in self.words)


@dataclass(frozen=True)
class Choices:
    """What may be chosen on the form: asked of the register once, however many tables it has."""

    known: TypeWords
    kinds: dict[str, str]
    units: dict[int, str]


@bp.get("/<int:batch_id>/mapping")
@needs("import.make")
def edit(batch_id: int) -> ResponseReturnValue:
    """Every table with its columns as we understand them."""
    batch = batch_of(batch_id, "import.make")
    if batch.state not in ("mapping", "ready"):
        return redirect(url_for("imports.show", batch_id=batch.id), 303)
    told = tables(batch)
    pages = asked(batch, told)
    number = min(max(1, request.args.get("page", 1, type=whole) or 1), max(1, len(pages)))
    return _page(batch, told, pages, number, [_as_proposed(one) for one in pages[number - 1]] if pages else [])


def _as_proposed(one: Asked) -> Draft:
    return Draft(one.before, one.table.words)


@bp.post("/<int:batch_id>/mapping")
@needs("import.make")
def confirm(batch_id: int) -> ResponseReturnValue:
    """It is so: the rows are checked by it. Of a large file one page is said at a time; all= leaves the others as we
    proposed them."""
    batch = batch_of(batch_id, "import.make")
    choices = Choices(TypeWords(gather(db.session(), batch.unit, actor())), kinds(), units())
    told = tables(batch)
    pages = asked(batch, told)
    number = min(max(1, request.form.get("page", 1, type=whole) or 1), max(1, len(pages)))
    drafts = [read(one.table, one.before, choices) for one in pages[number - 1]] if pages else []
    last = number >= len(pages) or bool(request.form.get("all"))
    said = list(zip(pages[number - 1], (draft.mapping for draft in drafts), strict=True)) if pages else []
    meant = spread(batch, said, set(request.form.getlist("out", type=int)))
    if drafts and last and all(mapping.content == "ignored" for mapping in meant):
        drafts[0].wrong(f"t{said[0][0].table.no}.content", "每张表都不导入，就没有可导入的内容了。请至少选一张表。")
    if any(draft.problems for draft in drafts):
        return _page(batch, told, pages, number, drafts), 400
    if last and (wrong := _elsewhere(batch, told, pages, number)) is not None:
        return wrong
    try:
        act = mapping_acts.confirm if last else mapping_acts.say
        act(db.session(), batch, meant, by=actor())
    except (BadAnswer, Conflict) as error:
        refusal, status = sentence(error), error.status
        db.session.rollback()
        return _page(batch_of(batch_id), told, pages, number, drafts, refusal), status
    if not last:
        return redirect(url_for("imports_mapping.edit", batch_id=batch_id, page=number + 1), 303)
    flash(_("已确认，正在逐行检查。"), "ok")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


def _elsewhere(
    batch: Batch, told: list[Table], pages: list[list[Asked]], number: int
) -> ResponseReturnValue | None:
    """The first other page on which something is missing."""
    for other, page in enumerate(pages, 1):
        drafts = [_as_proposed(one) for one in page]
        if other != number:
            for one, draft in zip(page, drafts, strict=True):
                if draft.mapping.content != "ignored":
                    _check(draft, one.table, one.before)
            if any(draft.problems for draft in drafts):
                return _page(batch, told, pages, other, drafts), 400
    return None


def _page(
    batch: Batch, told: list[Table], pages: list[list[Asked]], number: int, drafts: list[Draft], refusal: str = "",
) -> str:
    page = pages[number - 1] if pages else []
    problems = {name: [problem_text(one) for one in found]
                for draft in drafts for name, found in draft.problems.items()}
    return render_template(
        "imports/mapping.html", batch=batch, problems=problems,
        pairs=[(one.table, draft, one.members) for one, draft in zip(page, drafts, strict=True)],
        number=number, pages=len(pages), tables=told, options=options(),
        refusal=refusal, contents=CONTENTS, days=DAYS,
        types=kinds(), units=units(), sums=sums(batch), sure=SURE, likely=LIKELY,
    )


def options() -> dict[str, Markup]:
    """Field -> the choices of a column that means it, drawn once for all columns of the page."""
    plain = "".join(
        f'<optgroup label="{escape(str(group))}">'
        + "".join(f'<option value="{key}">{escape(say(FIELDS[key]))}</option>' for key in keys) + "</optgroup>"
        for group, keys in GROUPS.items())
    return {key: Markup(plain.replace(f'value="{key}"', f'value="{key}" selected', 1)) for key in FIELDS}


def kinds() -> dict[str, str]:
    """Code of a type -> how it is written in its input: "P01 特种作业操作证"."""
    return {code: f"{code} {named(kind)}" for code, kind in types().items()}


def units() -> dict[int, str]:
    """Id -> name of the units one may bring ledgers into; a name that several have carries the code."""
    found = importing_units()
    names = [unit.name for unit in found]
    return {unit.id: f"{unit.name}（{unit.code}）" if names.count(unit.name) > 1 else unit.name for unit in found}


def read(table: Table, before: Mapping, choices: Choices) -> Draft:
    """The mapping of a table as the form says, and what is wrong with it."""
    form, place = request.form, f"t{table.no}."
    content = form.get(place + "content", before.content)
    meant = Mapping(
        columns=list(_columns(table, before, form)),
        content=content if content in CONTENTS else before.content,  # type: ignore[arg-type]
        new_units=form.get(place + "new_units") == "yes",
        days=form[place + "days"] if form.get(place + "days") in DAYS else before.days,  # type: ignore[arg-type]
    )
    draft = Draft(meant, words_of(table, meant, choices.known))
    if draft.mapping.content == "ignored":
        draft.mapping = msgspec.structs.replace(before, content="ignored")
        return draft
    _read_types(draft, table, before, form, choices.kinds)
    _read_units(draft, place, form, choices.units)
    _check(draft, table, before)
    return draft


def _columns(table: Table, before: Mapping, form: Form[str, str]) -> Iterator[Mapped]:
    """What is as we proposed keeps how sure we were of it; what a person chose is sure."""
    for column, was in zip(table.columns, before.columns, strict=True):
        chosen = form.get(f"t{table.no}.c{column.no}", was.field)
        yield was if chosen == was.field or chosen not in FIELDS else Mapped(field=chosen)


def _read_types(
    draft: Draft, table: Table, before: Mapping, form: Form[str, str], known: dict[str, str]
) -> None:
    place = f"t{table.no}."
    codes_of = {words: code for code, words in known.items()} | {code: code for code in known}
    told = form.get(place + "type", known.get(before.type_code, "")).strip()
    draft.mapping.type_code = codes_of.get(told, "")
    if told and not draft.mapping.type_code:
        draft.wrong(place + "type", "没有这个种类，请从列表中选择。")
    said = dict(before.types)
    worded, asked = draft.mapping.of("type"), form.get(place + "worded", str(table.worded))
    if worded is not None and str(worded) != asked and any(word.sure < SURE for word in draft.words):
        draft.wrong(place + "words", "请看一眼这一列里的写法各是什么证，然后继续。")
    for word in draft.words if worded is None or str(worded) == asked else ():
        told = form.get(f"{place}w{word.no}", known.get(word.code, "")).strip()
        code = codes_of.get(told, "")
        if told and not code:
            draft.wrong(f"{place}w{word.no}", "没有这个种类，请从列表中选择。")
        elif code and (code != word.code or word.text in said):
            said[word.text] = code
        elif not code:
            said.pop(word.text, None)
    draft.mapping.types = said


def _read_units(draft: Draft, place: str, form: Form[str, str], known: dict[int, str]) -> None:
    numbers = {words: number for number, words in known.items()}
    for name in ("holder_unit", "unit"):
        told = form.get(place + name, "").strip()
        number = numbers.get(told)
        if told and number is None:
            draft.wrong(place + name, "没有这个单位，请从列表中选择。")
        setattr(draft.mapping, name, number)


def _check(draft: Draft, table: Table, before: Mapping) -> None:
    """What a table of certificates or loans cannot do without, and no field twice that was not so before."""
    place, meant = f"t{table.no}.", [each.field for each in draft.mapping.columns]
    for column, name in zip(table.columns, meant, strict=True):
        again = name not in AS_OFTEN_AS_YOU_LIKE and meant.count(name) > 1
        if again and name != before.columns[column.no].field:
            draft.wrong(f"{place}c{column.no}", "已有一列是“{field}”，请改其中一列。", field=FIELDS[name])
    if draft.mapping.content == "loans":
        if "borrower" not in meant:
            draft.wrong(place + "content", "请指出哪一列是借用人。")
        return
    if "number" not in meant and "registration_no" not in meant and "code" not in meant:
        draft.wrong(place + "content", "请指出哪一列是证书编号。")
    if draft.mapping.holder_unit is None and not any(name in meant for name in HOLDERS):
        draft.wrong(place + "content", "请指出哪一列是持有人（姓名、单位、项目或设备），或者在下面选持有单位。")
    if not draft.mapping.type_code and not any(name in meant for name in KINDS_OF_PAPER):
        draft.wrong(place + "type", "表里没有写证件种类的列，请选择这些都是什么证。")
