"""SPARC: words find the patches that they gather among those of their report's other words.

Bica et al., "Improving fine-grained understanding in image-text pre-training", Eqs. 1 to 7. The
threshold stands at one over the patches of the image, and the temperature is fixed: the paper
learns it. The similarity is a cosine here, an inner product there (decision 0024).
"""

from typing import Literal

from einops import reduce
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor, nn

from models.grouping import group_embeddings, group_weights
from models.types import Alignment
from training.losses import sequence_info_nce
from training.objectives.common import Losses, Settings, Weights, global_alignment, with_total


class SPARCTemperatures(Settings):
    """One in the paper, where it is learned."""

    global_: float = Field(0.07, gt=0)
    fine: float = Field(0.07, gt=0)


class SPARCWeights(Weights):
    """Lambda g and f; the paper fixes the first and chooses the second from .5, 1, 5 and 10."""

    global_: float = Field(0.5, ge=0)
    fine: float = Field(1.0, ge=0)


class SPARCConfig(Settings):
    """What SPARC minimizes (its Eq. 7)."""

    method: Literal["sparc"] = "sparc"
    temperatures: SPARCTemperatures = SPARCTemperatures()
    weights: SPARCWeights = SPARCWeights()

    def build(self, dim: int) -> "SPARCObjective":
        """Make the objective for embeddings of a size."""
        return SPARCObjective(self)


class SPARCObjective(nn.Module):
    """The weighted sum of global and fine-grained alignment; it has no weights of its own."""

    def __init__(self, config: SPARCConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, alignment: Alignment, *, excluded: Bool[Tensor, "batch batch"]) -> Losses:
        """Return the named losses and their `total`; a loss of weight zero is not computed.

        Args:
            excluded: true where two pairs of the batch are no negatives of each other.
        """
        weights, taus = self.config.weights, self.config.temperatures
        losses: Losses = {}
        if weights.global_:
            losses["global_loss"] = global_alignment(
                alignment, temperature=taus.global_, excluded=excluded
            )
        if weights.fine:
            losses["fine"] = _fine(alignment, temperature=taus.fine)
        return with_total(losses, {"global_loss": weights.global_, "fine": weights.fine})


def _fine(alignment: Alignment, *, temperature: float) -> Float[Tensor, ""]:
    """Align words with their language-grouped vision embeddings (its Eqs. 3 to 6).

    The scaled similarity of its Eq. 2 is AGA's Eq. 1, which the alignment already holds.
    """
    words, images = alignment.reports, alignment.images
    patches = reduce(
        images.patch_mask.to(images.patches.dtype), "batch patches -> batch 1 1", "sum"
    )
    weights = group_weights(
        alignment.tgv.scaled,
        threshold=1 / patches.clamp_min(1),
        valid=words.word_mask[:, :, None] & images.patch_mask[:, None, :],
    )
    return sequence_info_nce(
        group_embeddings(weights, images.patches),
        words.words,
        valid=weights.sum(dim=-1) > 0,
        temperature=temperature,
    )
