"""Uploading, getting back, and the small pictures."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import stream_encode_multipart

from ledger.db import unit
from ledger.files import File
from tests.web.desk.at_work import PDF, PNG, Town
from web import files


def kept(town: Town) -> int:
    with Session(town.engine) as session:
        return session.scalar(select(func.count()).select_from(File)) or 0


def picture(width: int, height: int, kind: str = "PNG", **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, kind, **more)
    return out.getvalue()


def test_an_upload_tells_its_id_name_size_and_address(town: Town) -> None:
    answer = town.visitor("applicant").upload(PDF, "施工合同.pdf")
    assert answer.status_code == 201
    told = answer.get_json()
    assert (told["name"], told["size"], told["type"]) == ("施工合同.pdf", len(PDF), "application/pdf")
    assert told["url"] == f"/files/{told['id']}"


def test_several_files_are_kept_together_or_not_at_all(town: Town) -> None:
    person = town.visitor("applicant")
    both = person.post("/files", {"file": [(BytesIO(PDF), "a.pdf"), (BytesIO(PNG), "b.png")]})
    assert [one["name"] for one in both.get_json()["files"]] == ["a.pdf", "b.png"]
    mixed = {"file": [(BytesIO(PDF), "c.pdf"), (BytesIO(b"MZ evil"), "d.pdf")]}
    bad = person.post("/files", mixed, headers={"Accept": "application/json"})
    assert bad.status_code == 400
    assert list(bad.get_json()["problems"]) == ["d.pdf"]
    assert kept(town) == 2


@pytest.mark.parametrize(("content", "name", "words"), [
    (b"<html><script>alert(1)</script>", "a.pdf", "不支持这种文件"), (PNG, "a.jpg", "扩展名不一致"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "不支持这种文件"), (b"", "empty.pdf", "文件是空的"),
])
def test_a_file_of_the_wrong_kind_is_refused_in_words(town: Town, content: bytes, name: str, words: str) -> None:
    answer = town.visitor("applicant").upload(content, name)
    assert answer.status_code == 400
    assert words in answer.get_json()["error"]
    assert kept(town) == 0


def test_more_than_20_megabytes_are_refused(town: Town) -> None:
    answer = town.visitor("applicant").upload(b"%PDF-" + b"0" * (20 * 1024 * 1024), "big.pdf")
    assert answer.status_code == 413
    assert "20 MB" in answer.get_json()["error"]
    assert kept(town) == 0


def test_a_request_far_beyond_the_limit_is_refused_before_it_is_read(town: Town) -> None:
    answer = town.visitor("applicant").upload(b"%PDF-" + b"0" * (22 * 1024 * 1024), "huge.pdf")
    assert answer.status_code == 413


def test_one_person_uploads_only_so_much_a_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)
    person = town.visitor("applicant")
    assert [person.upload().status_code for _ in range(3)] == [201, 201, 429]
    assert town.visitor("legal").upload().status_code == 201


def test_a_download_can_never_run_as_a_page(town: Town) -> None:
    person = town.visitor("applicant")
    answer = person.get(person.upload(PDF, "合同'; x.pdf").get_json()["url"])
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_somebody_else_is_not_there(town: Town) -> None:
    url = town.visitor("applicant").upload().get_json()["url"]
    assert town.visitor("stranger").get(url).status_code == 404
    assert town.visitor("stranger").get(f"{url}/preview").status_code == 404
    assert town.visitor("applicant").get("/files/999999").status_code == 404


def test_a_picture_has_a_small_one_without_its_metadata(town: Town) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    person = town.visitor("applicant")
    told = person.upload(picture(2000, 1000, "JPEG", exif=exif), "现场.jpg").get_json()
    answer = person.get(told["thumbnail"])
    small = Image.open(BytesIO(answer.data))
    assert (answer.mimetype, small.size) == ("image/webp", (360, 180))
    assert b"secret" not in answer.data


def test_a_picture_beyond_40_megapixels_is_never_decoded(town: Town) -> None:
    person = town.visitor("applicant")
    told = person.upload(picture(9000, 4500), "bomb.png").get_json()
    assert person.get(told["thumbnail"]).mimetype == "image/svg+xml"


def test_a_broken_picture_still_has_a_sheet_of_paper(town: Town) -> None:
    person = town.visitor("applicant")
    told = person.upload(PNG[:40], "broken.png").get_json()
    assert person.get(told["thumbnail"]).mimetype == "image/svg+xml"


def test_a_pdf_is_shown_as_a_sheet_of_paper(town: Town) -> None:
    person = town.visitor("applicant")
    told = person.upload().get_json()
    assert told["thumbnail"] is None
    assert b"PDF" in person.get(f"{told['url']}/preview").data


class Dawdling(BytesIO):
    """A body that arrives slowly: somebody else writes to the database before its first byte is there."""

    def __init__(self, content: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(content)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def read(self, size: int | None = -1) -> bytes:
        self._happen()
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        self._happen()
        return super().readinto(buffer)

    def _happen(self) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()


def test_a_slow_upload_lets_others_write_meanwhile(town: Town) -> None:
    wrote: list[bool] = []

    def write() -> None:
        with unit(town.engine) as session:
            session.execute(text("update account set locale = locale"))
        wrote.append(True)

    with town.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA busy_timeout=500")  # the pool hands this connection out again
    person = town.visitor("applicant")
    body, kind, _ = encode({"file": FileStorage(BytesIO(PDF), "a.pdf")})
    answer = person.client.post(
        "/files", input_stream=Dawdling(body, write), content_type=kind, content_length=len(body),
        headers={"X-CSRF-Token": person.token, "Accept": "application/json"},
    )
    assert (wrote, answer.status_code) == ([True], 201)


def encode(data: dict[str, object]) -> tuple[bytes, str, int]:
    """A multipart body, its content type and its length."""
    stream, length, boundary = stream_encode_multipart(data)
    return stream.read(), f'multipart/form-data; boundary="{boundary}"', length
