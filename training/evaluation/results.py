"""Write what was measured on one manifest or several: strict JSON, and tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.config import ConfigError
from training.evaluation.tables import tables

Result = Mapping[str, Any]  # Any: JSON
ROWS = "localization_rows"  # a file of their own


def distinct_names(manifests: Sequence[Path]) -> list[str]:
    """Name manifests by as little of the ends of their paths as tells them apart.

    Raises:
        ConfigError: two are the same but for their suffix.
    """
    parts = [path.resolve().with_suffix("").parts[1:] for path in manifests]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["-".join(one[-length:]) for one in parts]
        if len(set(names)) == len(names):
            return names
    raise ConfigError(f"manifests need different names, got {', '.join(map(str, manifests))}")


def tables_of(results: Mapping[str, Result]) -> str:
    """Return the tables of each manifest, under its name where there are several."""
    if len(results) == 1:
        return "\n\n".join(map(tables, results.values()))
    return "\n\n".join(f"## {name}\n\n{tables(result)}" for name, result in results.items())


def write_results(results: Mapping[str, Result], out: Path) -> None:
    """Write one manifest's files into a folder; of several, each in its own and all together."""
    alone = len(results) == 1
    for name, result in results.items():
        _write(result, out if alone else out / name)
    if alone:
        return
    facts = {name: _without_rows(result) for name, result in results.items()}
    (out / "metrics.json").write_text(strict_json(facts, indent=2) + "\n")
    (out / "table.md").write_text(tables_of(results) + "\n")


def strict_json(value: object, *, indent: int | None = None) -> str:
    """Write JSON that every reader takes.

    Raises:
        ValueError: a number is not finite; what is undefined must be None.
    """
    return json.dumps(value, indent=indent, allow_nan=False)


def _write(result: Result, out: Path) -> None:
    """Write the figures, their tables, and the score of every marked phrase."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(strict_json(_without_rows(result), indent=2) + "\n")
    (out / "table.md").write_text(tables(result) + "\n")
    if rows := result[ROWS]:
        (out / "localization.jsonl").write_text("".join(strict_json(row) + "\n" for row in rows))


def _without_rows(result: Result) -> dict[str, Any]:  # Any: JSON
    return {name: value for name, value in result.items() if name != ROWS}
