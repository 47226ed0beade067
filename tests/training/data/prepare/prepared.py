"""Prepare a fixture as the program does, and give back its rows and what was told."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from tests.training.data.prepare.published import PUBLISHED
from training.data.prepare import SOURCES
from training.data.prepare.writing import write_manifest

Rows = list[dict[str, Any]]  # Any: a manifest's values


def prepared(name: str, root: Path, *options: str, write: bool = True) -> tuple[Rows, list[str]]:
    """Write the fixture of a source, unless it is there, and prepare it."""
    given = [*PUBLISHED[name](root), *options] if write else list(options)
    parser = ArgumentParser()
    parser.add_argument("--out", type=Path)
    SOURCES[name].add_options(parser)
    told: list[str] = []
    out = root / "pairs.jsonl"
    arguments = parser.parse_args([*given, "--out", str(out)])
    write_manifest(SOURCES[name].rows(root, arguments, told.append), out)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()], told
