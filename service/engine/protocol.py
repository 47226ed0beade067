"""What an engine can do. Arrays are float32 and of unit length; masks are true where real."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float

from models.config import ModelConfig
from models.preprocessing import PreparedImage
from models.tokenizing import ReportTokenizer, Word


@dataclass(frozen=True)
class EmbeddedImages:
    """Patches and global embeddings of images."""

    patches: Float[np.ndarray, "batch patches dim"]
    patch_mask: Bool[np.ndarray, "batch patches"]
    pooled: Float[np.ndarray, "batch dim"]


@dataclass(frozen=True)
class EmbeddedTexts:
    """Words and global embeddings of texts, and where the words stand."""

    words: Float[np.ndarray, "batch words dim"]
    word_mask: Bool[np.ndarray, "batch words"]
    pooled: Float[np.ndarray, "batch dim"]
    places: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class TokenGroups:
    """Which patches each word gathers (TGV)."""

    similarity: Float[np.ndarray, "batch words patches"]
    weights: Float[np.ndarray, "batch words patches"]
    tgv: Float[np.ndarray, "batch words dim"]


class Engine(Protocol):
    """A frozen model that answers in NumPy."""

    kind: str
    precision: str
    identity: str
    config: ModelConfig
    tokenizer: ReportTokenizer
    thresholds: dict[str, float]

    def encode_images(self, images: Sequence[PreparedImage]) -> EmbeddedImages:
        """Embed prepared images."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """Embed texts.

        Raises:
            EmptyReport: a text holds no word.
        """
        ...

    def group(self, texts: EmbeddedTexts, images: EmbeddedImages) -> TokenGroups:
        """Let each word of a text gather patches of its image, row by row of the batch."""
        ...
