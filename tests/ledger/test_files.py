"""Uploads: kept by content, refused by what they are and not by what they are called."""

import io

import pytest

from ledger.actor import Actor
from ledger.errors import NotFound, TooLarge, WrongKind
from ledger.files import EmptyFile, EndingDiffers, keep, path_of, tidy


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


SOMEBODY = Actor(id=7, name="甲", group_id=1)
PDF = b"%PDF-1.7\n%%EOF"


def test_the_same_content_lies_once_under_its_digest(session, folder):
    one = keep(session, folder, io.BytesIO(PDF), "甲.pdf", by=SOMEBODY)
    two = keep(session, folder, io.BytesIO(PDF), "乙.pdf", by=SOMEBODY)
    assert one.id != two.id and path_of(folder, one) == path_of(folder, two)
    assert path_of(folder, one).read_bytes() == PDF


@pytest.mark.parametrize(("content", "name", "refusal"), [
    (b"", "a.pdf", EmptyFile), (b"<html>", "a.pdf", WrongKind), (PDF, "a.jpg", EndingDiffers),
    (b"MZ\x90", "a.exe", WrongKind), (b"<svg onload=alert(1)>", "a.svg", WrongKind),
    (b"PK\x03\x04macro", "a.docm", WrongKind),
])
def test_a_file_of_the_wrong_kind_is_refused_and_nothing_is_left(session, folder, content, name, refusal):
    with pytest.raises(refusal):
        keep(session, folder, io.BytesIO(content), name, by=SOMEBODY)
    assert not [p for p in folder.rglob("*") if p.is_file()]


def test_a_file_over_the_limit_is_refused_and_nothing_is_left(session, folder):
    with pytest.raises(TooLarge):
        keep(session, folder, io.BytesIO(PDF + b"0" * 3_000_000), "a.pdf", by=SOMEBODY, limit=2**20)
    assert not [p for p in folder.rglob("*") if p.is_file()]


def test_a_name_is_only_ever_shown():
    assert tidy("../../etc/x\u202egnp.pdf") == "xgnp.pdf"
    assert tidy('a"\r\nSet-Cookie: x.pdf') == 'a"Set-Cookie: x.pdf'
    assert len(tidy("长" * 400 + ".pdf")) <= 120


def test_content_that_is_gone_is_not_found(session, folder):
    file = keep(session, folder, io.BytesIO(PDF), "a.pdf", by=SOMEBODY)
    path_of(folder, file).unlink()
    with pytest.raises(NotFound):
        path_of(folder, file)
