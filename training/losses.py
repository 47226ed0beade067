"""The contrastive losses as pure functions: section 3.4, Eqs. 8-10, 12 and 13, and one of ours."""

import torch
from einops import einsum
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from models.precision import precise


def global_info_nce(
    images: Float[Tensor, "batch dim"],
    reports: Float[Tensor, "batch dim"],
    *,
    temperature: float,
    same_report: Bool[Tensor, "batch batch"] | None = None,
) -> Float[Tensor, ""]:
    """Ask each image for its report among the batch's, and each report for its image (Eq. 8).

    Args:
        same_report: true where two pairs are no negatives of each other, as those of one report.
    """
    images, reports = normalize(precise(images), dim=-1), normalize(precise(reports), dim=-1)
    return _pair_info_nce(images @ reports.T / temperature, same_report=same_report)


def across_info_nce(
    scores: Float[Tensor, "reports images"],
    *,
    temperature: float,
    same_report: Bool[Tensor, "reports images"] | None = None,
) -> Float[Tensor, ""]:
    """Ask the words of each report for its image among the batch's, and back (decision 0023).

    Args:
        scores: of each report with each image, by `word_patch_scores`.
        same_report: as in `global_info_nce`.
    """
    return _pair_info_nce(precise(scores) / temperature, same_report=same_report)


def word_patch_scores(
    words: Float[Tensor, "reports words dim"],
    patches: Float[Tensor, "images patches dim"],
    *,
    word_mask: Bool[Tensor, "reports words"],
    patch_mask: Bool[Tensor, "images patches"],
    temperature: float,
) -> Float[Tensor, "reports images"]:
    """Let every word gather patches of every image, and score reports by how near the groups lie.

    A word's group in an image is the mean of its patches, weighted by a softmax of their cosines
    with the word; its score there is its product with that group, the mean of the same cosines by
    the same weights. A report's score is the mean over its words.
    """
    words, patches = normalize(precise(words), dim=-1), normalize(precise(patches), dim=-1)
    hidden = torch.zeros_like(patches[..., 0]).masked_fill(
        ~patch_mask, torch.finfo(words.dtype).min
    )
    every = []
    for own, real in zip(words, word_mask, strict=True):  # one by one they stay in the cache
        asking = own[real]
        cosines = einsum(asking, patches, "word dim, image patch dim -> word image patch")
        weights = (cosines / temperature + hidden).softmax(dim=-1)
        every.append((weights * cosines).sum(dim=(0, 2)) / max(len(asking), 1))
    return torch.stack(every)


def _pair_info_nce(
    logits: Float[Tensor, "batch batch"], *, same_report: Bool[Tensor, "batch batch"] | None
) -> Float[Tensor, ""]:
    """Ask each row for the column of its own number, and each column for its row."""
    if same_report is not None:
        own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(same_report & ~own, -torch.inf)
    by_row = logits.log_softmax(dim=1).diagonal()
    by_column = logits.log_softmax(dim=0).diagonal()
    return -(by_row + by_column).mean() / 2


def sequence_info_nce(
    left: Float[Tensor, "batch rows dim"],
    right: Float[Tensor, "batch rows dim"],
    *,
    valid: Bool[Tensor, "batch rows"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Ask each row for its partner among the rows of its own pair (Eqs. 9, 10, 12 and 13).

    Rows that are not valid neither ask nor compete. A pair without a valid row counts 0 in the
    mean, which still divides by the batch.
    """
    left, right = normalize(precise(left), dim=-1), normalize(precise(right), dim=-1)
    logits = einsum(left, right, "batch row dim, batch other dim -> batch row other") / temperature
    both = valid[:, :, None] & valid[:, None, :]
    # A finite floor: a softmax over nothing would be NaN, in the gradient too.
    logits = logits.masked_fill(~both, torch.finfo(logits.dtype).min)
    to_right = logits.log_softmax(dim=2).diagonal(dim1=1, dim2=2)
    to_left = logits.log_softmax(dim=1).diagonal(dim1=1, dim2=2)
    of_row = -(to_right + to_left).masked_fill(~valid, 0.0) / 2
    return (of_row.sum(dim=1) / valid.sum(dim=1).clamp_min(1)).mean()
