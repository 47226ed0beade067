"""In which precision numbers are computed where a rounding would decide."""

import torch
from jaxtyping import Float
from torch import Tensor


def precise(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Take half types to float32 and leave float64 as it is."""
    return values if values.dtype == torch.float64 else values.float()
