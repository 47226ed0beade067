"""The nouns that travel inside the network. Masks are true where an entry is real."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class EncodedImages:
    """Patch embeddings v and global embeddings (section 3.1), all of unit length."""

    patches: Float[Tensor, "batch patches dim"]
    patch_mask: Bool[Tensor, "batch patches"]
    pooled: Float[Tensor, "batch dim"]


@dataclass(frozen=True)
class EncodedReports:
    """Word embeddings t and global embeddings (section 3.1), all of unit length."""

    words: Float[Tensor, "batch words dim"]
    word_mask: Bool[Tensor, "batch words"]
    pooled: Float[Tensor, "batch dim"]


@dataclass(frozen=True)
class Groups:
    """One direction of grouping (section 3.2): each row gathers columns.

    TGV: rows are words and columns patches; PGL: rows are patches and columns words.
    """

    scaled: Float[Tensor, "batch rows columns"]  # Eq. 1
    weights: Float[Tensor, "batch rows columns"]  # Eq. 3; a row sums to 1, or to 0 if empty
    embeddings: Float[Tensor, "batch rows dim"]  # Eq. 4
    mean: Float[Tensor, ""]  # of the scaled similarity over its valid entries: S-bar of Eqs. 5, 7
    count: Float[Tensor, ""]  # how many entries that mean is over

    @property
    def valid(self) -> Bool[Tensor, "batch rows"]:
        """True for the rows that gathered something."""
        return self.weights.sum(dim=-1) > 0


@dataclass(frozen=True)
class Alignment:
    """Everything that the losses compare for one batch of image-report pairs."""

    images: EncodedImages
    reports: EncodedReports
    tgv: Groups
    pgl: Groups
    cross_tgv: Float[Tensor, "batch words dim"]  # u of Eq. 11
    cross_pgl: Float[Tensor, "batch patches dim"]  # w
