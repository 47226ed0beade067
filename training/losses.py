"""The contrastive losses of the paper as pure functions (section 3.4, Eqs. 8-10, 12 and 13)."""

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
        same_report: true where two pairs carry the same report: these are no negatives.
    """
    images, reports = normalize(precise(images), dim=-1), normalize(precise(reports), dim=-1)
    logits = images @ reports.T / temperature
    if same_report is not None:
        own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(same_report & ~own, -torch.inf)
    to_report = logits.log_softmax(dim=1).diagonal()
    to_image = logits.log_softmax(dim=0).diagonal()
    return -(to_report + to_image).mean() / 2


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
