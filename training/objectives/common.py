"""What the objectives share: groups of settings, named losses and their weighted total."""

from collections.abc import Mapping

from jaxtyping import Bool, Float
from pydantic import BaseModel, model_validator
from torch import Tensor

from models.types import Alignment
from training.losses import global_info_nce

Losses = dict[str, Float[Tensor, ""]]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A frozen group of settings in which unknown keys are errors."""


class Weights(Settings):
    """How much each part of an objective counts; zero switches a part off."""

    @model_validator(mode="after")
    def _something_to_learn(self) -> "Weights":
        if not any(self.model_dump().values()):
            raise ValueError("all loss weights are 0; there is nothing to learn")
        return self


def global_alignment(
    alignment: Alignment, *, temperature: float, excluded: Bool[Tensor, "batch batch"]
) -> Float[Tensor, ""]:
    """Let images and reports of the batch find each other by their global embeddings (Eq. 8).

    Args:
        excluded: true where two pairs of the batch are no negatives of each other.
    """
    images, reports = alignment.images.pooled, alignment.reports.pooled
    return global_info_nce(images, reports, temperature=temperature, same_report=excluded)


def with_total(losses: Losses, shares: Mapping[str, float]) -> Losses:
    """Add `total`: each loss by its share. A part that is switched off is not among the losses."""
    parts = [shares[name] * loss for name, loss in losses.items()]
    return losses | {"total": sum(parts[1:], start=parts[0])}
