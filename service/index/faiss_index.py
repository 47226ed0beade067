"""An exact FAISS index in a folder: vectors, reports, and a manifest that ties them to a model."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from jaxtyping import Float

from models import folders
from models.checkpoint import CheckpointError, sha256_of
from models.folders import MANIFEST, FolderFault
from service.index.filters import Filters, fits
from service.index.protocol import IndexFacts, IndexFault, Match, Report

FORMAT_VERSION = 1
VECTORS, REPORTS = "vectors.faiss", "reports.jsonl"
AGAIN = "run python -m service.ingest again"


class FaissIndex:
    """Reports searched exactly by the inner product of unit vectors."""

    def __init__(
        self, vectors: Any, reports: Sequence[Report], facts: IndexFacts
    ) -> None:  # Any: FAISS has no types
        self._vectors, self._reports, self.facts = vectors, reports, facts
        self._by_id = {report.report_id: report for report in reports}

    def report(self, report_id: str) -> Report | None:
        """Return a report by its id, or None."""
        return self._by_id.get(report_id)

    def search(self, query: Float[np.ndarray, " dim"], *, k: int, filters: Filters) -> list[Match]:
        """Return the k best reports among those whose metadata fit, best first."""
        faiss.omp_set_num_threads(1)  # holds per thread; a team per worker is seven times slower
        parameters: Any = None  # Any: FAISS's own stubs lack the selector
        if filters:
            rows = [i for i, r in enumerate(self._reports) if fits(r.metadata, filters)]
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBatch(np.array(rows, dtype=np.int64))
        found = min(k, len(self._reports))
        scores, ids = self._vectors.search(query[None], found, params=parameters)
        hits = zip(scores[0], ids[0], strict=True)
        return [Match(self._reports[i], float(score)) for score, i in hits if i >= 0]


def write_index(
    folder: Path,
    vectors: Float[np.ndarray, "reports dim"],
    reports: Iterable[Report],
    *,
    identity: str,
    precision: str,
) -> None:
    """Write an index whole or not at all; one already there is replaced.

    Raises:
        IndexFault: the folder holds something that is no index, or cannot be written.
    """
    draft = start_draft(folder)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    faiss.write_index(flat, str(draft / VECTORS))
    lines = [json.dumps([r.report_id, r.text, dict(r.metadata)]) for r in reports]
    (draft / REPORTS).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    facts = IndexFacts(_generation(draft), identity, precision, vectors.shape[1], len(lines))
    _write_manifest(draft, facts)
    folders.finish_draft(draft, folder)


def start_draft(folder: Path) -> Path:
    """Make an empty folder beside an index for its successor; one left from before is emptied.

    Raises:
        IndexFault: the folder holds something that is no index, or cannot be written.
    """
    try:
        folders.refuse_other_kinds(folder, kind="an index", lists=(VECTORS, REPORTS))
        return folders.start_draft(folder)
    except FolderFault as error:
        raise IndexFault(str(error)) from error


def open_index(folder: Path, *, identity: str, precision: str) -> FaissIndex:
    """Open an index that belongs to a model; hashes are checked before FAISS reads a byte.

    Raises:
        IndexFault: no index, a broken one, or one of another model.
    """
    facts = _read_manifest(folder)
    if (facts.identity, facts.precision) != (identity, precision):
        raise IndexFault(
            f"{folder}: made by model {facts.identity[:12]} ({facts.precision}), the checkpoint "
            f"is {identity[:12]} ({precision}); {AGAIN}, or name the index of this checkpoint"
        )
    vectors = faiss.read_index(str(folder / VECTORS))
    lines = (folder / REPORTS).read_text("utf-8").splitlines()
    if (vectors.ntotal, vectors.d, len(lines)) != (facts.size, facts.dim, facts.size):
        raise IndexFault(
            f"{folder}: {vectors.ntotal} vectors of {vectors.d} numbers for {len(lines)} reports, "
            f"the manifest says {facts.size} of {facts.dim}; {AGAIN}"
        )
    return FaissIndex(vectors, [Report(*json.loads(line)) for line in lines], facts)


def _generation(folder: Path) -> str:
    digests = "".join(sha256_of(folder / name) for name in (VECTORS, REPORTS))
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def _write_manifest(folder: Path, facts: IndexFacts) -> None:
    hashes = {name: sha256_of(folder / name) for name in (VECTORS, REPORTS)}
    content = {"format_version": FORMAT_VERSION, **asdict(facts), "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2), "utf-8")


def _read_manifest(folder: Path) -> IndexFacts:
    """Read what an index says about itself, after its files have proved whole."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError("another format version")
        names = ("generation", "identity", "precision")
        facts = IndexFacts(
            **{name: str(content[name]) for name in names},
            dim=int(content["dim"]),
            size=int(content["size"]),
        )
        hashes = [(name, content["files"][name]) for name in (VECTORS, REPORTS)]
    except OSError as error:
        raise IndexFault(
            f"{folder}: no index there; run python -m service.ingest, or set --index or AGA_INDEX"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise IndexFault(f"{path}: no index manifest; name an index folder") from error
    for name, digest in hashes:
        _check_hash(folder / name, digest)
    return facts


def _check_hash(path: Path, digest: str) -> None:
    try:
        found = sha256_of(path)
    except CheckpointError as error:  # names the file and the system's reason
        raise IndexFault(f"{error}; {AGAIN}") from error
    if found != digest:
        raise IndexFault(f"{path}: does not match its hash in {MANIFEST}; {AGAIN}")
