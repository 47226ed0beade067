"""Signs that groups have collapsed: they differ less than the words and patches behind them.

Embeddings are TGV or PGL, one direction of `models.types.Groups`; rows that gathered nothing take
no part. A sign that cannot be told, as of no row at all, is None.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from models.types import Alignment, Groups


def effective_rank(embeddings: Float[Tensor, "rows dim"]) -> float | None:
    """Return exp of the entropy of the singular values, scaled to sum to 1 (Roy and Vetterli).

    1: all rows are multiples of one vector; dim: they fill every direction alike.
    """
    values = torch.linalg.svdvals(embeddings.double())
    total = values.sum()
    if total == 0:
        return None
    return float(_entropy(values / total).exp())


def spread(embeddings: Float[Tensor, "rows dim"]) -> float | None:
    """Return the mean squared distance of the unit vectors from their mean.

    0: all point the same way. It is also one less the mean cosine of two rows drawn at random.
    """
    if len(embeddings) == 0:
        return None
    return float(1.0 - normalize(embeddings.double(), dim=-1).mean(dim=0).square().sum())


def weight_entropy(
    weights: Float[Tensor, "batch rows columns"], column_mask: Bool[Tensor, "batch columns"]
) -> float | None:
    """Return the mean entropy of a row's weights over log of the columns that it could gather.

    0: each row gathers a single member; 1: it gathers all alike.
    """
    columns = column_mask.sum(dim=-1, keepdim=True)
    told = (weights.sum(dim=-1) > 0) & (columns > 1)
    share = _entropy(weights.double()) / columns.clamp_min(2).double().log()
    return _mean(share[told])


def group_size_share(
    weights: Float[Tensor, "batch rows columns"], column_mask: Bool[Tensor, "batch columns"]
) -> float | None:
    """Return the mean share of the columns that a row gathers."""
    columns = column_mask.sum(dim=-1, keepdim=True).clamp_min(1)
    share = (weights > 0).sum(dim=-1).double() / columns
    return _mean(share[weights.sum(dim=-1) > 0])


def shared_strongest_patch(weights: Float[Tensor, "batch words patches"]) -> float | None:
    """Return the share of a report's words whose strongest patch is the report's commonest one.

    The mean over reports of two words or more: 1 where every word looks at the same place. Of
    patches that tie, the first counts.
    """
    gathered = weights.sum(dim=-1) > 0
    shares = [
        torch.bincount(of_report[words].argmax(dim=-1)).max().double() / words.sum()
        for of_report, words in zip(weights, gathered, strict=True)
        if words.sum() > 1
    ]
    return _mean(torch.stack(shares)) if shares else None


def collapse_signs(alignment: Alignment) -> dict[str, float | None]:
    """Return every sign of both directions for a batch of pairs."""
    patches, words = alignment.images.patch_mask, alignment.reports.word_mask
    return {
        **_signs("tgv", alignment.tgv, patches),
        **_signs("pgl", alignment.pgl, words),
        "shared_strongest_patch": shared_strongest_patch(alignment.tgv.weights),
    }


def _signs(
    name: str, groups: Groups, column_mask: Bool[Tensor, "batch columns"]
) -> dict[str, float | None]:
    embeddings = groups.embeddings[groups.valid]
    return {
        f"{name}_effective_rank": effective_rank(embeddings),
        f"{name}_spread": spread(embeddings),
        f"{name}_weight_entropy": weight_entropy(groups.weights, column_mask),
        f"{name}_group_size_share": group_size_share(groups.weights, column_mask),
    }


def _entropy(shares: Float[Tensor, "*rows columns"]) -> Float[Tensor, "*rows"]:
    entropy: Tensor = torch.special.entr(shares).sum(dim=-1)
    return entropy


def _mean(values: Float[Tensor, " values"]) -> float | None:
    return float(values.mean()) if len(values) else None
