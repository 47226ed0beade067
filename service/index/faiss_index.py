"""An exact FAISS index in a folder: vectors, reports, and a manifest that ties them to a model."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from jaxtyping import Float

VECTORS, REPORTS, MANIFEST = "vectors.faiss", "reports.jsonl", "manifest.json"


class IndexFault(ValueError):
    """The index cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Report:
    """A report as it is stored: what it says and what is known about it."""

    report_id: str
    text: str
    metadata: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Match:
    """A report that was found, and the cosine of its embedding with the query."""

    report: Report
    similarity: float


class FaissIndex:
    """Reports searched exactly by the inner product of unit vectors."""

    def __init__(
        self, vectors: Any, reports: Sequence[Report], facts: Mapping[str, Any]
    ) -> None:  # Any: FAISS has no types
        self._vectors, self._reports = vectors, reports
        self._by_id = {report.report_id: report for report in reports}
        self.facts = facts

    def __len__(self) -> int:
        """Count the reports."""
        return len(self._reports)

    @property
    def generation(self) -> str:
        """The hash of everything in the index."""
        return str(self.facts["generation"])

    def report(self, report_id: str) -> Report | None:
        """Return a report by its id, or None."""
        return self._by_id.get(report_id)

    def search(
        self, query: Float[np.ndarray, " dim"], *, k: int, filters: Mapping[str, Any]
    ) -> list[Match]:
        """Return the k best reports among those whose metadata fit, best first."""
        faiss.omp_set_num_threads(1)  # holds per thread; a team per worker is seven times slower
        parameters = None
        if filters:
            rows = [i for i, r in enumerate(self._reports) if fits(r.metadata, filters)]
            selector = faiss.IDSelectorBatch(np.array(rows, dtype=np.int64))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # its stub
        found = min(k, len(self._reports))
        scores, ids = self._vectors.search(query[None], found, params=parameters)
        hits = zip(scores[0], ids[0], strict=True)
        return [Match(self._reports[i], float(score)) for score, i in hits if i >= 0]


def fits(metadata: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Say whether each field has its value, one of its values, or lies in its range."""
    return all(_fits(metadata.get(field), wanted) for field, wanted in filters.items())


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if not isinstance(value, int | float):
            return False
        return bool(wanted.get("min", value) <= value <= wanted.get("max", value))
    if isinstance(value, list):
        return any(_fits(one, wanted) for one in value)
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


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
        IndexFault: the folder holds something that is no index.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise IndexFault(f"{folder}: exists and is no index; nothing was written")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    faiss.write_index(flat, str(draft / VECTORS))
    lines = [json.dumps([r.report_id, r.text, dict(r.metadata)]) for r in reports]
    (draft / REPORTS).write_text("\n".join(lines) + "\n", "utf-8")
    hashes = {name: _sha256(draft / name) for name in (VECTORS, REPORTS)}
    facts = {
        "format_version": 1,
        "identity": identity,
        "precision": precision,
        "dim": int(vectors.shape[1]),
        "size": len(lines),
        "generation": hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:16],
        "files": hashes,
    }
    (draft / MANIFEST).write_text(json.dumps(facts, indent=2))
    for path in draft.iterdir():
        _sync(path)
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    draft.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def open_index(folder: Path, *, identity: str, precision: str) -> FaissIndex:
    """Open an index that belongs to a model; hashes are checked before FAISS reads a byte.

    Raises:
        IndexFault: no index, a broken one, or one of another model.
    """
    facts = _facts(folder)
    theirs = (facts.get("identity"), facts.get("precision"))
    if theirs != (identity, precision):
        raise IndexFault(
            f"{folder}: made by model {str(theirs[0])[:12]} ({theirs[1]}), the checkpoint is "
            f"{identity[:12]} ({precision}); run python -m service.ingest again"
        )
    for name in (VECTORS, REPORTS):
        if not (folder / name).is_file() or _sha256(folder / name) != facts["files"].get(name):
            raise IndexFault(f"{folder / name}: broken; run python -m service.ingest again")
    vectors = faiss.read_index(str(folder / VECTORS))
    reports = [
        Report(*json.loads(line)) for line in (folder / REPORTS).read_text("utf-8").splitlines()
    ]
    if not vectors.ntotal == len(reports) == facts["size"]:
        raise IndexFault(f"{folder}: {vectors.ntotal} vectors for {len(reports)} reports")
    return FaissIndex(vectors, reports, facts)


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / MANIFEST).read_text("utf-8"))
        if isinstance(facts, dict) and isinstance(facts.get("files"), dict):
            return facts
    except OSError as error:
        raise IndexFault(f"{folder}: no index there; run python -m service.ingest first") from error
    except ValueError as error:
        raise IndexFault(f"{folder / MANIFEST}: not JSON") from error
    raise IndexFault(f"{folder / MANIFEST}: no index manifest")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
