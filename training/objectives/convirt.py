"""ConVIRT: images and reports find each other by their global embeddings alone.

Zhang et al., "Contrastive Learning of Medical Visual Representations from Paired Images and Text".
The same as AGA with global alignment only, at its own temperature. Both directions count alike
here; the paper weighs image to report .75 and report to image .25 (decision 0024).
"""

from typing import Literal

from jaxtyping import Bool
from pydantic import Field
from torch import Tensor, nn

from models.types import Alignment
from training.objectives.common import Losses, Settings, global_alignment, with_total


class ConVIRTTemperatures(Settings):
    """Tau of the paper."""

    global_: float = Field(0.1, gt=0)


class ConVIRTConfig(Settings):
    """What ConVIRT minimizes."""

    method: Literal["convirt"] = "convirt"
    temperatures: ConVIRTTemperatures = ConVIRTTemperatures()

    def build(self, dim: int) -> "ConVIRTObjective":
        """Make the objective for embeddings of a size."""
        return ConVIRTObjective(self)


class ConVIRTObjective(nn.Module):
    """One symmetric InfoNCE over the batch; it has no weights of its own."""

    def __init__(self, config: ConVIRTConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, alignment: Alignment, *, excluded: Bool[Tensor, "batch batch"]) -> Losses:
        """Return the loss, which is its own `total`.

        Args:
            excluded: true where two pairs of the batch are no negatives of each other.
        """
        loss = global_alignment(
            alignment, temperature=self.config.temperatures.global_, excluded=excluded
        )
        return with_total({"global_loss": loss}, {"global_loss": 1.0})
