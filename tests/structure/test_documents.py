"""What strangers read first: links lead somewhere, pictures are there and small, and accounts are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.sample import LOGINS, PASSWORD
from scripts.shots import chromium
from scripts.system import Stop
from tests.structure.source import ROOT, tracked

PAGES = [name for name in tracked() if name.endswith(".md")]
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
FENCE = re.compile(r"```.*?```", re.DOTALL)
IMAGES = "docs/guide/images/"
MOST = 150_000  # bytes of a picture


def links(page: str) -> list[str]:
    """Where a page leads to inside the repository."""
    text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return [link for found in LINK.findall(text) if "://" not in (link := found[0] or found[1])]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    assert [link for link in links(page) if not (folder / (link.partition("#")[0] or Path(page).name)).exists()] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {Path(link).name for page in PAGES for link in links(page)}
    assert [name for name in tracked() if name.startswith(IMAGES) and Path(name).name not in shown] == []


def test_pictures_are_small() -> None:
    assert [name for name in tracked() if name.startswith(IMAGES) and (ROOT / name).stat().st_size > MOST] == []


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_readme_names_every_demonstration_account(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [login for login in LOGINS if f"`{login}`" not in text] == []
    assert f"`{PASSWORD}`" in text


def test_both_readmes_have_the_same_parts() -> None:
    parts = [(ROOT / page).read_text(encoding="utf-8").count("\n## ") for page in ("README.md", "README.zh.md")]
    assert parts[0] == parts[1]


def test_without_a_chromium_no_pictures_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LICET_CHROMIUM", raising=False)
    with pytest.raises(Stop, match="need a Chromium"):
        chromium()
