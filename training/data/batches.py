"""Batches of pairs: read and varied images, cut reports, and which pairs are negatives."""

import random
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int64, Num
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from models.config import PreprocessingConfig
from models.preprocessing import PreparedImage, prepare
from models.tokenizing import ReportTokenizer
from training.config import AugmentConfig, NegativesConfig
from training.data.augment import vary
from training.data.manifest import ImageReportPair

Item = tuple[PreparedImage, ImageReportPair]


@dataclass(frozen=True)
class PairBatch:
    """A batch as `AGA.forward` takes it, and which of its pairs are no negatives of each other."""

    pixels: Num[Tensor, "batch 1 size size"]
    patch_mask: Bool[Tensor, "batch patches"]
    pieces: Int64[Tensor, "batch pieces"]
    piece_mask: Bool[Tensor, "batch pieces"]
    piece_to_word: Int64[Tensor, "batch pieces"]
    word_mask: Bool[Tensor, "batch words"]
    excluded: Bool[Tensor, "batch batch"]

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


class PairDataset(Dataset[Item]):
    """Read and prepare images on demand; with `augment`, each epoch varies them anew."""

    def __init__(
        self,
        pairs: Sequence[ImageReportPair],
        preprocessing: PreprocessingConfig,
        *,
        augment: AugmentConfig | None = None,
        seed: int = 0,
    ) -> None:
        self.pairs, self.preprocessing = pairs, preprocessing
        self.augment, self.seed, self.epoch = augment, seed, 0

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> Item:
        """Return one prepared image and the pair that it is of."""
        pair = self.pairs[index]
        grey = pair.read_grey()
        if self.augment is not None:
            random = np.random.default_rng([self.seed, self.epoch, index])
            grey = vary(grey, random, most_crop=self.augment.crop)
        return prepare(grey, self.preprocessing), pair


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
        number_of: dict[str, int] = {}
        self.studies = array("q", (number_of.setdefault(p.study_id, len(number_of)) for p in pairs))
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
        seen: set[int] = set()
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
    negatives: NegativesConfig

    def __call__(self, items: Sequence[Item]) -> PairBatch:
        """Return the batch."""
        images, pairs = zip(*items, strict=True)
        tokens = self.tokenizer([pair.report for pair in pairs])
        return PairBatch(
            pixels=torch.from_numpy(np.stack([image.pixels for image in images])[:, None]),
            patch_mask=torch.from_numpy(np.stack([i.letterbox.patch_mask for i in images])),
            pieces=torch.from_numpy(tokens.pieces),
            piece_mask=torch.from_numpy(tokens.piece_mask),
            piece_to_word=torch.from_numpy(tokens.piece_to_word),
            word_mask=torch.from_numpy(tokens.word_mask),
            excluded=torch.tensor([[self._excludes(a, b) for b in pairs] for a in pairs]),
        )

    def _excludes(self, one: ImageReportPair, other: ImageReportPair) -> bool:
        same = one.report == other.report and not self.negatives.same_report
        column = self.negatives.within
        return same or (
            column is not None and one.metadata.get(column) != other.metadata.get(column)
        )
