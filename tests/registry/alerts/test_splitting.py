"""Long messages: nothing is lost, no part is too long as the provider counts, no character is broken."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.alerts.channels.message import Message
from registry.alerts.channels.splitting import MOST_PARTS, in_parts, octets, octets_in_json, split

TEXTS = st.text(alphabet=st.sampled_from("ab 证件到期《\n\n\"\\\t😀e\u0301👩\u200d🔧\ufe0f"), max_size=300)
SIZES = st.sampled_from([octets, octets_in_json])
LINES = st.lists(st.text(alphabet="安全生产许可证 LC-01\"", max_size=400), max_size=120)


def told(lines: list[str], link: str = "https://licet.example.cn/c/7", title: str = "证件到期提醒") -> Message:
    return Message("k", title, tuple(lines), link)


@given(TEXTS, st.integers(12, 90), SIZES)
@example("", 12, octets)
@example("\n" * 40, 12, octets_in_json)
def test_the_pieces_joined_are_the_text_and_each_fits(text, limit, size) -> None:  # type: ignore[no-untyped-def]
    pieces = split(text, limit, size)
    assert "".join(pieces) == text
    assert all(size(piece) <= limit for piece in pieces)


@given(TEXTS, st.integers(12, 90))
def test_a_line_that_fits_is_never_broken(text: str, limit: int) -> None:
    whole = [line for line in text.split("\n") if len(line.encode()) < limit]
    shown = [line for piece in split(text, limit) for line in piece.split("\n")]
    assert [line for line in whole if line not in shown] == []


def test_an_accent_and_a_joined_picture_stay_with_what_they_belong_to() -> None:
    assert split("abcde\u0301f", 6) == ["abcd", "e\u0301f"]
    assert split("ab👩\u200d🔧", 12) == ["ab", "👩\u200d🔧"]


def test_no_character_is_broken_even_where_none_fits() -> None:
    with pytest.raises(ValueError, match="not even one"):
        split("证", 2)


@given(LINES, st.sampled_from([2048, 4096, 20000]), SIZES, st.sampled_from(["", "https://licet.example.cn/c/7"]))
def test_every_part_fits_and_every_line_is_shown_or_counted(  # type: ignore[no-untyped-def]
    lines, limit, size, link
) -> None:
    message = told(lines, link)
    parts = in_parts(message, limit, size=size)
    assert 1 <= len(parts) <= MOST_PARTS and all(size(part) <= limit for part in parts)
    assert parts[-1].endswith(link)
    shown = "".join(re.sub(r"^证件到期提醒（\d/\d）\n", "", part) + "\n" for part in parts)
    left = re.search(r"…另有 (\d+) 条", shown)
    complete = [line for line in message.lines if line and line in shown]
    if left:
        assert len([line for line in message.lines if line]) - len(complete) <= int(left[1])
    else:
        assert [line for line in message.lines if line not in shown.replace("\n", "") and line not in shown] == []


def test_parts_are_numbered_and_the_link_stands_in_the_last() -> None:
    lines = [f"{number:03} 安全生产许可证将于 2027-01-15 到期，请办理延期" for number in range(60)]
    parts = in_parts(told(lines), 2048)
    assert [part.split("\n")[0] for part in parts] == [f"证件到期提醒（{n}/3）" for n in (1, 2, 3)]
    assert [part.endswith("https://licet.example.cn/c/7") for part in parts] == [False, False, True]


@pytest.mark.parametrize(("link", "words"), [
    ("https://licet.example.cn/c", "见链接\nhttps://licet.example.cn/c"), ("", "请登录系统查看")])
def test_what_needs_too_many_parts_is_summed_up(link: str, words: str) -> None:
    lines = [f"{number:04} 安全生产许可证将于 2027-01-15 到期" for number in range(400)]
    parts = in_parts(told(lines, link), 2048)
    shown = sum(line in "\n".join(parts) for line in lines)
    assert len(parts) == MOST_PARTS and shown > 150
    assert parts[-1].endswith(f"\n…另有 {400 - shown} 条，{words}")


def test_it_is_summed_up_in_the_readers_language() -> None:
    message = Message("k", "Certificates", ("a line of some length",) * 900, "https://x.example.cn/", language="en")
    assert re.search(r"\n… \d+ more, see the link\n", in_parts(message, 2048)[-1])


def test_a_long_title_is_told_in_full_once() -> None:
    title = "安全" * 600
    parts = in_parts(told(["第一条"], title=title), 2048)
    assert "".join(re.sub(r"^（\d/\d）\n", "", part) for part in parts).count("安全") == 600


@pytest.mark.parametrize(("written", "told_as"), [
    ("a\r\nb\rc\nd", ("a", "b", "c", "d")), ("\x00\x1b[31m", ("  [31m",)), ("\ud83d", ("\ufffd",)),
    ("a\u202eb", ("a b",)),
])
def test_a_line_holds_what_any_provider_can_carry(written: str, told_as: tuple[str, ...]) -> None:
    assert told([written]).lines == told_as


def test_a_title_is_one_line() -> None:
    assert told([], title=" 到期\r\nBcc: x@example.com ").title == "到期 Bcc: x@example.com"


@pytest.mark.parametrize(("key", "link"), [
    ("", ""), ("a b", ""), ("a\r\nX: y", ""), ("k" * 65, ""), ("k", "javascript:alert(1)"), ("k", "https://x y"),
    ("k", "https://x/\n"), ("k", "https://x/" + "a" * 1000),
])
def test_a_key_and_a_link_of_ours_are_what_they_should_be(key: str, link: str) -> None:
    with pytest.raises(ValueError, match="of a message"):
        Message(key, "t", link=link)
