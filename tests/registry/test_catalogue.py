"""The catalogue of types: complete, consistent, honest about what is not verified, and loud when a file is broken."""

import datetime as dt
import shutil
from collections import Counter

import msgspec
import pytest

from registry.certificates import catalogue
from registry.certificates.catalogue import (
    FOLDER,
    BrokenType,
    UnknownType,
    as_of,
    doubts,
    in_force,
    in_force_of,
    load,
    statements,
    type_of,
    types,
)
from registry.certificates.kinds import Validity, Variant
from registry.certificates.numbers import check_number

DAY = dt.date(2026, 11, 22)


def test_all_types_are_there():
    assert Counter(each.family for each in types().values()) == {"E": 17, "P": 23, "J": 16, "Q": 11}
    assert all(code == each.code for code, each in types().items())


def test_every_name_and_alias_means_one_type():
    named = Counter(name for each in types().values() for name in {each.name, *each.aliases})
    assert [name for name, times in named.items() if times > 1] == []


def test_nothing_from_knowledge_or_of_our_own_passes_as_verified():
    for each in types().values():
        for _, said in statements(each):
            assert not (said.verified and said.source[0] in "KD"), (each.code, said)
    assert not type_of("E04").verified


def test_what_is_unverified_can_be_shown():
    keys = {key for key, _ in doubts(type_of("E03"))}
    assert "change" in keys
    assert not keys & {"validity", "window", "decision", "review"}


@pytest.mark.parametrize("each", types().values(), ids=lambda each: each.code)
def test_every_sample_fits_its_field(each):
    for field in [*each.fields, *(inner for outer in each.fields for inner in outer.fields)]:
        if not field.sample:
            continue
        if field.rule:
            verdict = check_number(field.rule, field.sample, on=DAY)
            assert verdict.ok, (field.key, str(verdict.problem))
        if field.kind == "date":
            dt.date.fromisoformat(field.sample)
        if field.options:
            assert field.sample in {option.value for option in field.options}
        assert not field.longest or len(field.sample) <= field.longest


@pytest.mark.parametrize("each", types().values(), ids=lambda each: each.code)
def test_a_term_with_an_end_has_its_number_of_months_in_words_too(each):
    if each.validity.kind == "months" and each.validity.months % 12 == 0:
        assert f"{each.validity.months // 12}年" in each.validity.text or "每年" in each.validity.text


MONTHS = {
    60: "E02 E04 E05 E06 E08 E14 E15 P11 J14", 36: "E03 E09 E12 E17 P03 P04 P05 P06 P07 P10 P16 P17 P21 P22",
    72: "E10 E13 P01", 48: "E11 E16 P08 P09 P13", 24: "P02", 3: "J03", 12: "Q06 Q09",
}
BEFORE = {
    (3, 0): "E02 E03 E12 E13 P03 P04 P05 P11 P16 P17 P21", (6, 0): "E11", (1, 0): "P13 Q02",
    (0, 60): "E04 E05 E06 E08 E09 E14 P01", (0, 30): "E10 E15 E16 P06 P07 P08 P09 P10 P12 P18 P22 J09 J11 Q06 Q08 Q09",
}


def test_terms_and_days_of_application_are_those_of_the_table_of_types():
    terms = {code: each.validity.months for code, each in types().items() if each.validity.months}
    assert terms == {code: months for months, codes in MONTHS.items() for code in codes.split()}
    targets = {code: (each.window.target.months_before, each.window.target.days_before)
               for code, each in types().items() if each.window.target}
    assert targets == {code: before for before, codes in BEFORE.items() for code in codes.split()}


def test_statutory_periods_of_the_first_three():
    assert (type_of("J03").decision.workdays, type_of("E03").decision.workdays) == (7, 45)
    general = type_of("P02").decision
    assert (general.workdays, general.extension_workdays, general.delivery_workdays) == (20, 10, 10)
    assert general.assumed


def test_the_first_three_are_complete():
    assert len(type_of("J03").documents) == 8
    assert len(type_of("E03").documents) == 13
    assert (type_of("J03").extension.times, type_of("J03").extension.months) == (2, 3)
    assert type_of("E03").window.target.before(dt.date(2027, 5, 31)) == dt.date(2027, 2, 28)
    assert type_of("P02").validity.months == 24
    for code in ("J03", "E03", "P02"):
        assert type_of(code).fields[0].column in ("number", "licence_mark")
        assert all(basis.source for basis in type_of(code).basis)


def test_a_special_operation_certificate_is_unique_with_its_category_and_item():
    assert type_of("P01").number.unique_by == ("number", "category", "item")


def test_who_reviews_what():
    assert type_of("E03").reviewers == ("legal",)
    assert type_of("P02").reviewers == ("hr", "safety")
    assert all(each.second_approval == (each.family == "E") for each in types().values())


def test_a_reported_rule_is_shown_and_never_applied():
    found = in_force_of("P02", dt.date(2030, 1, 1))
    assert found.validity.months == 24
    assert any(one.pending and one.validity.months == 36 and not one.verified for one in found.variants)


