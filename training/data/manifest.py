"""The pairs of a manifest: images and reports with their study, patient, split and labels."""

import hashlib
import pickle
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
from jaxtyping import Int64, UInt8

from models.imaging import read_image_file
from models.manifest import ManifestError, Row, read_rows

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ImageReportPair:
    """One row of a manifest (x^v, x^t), before any file is read."""

    image: Path
    report: str  # empty where the row has none and none was asked for
    study_id: str
    patient_id: str
    split: str
    labels: frozenset[str] | None  # None: the row has no label column
    metadata: dict[str, Any] = field(default_factory=dict)  # Any: a manifest's further columns
    frame: int | None = None  # of a DICOM file, from 1; None: the representative or the middle one

    def read_grey(self) -> UInt8[np.ndarray, "height width"]:
        """Decode the image of this row.

        Raises:
            UnreadableImage: it cannot be read; names the path.
        """
        return read_image_file(self.image, frame=self.frame)

    @property
    def synthetic(self) -> bool:
        """Whether the manifest's column `synthetic` says that the image is made up."""
        return str(self.metadata.get("synthetic")).lower() in ("true", "1")


class Pairs(Sequence[ImageReportPair]):
    """Pairs as bytes, each unpacked when it is asked for.

    As objects they take three to four times the memory, and every worker that is forked copies the
    pages of those it touches (docs/results/data.md).
    """

    def __init__(self, pairs: Iterable[ImageReportPair]) -> None:
        self._packed, ends = bytearray(), array("q", [0])
        for pair in pairs:
            image, *others = vars(pair).values()
            self._packed += pickle.dumps((str(image), *others))
            ends.append(len(self._packed))
        self._ends: Int64[np.ndarray, " ends"] = np.array(ends, dtype=np.int64)
        self._rows: Int64[np.ndarray, " pairs"] = np.arange(len(ends) - 1)

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> ImageReportPair: ...
    @overload
    def __getitem__(self, index: slice) -> "Pairs": ...
    def __getitem__(self, index: int | slice) -> "ImageReportPair | Pairs":
        """Return one pair, or a slice of them, which shares the bytes."""
        if isinstance(index, slice):
            return self._take(self._rows[index])
        row = self._rows[index]
        image, *others = pickle.loads(self._packed[self._ends[row] : self._ends[row + 1]])
        return ImageReportPair(Path(image), *others)

    def filter(self, keeps: Callable[[ImageReportPair], bool]) -> "Pairs":
        """Return the pairs for which a function says so; they share the bytes."""
        kept = np.fromiter((keeps(pair) for pair in self), dtype=bool, count=len(self))
        return self._take(self._rows[kept])

    def _take(self, rows: Int64[np.ndarray, " rows"]) -> "Pairs":
        taken = copy(self)
        taken._rows = rows
        return taken


class Reports(Sequence[str]):
    """The reports of pairs, in order; none is kept."""

    def __init__(self, pairs: Sequence[ImageReportPair]) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        """Count the reports."""
        return len(self._pairs)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> "Reports": ...
    def __getitem__(self, index: int | slice) -> "str | Reports":
        """Return one report, or those of a slice."""
        if isinstance(index, slice):
            return Reports(self._pairs[index])
        return self._pairs[index].report


def read_pairs(
    manifest: Path,
    *,
    splits: Sequence[str] = SPLITS,
    text_column: str = "report",
    with_report: bool = True,
) -> Pairs:
    """Read the pairs of some splits; a row without a split counts as train.

    Args:
        with_report: whether every row must have one.

    Raises:
        ManifestError: a row cannot be used or lacks a report, or a patient stands in two splits.
    """
    pairs = _read(manifest, text_column=text_column, with_report=with_report)
    return Pairs(pair for pair in pairs if pair.split in splits)


def _read(manifest: Path, *, text_column: str, with_report: bool) -> Iterator[ImageReportPair]:
    """Yield every pair; a patient who has stood in another split ends it."""
    split_of: dict[str, str] = {}
    for number, row in enumerate(read_rows(manifest), start=1):
        pair = pair_of(
            row, manifest, number=number, text_column=text_column, with_report=with_report
        )
        if split_of.setdefault(pair.patient_id, pair.split) != pair.split:
            raise ManifestError(f"{manifest}: patient {pair.patient_id!r} stands in two splits")
        yield pair


def pair_of(
    row: Row, manifest: Path, *, number: int, text_column: str, with_report: bool
) -> ImageReportPair:
    """Read one row of a manifest.

    Raises:
        ManifestError: the row cannot be used; names its number and the column.
    """
    where = f"{manifest}: row {number}"
    texts = ("image", text_column)
    for name in texts:
        missing_allowed = name == text_column and not with_report and name not in row
        if not isinstance(row.get(name), str) and not missing_allowed:
            raise ManifestError(f"{where}: {name}: is missing or no text")
    split = str(row.get("split", "train"))
    if split not in SPLITS:
        raise ManifestError(f"{where}: split: {split!r} is none of {', '.join(SPLITS)}")
    study = str(row.get("study_id", f"row-{number}"))
    return ImageReportPair(
        image=manifest.parent / row["image"],
        report=row.get(text_column, ""),
        study_id=study,
        patient_id=str(row.get("patient_id", study)),
        split=split,
        labels=_labels(row, where=where),
        metadata={name: value for name, value in row.items() if name not in texts},
        frame=frame_of(row, where=where),
    )


def keep(pairs: Pairs, *, where: Mapping[str, Sequence[str]]) -> Pairs:
    """Keep the pairs whose columns hold one of the values that are asked for, column by column."""
    return pairs.filter(
        lambda pair: all(str(pair.metadata.get(name)) in values for name, values in where.items())
    )


def evenly(pairs: Sequence[ImageReportPair], most: int) -> list[ImageReportPair]:
    """Choose some pairs, evenly over all: a manifest may be sorted by patient or finding."""
    chosen = np.linspace(0, len(pairs) - 1, min(most, len(pairs))).astype(int)
    return [pairs[row] for row in chosen]


def fingerprint(pairs: Sequence[ImageReportPair]) -> str:
    """Hash which images and reports these are, so that a result can name its data."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.image.name}\0{pair.report}\0{pair.split}\n".encode())
    return digest.hexdigest()


def frame_of(row: Mapping[str, Any], *, where: str) -> int | None:  # Any: a cell
    """Return which frame of its file a row asks for, from 1; None where it asks for none.

    Raises:
        ManifestError: the cell is no such number; the message begins with `where`.
    """
    text = str(row.get("frame", ""))
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ManifestError(f"{where}: frame: takes a whole number from 1, got {text!r}")
    return int(text)


def _labels(row: Row, *, where: str) -> frozenset[str] | None:
    labels = row.get("labels")
    if labels is None:
        return frozenset([str(row["label"])]) if "label" in row else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ManifestError(f"{where}: labels: takes a list of strings, got {labels!r}")
    return frozenset(labels)
