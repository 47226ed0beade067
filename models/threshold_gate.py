"""The two thresholds that decide who belongs to a group (paper section 3.3, Eqs. 5-7)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ThresholdGate(nn.Module):
    """A threshold that follows the mean scaled similarity by momentum (Eqs. 5 and 7).

    A buffer, not a parameter: the loop moves it once per optimizer step, gradients never do.

    Args:
        momentum: gamma of Eqs. 5 and 7, in [0, 1).
        initial: where the threshold starts; None lets the first mean that it follows decide.
    """

    threshold: Float[Tensor, ""]

    def __init__(self, *, momentum: float, initial: float | None = None) -> None:
        super().__init__()
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum must be in [0, 1), got {momentum}")
        self.momentum = momentum
        start = torch.nan if initial is None else initial
        self.register_buffer("threshold", torch.tensor(start, dtype=torch.float32))

    @property
    def is_set(self) -> bool:
        """Whether the threshold has a value; before that it keeps nothing."""
        return not bool(self.threshold.isnan())

    @torch.no_grad()
    def follow(self, mean: Float[Tensor, ""] | float) -> None:
        """Move towards the mean of the scaled similarity; an unset threshold takes its value."""
        target = torch.as_tensor(mean, dtype=self.threshold.dtype, device=self.threshold.device)
        if self.is_set:
            self.threshold.lerp_(target, 1.0 - self.momentum)
        else:
            self.threshold.copy_(target)
