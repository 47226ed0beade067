"""Put a manifest's reports into an index: `python -m service.ingest MANIFEST --checkpoint DIR`."""

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from tqdm import tqdm

from models.checkpoint import CheckpointError, open_checkpoint
from models.manifest import ManifestError, Row, read_rows
from service.engine import EngineFault, open_engine
from service.engine.protocol import Engine
from service.index.faiss_index import start_draft, write_index
from service.index.protocol import IndexFault, Report

BATCH = 32
NOT_METADATA = frozenset({"image", "report", "boxes", "masks"})


@dataclass
class Ingested:
    """The reports of a manifest, each once, and what was left out."""

    reports: list[Report] = field(default_factory=list)
    repeated: int = 0
    without_words: int = 0


def ingest(manifest: Path, folder: Path, engine: Engine, *, split: str | None = None) -> Ingested:
    """Embed the reports of a manifest into an index folder.

    Raises:
        IndexFault: the folder cannot be written, or holds something else.
        ManifestError: the manifest cannot be read, or none of its rows holds a report.
    """
    start_draft(folder).rmdir()  # embedding takes minutes: find out before
    found = collect(manifest, engine, split=split)
    if not found.reports:
        where = f" of split {split!r}" if split else ""
        raise ManifestError(f"{manifest}: no row{where} holds a report; nothing was written")
    write_index(
        folder,
        np.concatenate(list(_vectors(found.reports, engine))),
        found.reports,
        identity=engine.identity,
        precision=engine.precision,
    )
    return found


def collect(manifest: Path, engine: Engine, *, split: str | None) -> Ingested:
    """Read the reports; one that several images of a study share is stored once."""
    found, seen, ids = Ingested(), set[tuple[str, str]](), set[str]()
    for row in read_rows(manifest):
        if split is not None and row.get("split") != split:
            continue
        text, study = str(row.get("report", "")), str(row.get("study_id", ""))
        if not engine.tokenizer.words(text):
            found.without_words += 1
        elif (study, text) in seen:
            found.repeated += 1
        else:
            seen.add((study, text))
            found.reports.append(Report(_report_id(study, text, ids), text, _metadata(row)))
    return found


def _report_id(study: str, text: str, taken: set[str]) -> str:
    """Name a report by its study, with a number where a study has several."""
    name = study or hashlib.sha256(text.encode()).hexdigest()[:16]
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unique)
    return unique


def _metadata(row: Row) -> dict[str, Any]:  # Any: JSON
    kept = {name: value for name, value in row.items() if name not in NOT_METADATA}
    plain = json.loads(json.dumps(kept, default=str))  # a Parquet date becomes its text
    return {name: value for name, value in plain.items() if not _is_nan(value)}


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _vectors(reports: Sequence[Report], engine: Engine) -> Iterator[np.ndarray]:
    with tqdm(total=len(reports), desc="embedding", unit="report", file=sys.stderr) as bar:
        for start in range(0, len(reports), BATCH):
            texts = [report.text for report in reports[start : start + BATCH]]
            yield engine.encode_texts(texts).pooled
            bar.update(len(texts))


def main(arguments: Sequence[str] | None = None) -> None:
    """Ingest as the arguments say; the last line printed is the index folder."""
    given = _parser().parse_args(arguments)
    if given.ray:
        _fail("--ray: ingesting on Ray is not built yet; leave it out to ingest on this machine")
    folder = given.index or given.checkpoint.parent / "index"
    try:
        engine = open_engine(given.engine, open_checkpoint(given.checkpoint))
        done = ingest(given.manifest, folder, engine, split=given.split)
    except CheckpointError as error:
        _fail(f"{error}; --checkpoint names a checkpoint folder")
    except (EngineFault, ManifestError, IndexFault, OSError) as error:
        _fail(str(error))
    sys.stderr.write(
        f"{len(done.reports)} reports stored; left out: {done.repeated} repeated, "
        f"{done.without_words} without a word\n"
    )
    sys.stdout.write(f"{folder}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.ingest", description="Embed a manifest's reports into an index."
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--index", type=Path, help="the folder to write (index, by the checkpoint)")
    parser.add_argument("--engine", choices=("onnx", "torch"), default="onnx")
    parser.add_argument("--split", help="only rows of this split")
    parser.add_argument("--ray", metavar="ADDRESS", help="not built yet")
    return parser


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
