"""GLoRIA: words attend to the patches of every image, and reports find images by what they saw.

Huang et al., "GLoRIA: A Multimodal Global-Local Representation Learning Framework for
Label-efficient Medical Image Recognition". Embeddings have unit length here and have not there, so
the first softmax divides cosines by a temperature of ours, `words`. The released code multiplies by
4, 5 and 10 where we divide by `patches`, `report`, and `local` or `global_` (decision 0024).
"""

from typing import Literal

import torch
from einops import einsum
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import normalize

from models.precision import precise
from models.types import Alignment
from training.losses import across_info_nce
from training.objectives.common import Losses, Settings, Weights, global_alignment, with_total


class GLoRIATemperatures(Settings):
    """What the cosines are divided by at each step."""

    global_: float = Field(0.1, gt=0)
    local: float = Field(0.1, gt=0)
    words: float = Field(0.1, gt=0)  # of a patch's choice among words
    patches: float = Field(0.25, gt=0)  # of a word's choice among patches
    report: float = Field(0.2, gt=0)  # the lower, the more a report is its best word


class GLoRIAWeights(Weights):
    """The paper adds both losses."""

    global_: float = Field(1.0, ge=0)
    local: float = Field(1.0, ge=0)


class GLoRIAConfig(Settings):
    """What GLoRIA minimizes."""

    method: Literal["gloria"] = "gloria"
    temperatures: GLoRIATemperatures = GLoRIATemperatures()
    weights: GLoRIAWeights = GLoRIAWeights()

    def build(self, dim: int) -> "GLoRIAObjective":
        """Make the objective for embeddings of a size."""
        return GLoRIAObjective(self)


class GLoRIAObjective(nn.Module):
    """The sum of global and local alignment; it has no weights of its own."""

    def __init__(self, config: GLoRIAConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, alignment: Alignment, *, excluded: Bool[Tensor, "batch batch"]) -> Losses:
        """Return the named losses and their `total`; a loss of weight zero is not computed.

        Args:
            excluded: true where two pairs of the batch are no negatives of each other.
        """
        images, reports = alignment.images, alignment.reports
        weights, taus = self.config.weights, self.config.temperatures
        losses: Losses = {}
        if weights.global_:
            losses["global_loss"] = global_alignment(
                alignment, temperature=taus.global_, excluded=excluded
            )
        if weights.local:
            scores = attended_scores(
                reports.words,
                images.patches,
                word_mask=reports.word_mask,
                patch_mask=images.patch_mask,
                temperatures=taus,
            )
            losses["local"] = across_info_nce(scores, temperature=taus.local, same_report=excluded)
        return with_total(losses, {"global_loss": weights.global_, "local": weights.local})


def attended_scores(
    words: Float[Tensor, "reports words dim"],
    patches: Float[Tensor, "images patches dim"],
    *,
    word_mask: Bool[Tensor, "reports words"],
    patch_mask: Bool[Tensor, "images patches"],
    temperatures: GLoRIATemperatures,
) -> Float[Tensor, "reports images"]:
    """Score each report with each image: the log of the sum over words of exp(cosine / tau).

    The cosine is that of a word with its context, the patches that it attends to. A report without
    words scores 0 everywhere.
    """
    words, patches = normalize(precise(words), dim=-1), normalize(precise(patches), dim=-1)
    scores = []
    for own, real in zip(words, word_mask, strict=True):  # one by one they stay in the cache
        asking = own[real]
        if len(asking):
            contexts = _contexts(asking, patches, patch_mask, temperatures=temperatures)
            cosines = einsum(asking, contexts, "word dim, image word dim -> image word")
            scores.append((cosines / temperatures.report).logsumexp(dim=-1))
        else:
            scores.append(patches.new_zeros(len(patches)))
    return torch.stack(scores)


def _contexts(
    words: Float[Tensor, "words dim"],
    patches: Float[Tensor, "images patches dim"],
    patch_mask: Bool[Tensor, "images patches"],
    *,
    temperatures: GLoRIATemperatures,
) -> Float[Tensor, "images words dim"]:
    """Average the patches that each word attends to, at unit length.

    Each patch first chooses among the words; a word then chooses among the patches by how far
    they chose it.
    """
    cosines = einsum(words, patches, "word dim, image patch dim -> image patch word")
    chosen = (cosines / temperatures.words).softmax(dim=-1) / temperatures.patches
    lowest = torch.finfo(chosen.dtype).min  # finite: an image without patches gives no NaN
    attention = chosen.masked_fill(~patch_mask[..., None], lowest).softmax(dim=1)
    contexts = einsum(attention, patches, "image patch word, image patch dim -> image word dim")
    return normalize(contexts, dim=-1)
