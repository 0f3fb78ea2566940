"""What lies in the repository, and what may never lie there."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.structure.source import OURS, ROOT, tracked

HOSTS = [f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs")] + ["npmjs" + ".com"]
ONE_MACHINE = "|".join(("work", "root", "opt/" + "wheels", "opt/" + "pypi"))
PLACES = re.compile(rf"(?<![\w.:/-])/(?:{ONE_MACHINE})(?:/|\b)")
LOCKS = ("requirements.lock", "requirements-dev.lock")


def texts() -> list[tuple[str, str]]:
    found = []
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" not in data[:8000]:
            found.append((name, data.decode("utf-8")))
    return found


def test_no_file_names_a_package_registry() -> None:
    assert [(name, host) for name, text in texts() for host in HOSTS if host in text.lower()] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    assert [(name, found[0]) for name, text in texts() if (found := PLACES.search(text))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_python_is_locked_by_hashes_without_any_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--(?!hash=)|@ ", text)
    packages = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry]
    assert [entry.split()[0] for entry in packages if "--hash=sha256:" not in entry] == []


def test_what_pyproject_pins_is_what_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = (ROOT / "requirements-dev.lock").read_text().lower()
    missing = [pin for pin in wanted if "\n" + re.sub(r"\[.*?\]", "", pin).lower() + " " not in "\n" + locked]
    assert [pin for pin in wanted if "==" not in pin] == []
    assert missing == []


def test_the_browser_is_locked_without_any_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package and not package.get("link")] == []


def test_no_other_distribution_ships_our_names() -> None:
    """Our rooms have plain names; another package with one of them would be imported in their place, or they in its."""
    installed = packages_distributions()
    assert {name: installed[name] for name in OURS if set(installed.get(name, ())) - {"licet"}} == {}


def test_nothing_made_is_kept() -> None:
    made = re.compile(r"(^|/)(node_modules|__pycache__|var|\.venv)/|\.(pyc|mo|sqlite|db)$|^web/static/(built|vendor)/")
    assert [name for name in tracked() if made.search(name)] == []


def test_tests_of_one_group_run_in_one_process(request: pytest.FixtureRequest) -> None:
    """In a process of pytest-xdist, their names carry the group by which they are handed out (tests/conftest.py)."""
    grouped = [one for one in request.session.items if one.get_closest_marker("xdist_group")]
    split = getattr(request.config.option, "loadgroup", False)
    assert [one.nodeid for one in grouped if split != ("@" in one.nodeid.rpartition("]")[2])] == []
