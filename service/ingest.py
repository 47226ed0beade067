"""Put a manifest's reports into an index: `python -m service.ingest MANIFEST --checkpoint DIR`."""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from models.checkpoint import CheckpointError, open_checkpoint
from models.manifest import ManifestError, read_rows
from service.engine import open_engine
from service.engine.protocol import Engine
from service.index.faiss_index import IndexFault, Report, write_index

BATCH = 32
NOT_METADATA = frozenset({"image", "report", "boxes", "masks"})


def ingest(manifest: Path, folder: Path, engine: Engine) -> tuple[int, int]:
    """Embed the reports of a manifest into an index folder.

    Returns:
        How many reports are in the index, and how many rows held no word.

    Raises:
        ManifestError: the manifest cannot be read, or none of its rows holds a report.
    """
    reports, skipped = _reports(manifest, engine)
    if not reports:
        raise ManifestError(f"{manifest}: no row holds a report")
    vectors = list(_vectors(reports, engine))
    write_index(
        folder,
        np.concatenate(vectors),
        reports,
        identity=engine.identity,
        precision=engine.precision,
    )
    return len(reports), skipped


def _reports(manifest: Path, engine: Engine) -> tuple[list[Report], int]:
    """Read the reports; one that several images of a study share is stored once."""
    found: dict[tuple[str, str], Report] = {}
    taken: dict[str, int] = {}
    skipped = 0
    for row in read_rows(manifest):
        text = str(row.get("report", ""))
        study = str(row.get("study_id", ""))
        if not engine.tokenizer.words(text):
            skipped += 1
        elif (study, text) not in found:
            name = study or hashlib.sha256(text.encode()).hexdigest()[:16]
            taken[name] = taken.get(name, 0) + 1
            unique = name if taken[name] == 1 else f"{name}-{taken[name]}"
            found[study, text] = Report(unique, text, _metadata(row))
    return list(found.values()), skipped


def _metadata(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_METADATA}


def _vectors(reports: Sequence[Report], engine: Engine) -> Iterator[np.ndarray]:
    with tqdm(total=len(reports), desc="embedding", unit="report", file=sys.stderr) as bar:
        for start in range(0, len(reports), BATCH):
            texts = [report.text for report in reports[start : start + BATCH]]
            yield engine.encode_texts(texts).pooled
            bar.update(len(texts))


def main(arguments: Sequence[str] | None = None) -> None:
    """Ingest as the arguments say; the last line printed is the index folder."""
    parser = argparse.ArgumentParser(
        prog="python -m service.ingest", description="Embed a manifest's reports into an index."
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--index", type=Path, help="the folder to write (index, by the checkpoint)")
    parser.add_argument("--engine", choices=("onnx", "torch"), default="onnx")
    given = parser.parse_args(arguments)
    folder = given.index or given.checkpoint.parent / "index"
    try:
        engine = open_engine(given.engine, open_checkpoint(given.checkpoint))
        size, skipped = ingest(given.manifest, folder, engine)
    except (CheckpointError, ManifestError, IndexFault, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(1) from None
    sys.stderr.write(f"{size} reports; {skipped} rows without a word were left out\n")
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
