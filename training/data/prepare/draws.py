"""Draw some of each class, the same ones wherever and whenever it is done."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from models.manifest import ManifestError

Item = TypeVar("Item")
Named = Callable[[Item], str]


def draw_by_class(
    items: Iterable[Item],
    *,
    classes: Iterable[str],
    label: Named[Item],
    name: Named[Item],
    count: int,
    seed: int,
) -> list[Item]:
    """Return so many of each class, by class and name.

    All items are of these classes. Those with the least hash of seed and name are drawn: no
    generator's version matters, nor does the order in which a table has them.

    Raises:
        ManifestError: a class has fewer.
    """
    found: dict[str, list[Item]] = {of_class: [] for of_class in sorted(classes)}
    for item in items:
        found[label(item)].append(item)
    drawn = []
    for of_class, members in found.items():
        if len(members) < count:
            raise ManifestError(f"{of_class}: {len(members):,} are there, {count:,} are asked for")
        members.sort(key=lambda item: hashlib.sha256(f"{seed}/{name(item)}".encode()).digest())
        drawn += sorted(members[:count], key=name)
    return drawn


def hash_of_list(listed: Iterable[tuple[str, str]]) -> str:
    """Return what tells one list of names and labels from another, whatever its order."""
    lines = sorted(f"{name}\t{label}\n" for name, label in listed)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
