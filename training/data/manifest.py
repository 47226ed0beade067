"""The one dataset class: image-report pairs of a manifest, and their batches."""

import hashlib
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int64, Num
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from models.config import PreprocessingConfig
from models.imaging import read_image_file
from models.manifest import ManifestError, Row, read_rows
from models.preprocessing import PreparedImage, prepare
from models.tokenizing import ReportTokenizer
from training.data.augment import vary

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

    @property
    def synthetic(self) -> bool:
        """Whether the manifest's column `synthetic` says that the image is made up."""
        return str(self.metadata.get("synthetic")).lower() in ("true", "1")


@dataclass(frozen=True)
class PairBatch:
    """A batch as `AGA.forward` takes it, and which of its pairs carry the same report."""

    pixels: Num[Tensor, "batch 1 size size"]
    patch_mask: Bool[Tensor, "batch patches"]
    pieces: Int64[Tensor, "batch pieces"]
    piece_mask: Bool[Tensor, "batch pieces"]
    piece_to_word: Int64[Tensor, "batch pieces"]
    word_mask: Bool[Tensor, "batch words"]
    same_report: Bool[Tensor, "batch batch"]

    def inputs(self, device: torch.device) -> tuple[Tensor, ...]:
        """Return the arguments of `AGA.forward`, in order, on a device."""
        tensors = (
            self.pixels,
            self.patch_mask,
            self.pieces,
            self.piece_mask,
            self.piece_to_word,
            self.word_mask,
        )
        return tuple(tensor.to(device, non_blocking=True) for tensor in tensors)


def read_pairs(
    manifest: Path,
    *,
    splits: Sequence[str] = SPLITS,
    text_column: str = "report",
    with_report: bool = True,
) -> list[ImageReportPair]:
    """Read the pairs of some splits; a row without a split counts as train.

    Args:
        with_report: whether every row must have one.

    Raises:
        ManifestError: a row cannot be used or lacks a report, or a patient stands in two splits.
    """
    pairs = [
        pair_of(row, manifest, number=number, text_column=text_column, with_report=with_report)
        for number, row in enumerate(read_rows(manifest), start=1)
    ]
    split_of: dict[str, str] = {}
    for pair in pairs:
        if split_of.setdefault(pair.patient_id, pair.split) != pair.split:
            raise ManifestError(f"{manifest}: patient {pair.patient_id!r} stands in two splits")
    return [pair for pair in pairs if pair.split in splits]


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


class PairDataset(Dataset[tuple[PreparedImage, str]]):
    """Read and prepare images on demand; with `augment_seed`, each epoch varies them anew."""

    def __init__(
        self,
        pairs: Sequence[ImageReportPair],
        preprocessing: PreprocessingConfig,
        *,
        augment_seed: int | None = None,
    ) -> None:
        self.pairs, self.preprocessing = pairs, preprocessing
        self.augment_seed, self.epoch = augment_seed, 0

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[PreparedImage, str]:
        """Return one prepared image and its report."""
        pair = self.pairs[index]
        grey = read_image_file(pair.image)
        if self.augment_seed is not None:
            grey = vary(grey, np.random.default_rng([self.augment_seed, self.epoch, index]))
        return prepare(grey, self.preprocessing), pair.report


class StudyBatches(Sampler[list[int]]):
    """Shuffled batches that hold one image of a study at most; the ragged last is dropped.

    An image whose study is already in the batch waits for the next one.
    """

    def __init__(
        self,
        pairs: Sequence[ImageReportPair],
        *,
        batch_size: int,
        seed: int,
        one_image_per_study: bool,
    ) -> None:
        self.studies = [pair.study_id for pair in pairs]
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.unique = one_image_per_study

    def __len__(self) -> int:
        """Count the batches of an epoch, where no study has to wait until its end."""
        return len(self.studies) // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the indices of each batch."""
        indices = list(range(len(self.studies)))
        random.Random(f"{self.seed}-{self.epoch}").shuffle(indices)
        waiting = deque(indices)
        while len(batch := self._take(waiting)) == self.batch_size:
            yield batch

    def _take(self, waiting: deque[int]) -> list[int]:
        batch: list[int] = []
        held: list[int] = []
        seen: set[str] = set()
        while waiting and len(batch) < self.batch_size:
            index = waiting.popleft()
            taken = self.unique and self.studies[index] in seen
            (held if taken else batch).append(index)
            seen.add(self.studies[index])
        waiting.extendleft(reversed(held))
        return batch


@dataclass(frozen=True)
class Collate:
    """Make a batch of pairs: stack the pixels, cut and pad the reports."""

    tokenizer: ReportTokenizer

    def __call__(self, items: Sequence[tuple[PreparedImage, str]]) -> PairBatch:
        """Return the batch."""
        images, reports = zip(*items, strict=True)
        tokens = self.tokenizer(reports)
        return PairBatch(
            pixels=torch.from_numpy(np.stack([image.pixels for image in images])[:, None]),
            patch_mask=torch.from_numpy(np.stack([i.letterbox.patch_mask for i in images])),
            pieces=torch.from_numpy(tokens.pieces),
            piece_mask=torch.from_numpy(tokens.piece_mask),
            piece_to_word=torch.from_numpy(tokens.piece_to_word),
            word_mask=torch.from_numpy(tokens.word_mask),
            same_report=torch.tensor([[a == b for b in reports] for a in reports]),
        )


def _labels(row: Row, *, where: str) -> frozenset[str] | None:
    labels = row.get("labels")
    if labels is None:
        return frozenset([str(row["label"])]) if "label" in row else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ManifestError(f"{where}: labels: takes a list of strings, got {labels!r}")
    return frozenset(labels)
