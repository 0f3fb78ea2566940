"""Every case that is listed is played by a test, and no test names a case that is not; the list is printed (-s)."""

from __future__ import annotations

from tests.attacks.marked import listed, marked


def test_every_case_is_played_and_every_name_is_one() -> None:
    played, cases = marked("attack"), listed("attacks/cases.toml")
    for case in sorted(played):
        print(f"{case:5} {cases.get(case, '?')}: {len(played[case])}")
    assert set(played) == set(cases)