def test_a_province_has_its_own_window():
    assert in_force_of("P07", DAY).window.closes is None
    assert in_force_of("P07", DAY, "京").window.closes.days_before == 30
    assert in_force(DAY, "京")["P07"].window.opens.days_before == 90
    assert in_force(DAY, "苏")["P07"] is type_of("P07")


def test_a_later_rule_wins_from_its_first_day_and_the_province_over_it():
    def term(months):
        return Validity(kind="months", months=months, source="D")

    each = msgspec.structs.replace(type_of("P02"), effective_from=dt.date(2020, 1, 1), variants=(
        Variant(source="D", effective_from=dt.date(2027, 1, 1), validity=term(36)),
        Variant(source="D", effective_from=dt.date(2026, 1, 1), validity=term(30)),
        Variant(source="D", province="陕", effective_from=dt.date(2026, 6, 1), validity=term(72)),
    ))
    days = (dt.date(2025, 1, 1), dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    assert [as_of(each, day).validity.months for day in days] == [24, 30, 36]
    assert [as_of(each, day, "陕").validity.months for day in days] == [24, 30, 72]
    assert as_of(each, dt.date(2019, 12, 31)) is None


def test_a_type_not_yet_in_force_is_not_listed(monkeypatch):
    coming = msgspec.structs.replace(type_of("J03"), effective_from=dt.date(2027, 1, 1))
    monkeypatch.setattr(catalogue, "shipped", lambda: {"J03": coming})
    monkeypatch.setattr(catalogue, "_first", lambda: catalogue.Book((0, 0), ()))
    assert dict(in_force(DAY)) == {}
    with pytest.raises(UnknownType):
        in_force_of("J03", DAY)


def test_an_unknown_type_is_not_found():
    with pytest.raises(UnknownType) as refusal:
        type_of("X99")
    assert "X99" in str(refusal.value)


@pytest.fixture
def folder(tmp_path):
    shutil.copy(FOLDER / "defaults.toml", tmp_path)
    shutil.copy(FOLDER / "P" / "P22.toml", tmp_path)
    return tmp_path


def test_a_folder_of_its_own_is_read(folder):
    assert list(load(folder)) == ["P22"]


HEAD, TARGET = 'family = "P"', "target = { days_before = 30 }"
SAID = 'source = "S(W:meibinglu)"\nverified = true\ntext'
CODED = 'fields = [{ source = "D", key = "a", label = "a", label_en = "a", kind = "code" }]'


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (HEAD, 'family = "Z"', "family"),
        ('holder = "person"', 'holder = "project"', "holder"),
        ('code = "P22"', 'code = "P21"', "code"),
        ("months = 36", 'months = "36"', "validity.months"),
        ("months = 36", "", "validity.months"),
        ("months = 36", "weeks = 36", "validity"),
        (TARGET, TARGET + "\ncloses = { days_before = 60 }", "window.closes"),
        (TARGET, "target = { days_before = 30, months_before = 1 }", "window.target"),
        (TARGET, "target = { days_before = -30 }", "window.target"),
        (SAID, 'source = "K"\nverified = true\ntext', "validity.verified"),
        (HEAD, 'family = "P"\nemployer = "maybe"', "employer"),
        (HEAD, 'family = "P"\nnumber = { rule = "none" }', "number.rule"),
        (HEAD, 'family = "P"\nnumber = { unique_by = ["trade"] }', "number.unique_by"),
        (HEAD, 'family = "P"\nvariants = [{ source = "D", province = "纽" }]', "variants[0].province"),
        (HEAD, 'family = "P"\nvariants = [{ source = "D" }]', "variants[0]"),
        (HEAD, 'family = "P"\nrequires = [{ source = "D", of = "holder", types = ["E99"] }]', "requires[0].types"),
        (HEAD, HEAD + "\n" + CODED, "fields[0].options"),
        (HEAD, HEAD + "\nreminders = [30, 30]", "reminders"),
        (HEAD, HEAD + '\ndocuments = [{ source = "D", key = "A b", name = "a", name_en = "a" }]', "documents[0].key"),
        (TARGET, "opens = { months_before = 37 }", "window.opens"),
        (HEAD, HEAD + '\nextension = { source = "D", times = 1, months = 99999 }', "extension.months"),
        (HEAD, HEAD + '\nchange = { source = "D", workdays = 99999 }', "change.workdays"),
        (HEAD, HEAD + '\nchange = { source = "D", days = 5, months = 1 }', "change.months"),
        (HEAD, HEAD + '\nnational_code = "W01234567890123456789"', "national_code"),
        (HEAD, HEAD + '\nvariants = [{ source = "D", province = "京", validity = { source = "D", kind = "months" } }]',
         "variants[0].validity.months"),
        (HEAD, "family = ", "file"),
    ],
)
def test_a_broken_file_is_named_with_its_key(folder, old, new, key):
    path = folder / "P22.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BrokenType) as refusal:
        load(folder)
    assert (refusal.value.file, refusal.value.key) == ("P22.toml", key)
