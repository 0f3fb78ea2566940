"""Which type the words of a ledger mean."""

from __future__ import annotations

import msgspec
import pytest

from registry.certificates.catalogue import shipped
from registry.intake.mapping import Mapping
from registry.intake.meaning.types import TypeWords
from registry.intake.meaning.vocabulary import vocabulary
from tests.registry.intake.sheets import known

WORDS = TypeWords(known())
SITE, STATE = "苏A032026000123", "T110101199003070214"


def test_every_name_and_alias_of_the_catalogue_is_found() -> None:
    for code, kind in shipped().items():
        assert WORDS.guess(kind.name).code == code and not WORDS.guess(kind.name).alias
        for alias in kind.aliases:
            found = WORDS.guess(alias)
            assert code in (found.code, *found.candidates) and found.alias, alias


def test_the_usual_words_speak_of_types_that_there_are() -> None:
    assert set(vocabulary().type) <= set(shipped())
    assert {code for each in vocabulary().ambiguous for code in each.types} <= set(shipped())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("安B", "P04"),
        ("安全员C证", "P05"),
        ("C2", "P05"),
        ("二建", "P07"),
        ("一级建造师证", "P06"),
        ("架子工证", "P02"),
        ("塔吊司机", "P02"),
        ("低压电工证", "P01"),
        ("登高证", "P01"),
        ("叉车证", "P13"),
        ("高级工程师", "P14"),
        ("施工员", "P15"),
        ("交安B", "P16"),
        ("水安C证", "P17"),
        ("注安", "P11"),
        ("监理工程师", "P10"),
        ("高级工", "P19"),
        ("体检报告", "P23"),
        ("安许证", "E03"),
        ("ISO9001", "E12"),
        ("施工许可证", "J03"),
        ("塔吊备案证", "Q03"),
        ("全站仪检定", "Q08"),
    ],
)
def test_usual_words_are_aliases_and_certain(words: str, code: str) -> None:
    found = WORDS.guess(words)
    assert (found.code, found.sure, found.alias) == (code, 1.0, True)


def test_an_electrician_is_not_guessed_without_a_reason() -> None:
    found = WORDS.guess("电工证")
    assert found.code == "" and set(found.candidates) == {"P01", "P02"}


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        (STATE, "P01"),
        ("110101199003070214", "P01"),
        (SITE, "P02"),
        ("某省应急管理厅", "P01"),
        ("某省住房和城乡建设厅", "P02"),
        ("低压电工作业", "P01"),
        ("建筑电工", "P02"),
    ],
)
def test_number_issuer_or_category_tell_the_two_special_operations_apart(hint: str, code: str) -> None:
    assert WORDS.guess("电工证", (hint,)).code == code
    assert WORDS.guess("", ("特种作业人员台账", hint)).code == code


def test_the_two_special_operations_are_never_merged_by_similarity() -> None:
    assert WORDS.guess("建筑施工特种作业人员操作证", (SITE,)).code == "P02"
    assert WORDS.guess("特种作业操做证", (SITE,)).code == "P02"
    assert WORDS.guess("特种作业操做证", (STATE,)).code == "P01"


@pytest.mark.parametrize(
    ("words", "hints", "code"),
    [
        ("三类人员", ("B",), "P04"),
        ("三类人员证书", ("A类",), "P03"),
        ("安全管理人员", ("苏建安C3（2015）0000001",), "P05"),
        ("", ("B类", "交安"), "P16"),
        ("建造师", ("二级",), "P07"),
        ("建造师证书", ("苏132101200345",), "P06"),
        ("安全员", ("苏建安C（2015）0000001",), "P05"),
        ("安全员", (), "P15"),
        ("安全生产考核合格证（C）", (), "P05"),
    ],
)
def test_the_row_says_which_of_several_types(words: str, hints: tuple[str, ...], code: str) -> None:
    assert WORDS.guess(words, hints).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [("一级建造帅注册证书", "P06"), ("二级建造师（市政）注册证", "P07"), ("某公司安全生产许可证复印件", "E03")],
)
def test_similar_and_longer_words_are_less_certain(words: str, code: str) -> None:
    found = WORDS.guess(words)
    assert found.code == code and found.alias and found.sure < 1


def test_unknown_words_are_unknown() -> None:
    found = WORDS.guess("Limited Business License")
    assert found.code == "" and found.candidates == ()


def test_a_person_and_what_was_learned_come_first() -> None:
    mapping = Mapping(columns=[], types={"电工证": "P13"})
    assert WORDS.guess("电工证", (), mapping).code == "P13"
    assert TypeWords(known(types={"电工证": "P02"})).guess("电工证").code == "P02"


def test_the_tables_type_holds_where_no_word_says_otherwise() -> None:
    mapping = Mapping(columns=[], type_code="P15")
    assert WORDS.guess("", ("张三",), mapping).code == "P15"
    assert WORDS.guess("安B", (), mapping).code == "P04"


def test_the_shape_of_the_number_is_believed_before_the_tables_type() -> None:
    found = WORDS.guess("", (SITE,), Mapping(columns=[], type_code="P01"))
    assert found.code == "P02" and found.sure < 1


def test_a_type_entered_in_the_browser_is_found_by_its_names() -> None:
    made = msgspec.structs.replace(
        shipped()["E17"], code="E90", name="测绘资质证书", name_en="Survey", aliases=("测绘证",)
    )
    mine = known()
    mine.types = {**mine.types, "E90": made}
    words = TypeWords(mine)
    assert words.guess("测绘资质证书").code == words.guess("测绘证").code == "E90"
