"""`make setup`: says the one command where it cannot install, and does nothing twice."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from scripts import setup, system


def test_without_root_it_names_the_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(SystemExit) as stop:
        system.require(["libpango-1.0-0", "chromium"])
    assert "sudo apt-get install -y --no-install-recommends libpango-1.0-0 chromium" in str(stop.value)


def test_without_apt_it_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="libpango-1.0-0"):
        system.require(["libpango-1.0-0"])


@pytest.mark.parametrize(("user", "asked"), [(0, ["update", "install"]), (1000, [])])
def test_what_is_only_preferred_stops_nobody(monkeypatch: pytest.MonkeyPatch, user: int, asked: list[str]) -> None:
    told: list[str] = []

    def fails(command: list[str], **_: object) -> CompletedProcess[str]:
        told.append(command[1])
        return CompletedProcess(command, 100)

    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr(system.subprocess, "run", fails)
    system.prefer("nothing-of-the-kind")
    assert told == asked


def test_nothing_missing_asks_for_nothing() -> None:
    system.require([])


def test_a_library_that_is_not_there_is_seen() -> None:
    assert not system._opens("libnothing-of-the-kind.so.9")


def test_an_old_node_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "node_version", lambda: 18)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match=r"Node\.js 20"):
        system.require_node()


def test_a_step_is_done_once_for_the_same_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    source, made = tmp_path / "lock", tmp_path / "made"
    source.write_text("one")
    done = []

    def act() -> None:
        done.append(source.read_text())
        made.mkdir(exist_ok=True)

    for text in ("one", "one", "two"):
        source.write_text(text)
        setup.step("x", "X", [source], act, made=made)
    assert done == ["one", "two"]
    made.rmdir()
    setup.step("x", "X", [source], act, made=made)
    assert done == ["one", "two", "two"]


def test_a_step_that_fails_is_not_taken_for_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    with pytest.raises(SystemExit):
        setup.step("x", "X", [], lambda: setup.run("false"))
    assert not (tmp_path / "stamps" / "x").exists()
