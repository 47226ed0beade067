"""Random embeddings, masks, and alignments of them without encoders."""

import torch
from torch import Tensor

from models.bcga import GroupCrossAttention
from models.grouping import group, similarity
from models.types import Alignment, EncodedImages, EncodedReports


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def everything(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.bool)


def mask_of(*lengths: int, length: int) -> Tensor:
    return torch.arange(length)[None] < torch.tensor(lengths)[:, None]


def same(*reports: int) -> Tensor:
    """True where two pairs carry the same report."""
    numbers = torch.tensor(reports)
    return numbers[:, None] == numbers[None, :]


def some_excluded(batch: int, *, seed: int) -> Tensor:
    """True where two pairs are no negatives of each other, at random, a pair and itself too."""
    drawn = doubles(batch, batch, seed=seed) > 0.5
    return drawn | drawn.T | torch.eye(batch, dtype=torch.bool)


def alignment_of(
    words: Tensor, patches: Tensor, word_mask: Tensor, patch_mask: Tensor
) -> Alignment:
    """Group embeddings and let the groups attend to each other, without encoders."""
    torch.manual_seed(0)
    dim = words.shape[-1]
    to_pgl, to_tgv = GroupCrossAttention(dim).to(words), GroupCrossAttention(dim).to(words)
    scores = similarity(words, patches)
    tgv = group(scores, patches, threshold=0.4, row_mask=word_mask, column_mask=patch_mask)
    pgl = group(
        scores.transpose(1, 2), words, threshold=0.4, row_mask=patch_mask, column_mask=word_mask
    )
    return Alignment(
        images=EncodedImages(patches, patch_mask, _mean(patches, patch_mask)),
        reports=EncodedReports(words, word_mask, _mean(words, word_mask)),
        tgv=tgv,
        pgl=pgl,
        cross_tgv=to_pgl(tgv.embeddings, pgl.embeddings, valid=pgl.valid),
        cross_pgl=to_tgv(pgl.embeddings, tgv.embeddings, valid=tgv.valid),
    )


def _mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """Average the real vectors of each row; of none, zero."""
    real = mask[..., None].to(vectors.dtype)
    return (vectors * real).sum(dim=1) / real.sum(dim=1).clamp_min(1)
