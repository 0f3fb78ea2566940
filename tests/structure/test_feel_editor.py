"""The functions that the FEEL editors offer are those that our FEEL runs, house functions included."""

from __future__ import annotations

import json
from pathlib import Path

from engine.expressions import FUNCTIONS
from feel.builtins import BUILTINS

OFFERED = json.loads((Path(__file__).parents[2] / "browser/studio/feel.json").read_text())


def parts(signature: str) -> tuple[str, int]:
    """The name, and how many parameters are shown."""
    name, _, rest = signature.partition("(")
    return name, len([each for each in rest.rstrip(")").split(",") if each.strip()])


def test_every_function_is_offered_and_no_other() -> None:
    assert {parts(signature)[0] for signature in OFFERED} == BUILTINS.keys() | FUNCTIONS.keys()


def test_each_is_offered_with_parameters_that_it_takes() -> None:
    taken = {name: one for name, one in BUILTINS.items() if name not in FUNCTIONS}
    wrong = [signature for signature in OFFERED for name, count in [parts(signature)]
             if name in taken and not any(each.accepts(count) for each in taken[name].signatures)]
    assert wrong == []


def test_each_is_told_in_chinese_and_the_house_s_own_in_both_languages() -> None:
    assert all(said["zh"].endswith("。") for said in OFFERED.values())
    own = [said for signature, said in OFFERED.items() if parts(signature)[0] in FUNCTIONS and parts(signature)[1]]
    assert len(own) == 4 and all(said["en"] and said["example"] for said in own)
