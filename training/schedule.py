"""The learning rate over a run: cosine by step, or halved on a plateau of the validation loss."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from training.config import OptimizationConfig


class Schedule:
    """Move an optimizer's learning rate after steps and epochs."""

    def __init__(self, optimizer: Optimizer, settings: OptimizationConfig, *, steps: int) -> None:
        self._optimizer = optimizer
        self._cosine: LambdaLR | None = None
        self._plateau: ReduceLROnPlateau | None = None
        if settings.schedule == "plateau":
            self._plateau = ReduceLROnPlateau(
                optimizer, factor=0.5, patience=settings.plateau_patience
            )
        else:
            warm = max(1, round(settings.warmup * steps))
            self._cosine = LambdaLR(optimizer, lambda step: cosine(step, warm=warm, steps=steps))

    @property
    def rate(self) -> float:
        """The learning rate as it stands."""
        return float(self._optimizer.param_groups[0]["lr"])

    def end_step(self) -> None:
        """Move on after an optimizer step."""
        if self._cosine is not None:
            self._cosine.step()

    def end_epoch(self, validation_loss: float) -> None:
        """Move on after an epoch."""
        if self._plateau is not None:
            self._plateau.step(validation_loss)


def cosine(step: int, *, warm: int, steps: int) -> float:
    """Return the share of the full rate at a step: up in a line, then down to 0 by a cosine."""
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
