"""Group patches by word and words by patch (paper section 3.2, Eqs. 1-4)."""

import torch
from einops import einsum
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from models.precision import precise
from models.types import Groups

FLAT = 1e-6  # a row of cosines that spreads less than this says nothing: it is rounding


def similarity(
    words: Float[Tensor, "batch words dim"], patches: Float[Tensor, "batch patches dim"]
) -> Float[Tensor, "batch words patches"]:
    """Return the cosine of every word with every patch (S of section 3.2)."""
    words, patches = normalize(precise(words), dim=-1), normalize(precise(patches), dim=-1)
    return einsum(words, patches, "batch words dim, batch patches dim -> batch words patches")


def min_max_normalize(
    similarity: Float[Tensor, "batch rows columns"],
    *,
    valid: Bool[Tensor, "#batch #rows #columns"],
) -> Float[Tensor, "batch rows columns"]:
    """Scale each row to [0, 1] over its valid entries (Eq. 1).

    Invalid entries become 0, and so do whole rows that are flat: all equal, or one entry long.
    """
    similarity = precise(similarity)
    low = similarity.masked_fill(~valid, torch.inf).amin(dim=-1, keepdim=True)
    high = similarity.masked_fill(~valid, -torch.inf).amax(dim=-1, keepdim=True)
    usable = valid & (high - low > FLAT)
    low, high = (edge.masked_fill(~usable.any(-1, keepdim=True), 0.0) for edge in (low, high))
    scaled = (similarity - low) / (high - low).clamp_min(FLAT)
    return scaled.masked_fill(~usable, 0.0)


def group_weights(
    scaled: Float[Tensor, "batch rows columns"],
    *,
    threshold: float | Float[Tensor, ""] | Float[Tensor, "batch 1 1"],
    valid: Bool[Tensor, "#batch #rows #columns"],
) -> Float[Tensor, "batch rows columns"]:
    """Keep what reaches the threshold and let each row's rest sum to 1 (Eqs. 2, 3 and 6).

    A row that keeps nothing stays 0. Gradients flow through the weights; what is kept is constant.
    """
    scaled = precise(scaled)
    kept = (scaled >= threshold) & (scaled > 0) & valid
    sparse = scaled.masked_fill(~kept, 0.0)
    total = sparse.sum(dim=-1, keepdim=True)
    return sparse / total.masked_fill(total == 0, 1.0)


def group_embeddings(
    weights: Float[Tensor, "batch rows columns"],
    members: Float[Tensor, "batch columns dim"],
) -> Float[Tensor, "batch rows dim"]:
    """Average the members of each group: TGV from patches, PGL from words (Eq. 4)."""
    weights, members = precise(weights), precise(members)
    return einsum(weights, members, "batch rows columns, batch columns dim -> batch rows dim")


def group(
    similarity: Float[Tensor, "batch rows columns"],
    members: Float[Tensor, "batch columns dim"],
    *,
    threshold: float | Float[Tensor, ""],
    row_mask: Bool[Tensor, "batch rows"],
    column_mask: Bool[Tensor, "batch columns"],
) -> Groups:
    """Let each row gather members by similarity: one direction of grouping, Eqs. 1-4."""
    valid = row_mask[:, :, None] & column_mask[:, None, :]
    scaled = min_max_normalize(similarity, valid=valid)
    weights = group_weights(scaled, threshold=threshold, valid=valid)
    spread = valid & (scaled > 0).any(dim=-1, keepdim=True)  # a flat row has no say in the mean
    count = spread.sum().to(scaled.dtype)
    return Groups(
        scaled=scaled,
        weights=weights,
        embeddings=group_embeddings(weights, members),
        mean=scaled.detach().sum() / count.clamp_min(1),
        count=count,
    )
