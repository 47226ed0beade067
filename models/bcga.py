"""Bidirectional cross-modal grouped alignment: groups attend to groups (section 3.4, Eq. 11)."""

import torch
from einops import einsum
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from models.precision import precise


class GroupCrossAttention(nn.Module):
    """Single-head attention from the groups of one modality to those of the other (Eq. 11).

    One module per direction: TGV attends to PGL, and PGL to TGV.

    Args:
        dim: d, the size of an embedding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.output = nn.Linear(dim, dim, bias=False)

    def forward(
        self,
        groups: Float[Tensor, "batch rows dim"],
        others: Float[Tensor, "batch columns dim"],
        *,
        valid: Bool[Tensor, "batch columns"],
    ) -> Float[Tensor, "batch rows dim"]:
        """Gather from the valid groups of the other modality; over none of them, zero.

        Both sides are normalized first. The output projection is linear, so projecting the sum
        equals summing projections as Eq. 11 prints it.
        """
        groups, others = normalize(groups, dim=-1), normalize(others, dim=-1)
        queries, keys, values = self.query(groups), self.key(others), self.value(others)
        logits = precise(
            einsum(queries, keys, "batch rows dim, batch columns dim -> batch rows columns")
        )
        lowest = torch.finfo(logits.dtype).min  # finite: a row over nothing stays free of NaN
        scaled = (logits / keys.shape[-1] ** 0.5).masked_fill(~valid[:, None, :], lowest)
        weights = scaled.softmax(dim=-1) * valid[:, None, :]
        gathered = einsum(
            weights.to(values.dtype),
            values,
            "batch rows columns, batch columns dim -> batch rows dim",
        )
        projected: Tensor = self.output(gathered)
        return projected
