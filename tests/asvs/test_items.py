"""Every item that is listed is shown by a test, and no test names an item that is not; the list is printed (-s)."""

from __future__ import annotations

from tests.attacks.marked import listed, marked


def test_every_item_is_shown_and_every_number_is_one() -> None:
    shown, items = marked("asvs"), listed("asvs/items.toml")
    for number in sorted(shown, key=lambda text: [int(part) for part in text.split(".")]):
        print(f"{number:7} L{items[number]['level']} {items[number]['says']}: {len(shown[number])}")
    assert set(shown) == set(items)
