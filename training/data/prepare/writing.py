"""Write rows as a manifest: all of it or nothing, with paths relative to it."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from models.manifest import ManifestError, Row


def write_manifest(rows: Iterable[Row], out: Path) -> Counter[str]:
    """Write a manifest and return how many rows each split has.

    What stood in `out` stays until the new manifest is whole.

    Raises:
        ManifestError: there is no row, or `out` is no JSONL file.
    """
    if out.suffix != ".jsonl":
        raise ManifestError(f"{out}: a manifest that is written here ends in .jsonl")
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.unfinished")
    counts: Counter[str] = Counter()
    with unfinished.open("w", encoding="utf-8") as file:
        for row in tqdm(rows, desc="preparing", unit="image", file=sys.stderr):
            image = os.path.relpath(row["image"], out.parent)
            file.write(json.dumps(row | {"image": image}, ensure_ascii=False) + "\n")
            counts[str(row.get("split", "train"))] += 1
        file.flush()
        os.fsync(file.fileno())
    if not counts:
        unfinished.unlink()
        raise ManifestError(f"{out}: no image with what was asked for was found; nothing written")
    unfinished.replace(out)
    return counts
