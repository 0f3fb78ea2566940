"""The certificate on one page of A4: what the book says, a Chinese font inside the file, and a QR code for 内部核验."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from ledger import clock
from registry.certificates import standing
from registry.certificates.models import Certificate
from web.config import Config
from web.guard import actor, needs
from web.ledgers.certificate import certificate_of, field_rows
from web.limits import limiter

bp = Blueprint("certificate_pdf", __name__)
FONT = "asset:NotoSansSC-Regular.otf"


@bp.get("/certificates/<int:certificate_id>/sheet.pdf")
@needs("certificate.read")
@limiter.limit("30 per minute", key_func=lambda: f"sheet|{actor().id}")
def sheet(certificate_id: int) -> Response:
    """The sheet as a download. ID numbers on it are masked; its QR code leads to the verification page."""
    found = certificate_of(certificate_id)
    answer = make_response(pdf(found))
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.code}-{found.latest.label}.pdf"'
    return answer


def pdf(found: Certificate) -> bytes:
    """The one page, as bytes. What does not fit is left to the system, and the sheet says how much that is."""
    address = public_address(url_for("verify.verification", token=found.check_token))
    rows, qr, finding = field_rows(found.latest, found.type), qr_code(address), standing.of(found)
    for most in (14, 8, 4, 0):
        html = render_template(
            "certificate_sheet.html",
            found=found,
            kind=found.type,
            version=found.latest,
            finding=finding,
            rows=rows[:most],
            left_out=max(0, len(rows) - most),
            qr=qr,
            address=address,
            at=clock.now(),
            font=FONT,
        )
        laid = printed(html)
        if len(laid.pages) == 1:
            break
    written: bytes = laid.write_pdf()
    return written


def public_address(path: str) -> str:
    """The path under the address that people outside use."""
    config: Config = current_app.extensions["licet_config"]
    return (config.url or request.host_url.rstrip("/")) + path


def qr_code(address: str) -> str:
    """A QR code as SVG to stand inside a page; error correction M survives a crease."""
    import segno

    return segno.make(address, error="m").svg_inline(border=2, svgclass="qr", lineclass=None, unit="mm", scale=1)


def printed(html: str) -> Any:
    """The laid-out pages. WeasyPrint is imported on first use (2 s); its fetcher knows our font and nothing else."""
    from weasyprint import HTML

    return HTML(string=html, base_url="asset:", url_fetcher=_fetcher()).render()


@cache
def _fetcher() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OwnAssets(URLFetcher):
        """Only what is named here; a page that asks for anything else is not printed at all."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url != FONT:
                raise FatalURLFetchingError(f"a sheet may not load {url[:80]}")
            return URLFetcherResponse(url, font_file().read_bytes(), {"Content-Type": "font/otf"})

    return OwnAssets()


def font_file() -> Path:
    """Noto Sans SC, which has the rare characters of people's names that other free fonts lack."""
    return Path(str(files("pylopdf_fonts_zh_cn"))) / "NotoSansSC-Regular.otf"
