"""MGCA: alignment of instances, of tokens across modalities, and of prototypes.

Wang et al., "Multi-Granularity Cross-modal Alignment for Generalized Medical Visual Representation
Learning". Our encoders have no [CLS] attention, so all tokens of a pair count alike, and prototypes
learn from the first epoch on (decision 0024). Attention and prototypes serve training alone: no
checkpoint holds them.
"""

from typing import Literal

import torch
from einops import einsum
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import normalize

from models.bcga import GroupCrossAttention
from models.grouping import group_embeddings, similarity
from models.precision import precise
from models.types import Alignment
from training.losses import sequence_info_nce
from training.objectives.common import Losses, Settings, Weights, global_alignment, with_total


class MGCATemperatures(Settings):
    """Of the three alignments, as released."""

    global_: float = Field(0.07, gt=0)
    token: float = Field(0.1, gt=0)
    prototype: float = Field(0.2, gt=0)


class MGCAWeights(Weights):
    """Lambda 1 to 3, as released."""

    global_: float = Field(1.0, ge=0)
    token: float = Field(0.7, ge=0)
    prototype: float = Field(0.5, ge=0)


class MGCAConfig(Settings):
    """What MGCA minimizes."""

    method: Literal["mgca"] = "mgca"
    temperatures: MGCATemperatures = MGCATemperatures()
    weights: MGCAWeights = MGCAWeights()
    attention: Literal["learned", "cosine"] = "learned"  # the paper's; the released code's default
    prototypes: int = Field(500, ge=2)
    sinkhorn_epsilon: float = Field(0.05, gt=0)  # the lower, the harder the assignments
    sinkhorn_iterations: int = Field(3, ge=1)

    def build(self, dim: int) -> "MGCAObjective":
        """Make the objective for embeddings of a size."""
        return MGCAObjective(self, dim)


class MGCAObjective(nn.Module):
    """The weighted sum of the three alignments, with its cross-attention and its prototypes."""

    def __init__(self, config: MGCAConfig, dim: int) -> None:
        super().__init__()
        self.config = config
        self.words_attention, self.patches_attention = (
            GroupCrossAttention(dim)
            if config.attention == "learned"
            else CosineAttention(temperature=config.temperatures.token)
            for _ in range(2)
        )
        self.prototypes = nn.Parameter(normalize(torch.randn(config.prototypes, dim), dim=-1))

    def forward(self, alignment: Alignment, *, excluded: Bool[Tensor, "batch batch"]) -> Losses:
        """Return the named losses and their `total`; a loss of weight zero is not computed.

        Args:
            excluded: true where two pairs of the batch are no negatives of each other.
        """
        images, reports = alignment.images, alignment.reports
        weights = self.config.weights
        losses: Losses = {}
        if weights.global_:
            losses["global_loss"] = global_alignment(
                alignment, temperature=self.config.temperatures.global_, excluded=excluded
            )
        if weights.token:
            losses |= self._tokens(alignment)
        if weights.prototype:
            losses["prototype"] = self._prototypes(images.pooled, reports.pooled)
        shares = {
            "global_loss": 2 * weights.global_,  # released: both directions are added, not averaged
            "token_text": weights.token,
            "token_image": weights.token,
            "prototype": weights.prototype,
        }
        return with_total(losses, shares)

    def _tokens(self, alignment: Alignment) -> Losses:
        """Align words with what they gather from patches, and patches with what from words."""
        words, word_mask = alignment.reports.words, alignment.reports.word_mask
        patches, patch_mask = alignment.images.patches, alignment.images.patch_mask
        seen = self.words_attention(words, patches, valid=patch_mask)
        read = self.patches_attention(patches, words, valid=word_mask)
        tau = self.config.temperatures.token
        return {
            "token_text": sequence_info_nce(words, seen, valid=word_mask, temperature=tau),
            "token_image": sequence_info_nce(patches, read, valid=patch_mask, temperature=tau),
        }

    def _prototypes(
        self, images: Float[Tensor, "batch dim"], reports: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, ""]:
        """Let each modality predict to which prototypes the other is assigned."""
        prototypes = normalize(self.prototypes, dim=-1)
        of_image, of_report = (
            einsum(
                normalize(precise(side), dim=-1),
                prototypes,
                "pair dim, prototype dim -> pair prototype",
            )
            for side in (images, reports)
        )
        return (self._predict(of_report, of_image) + self._predict(of_image, of_report)) / 2

    def _predict(
        self, own: Float[Tensor, "batch prototypes"], other: Float[Tensor, "batch prototypes"]
    ) -> Float[Tensor, ""]:
        """Return the cross-entropy of own guesses with the other side's assignments."""
        settings = self.config
        assigned = sinkhorn(
            other, epsilon=settings.sinkhorn_epsilon, iterations=settings.sinkhorn_iterations
        )
        guessed = (own / settings.temperatures.prototype).log_softmax(dim=-1)
        return -(assigned * guessed).sum(dim=-1).mean()


class CosineAttention(nn.Module):
    """Attention without weights of its own, called as `GroupCrossAttention` is."""

    def __init__(self, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(
        self,
        own: Float[Tensor, "batch rows dim"],
        others: Float[Tensor, "batch columns dim"],
        *,
        valid: Bool[Tensor, "batch columns"],
    ) -> Float[Tensor, "batch rows dim"]:
        """Average the valid others by a softmax of their cosines; over none of them, zero."""
        cosines = similarity(own, others)
        lowest = torch.finfo(cosines.dtype).min  # finite: a row over nothing stays free of NaN
        logits = (cosines / self.temperature).masked_fill(~valid[:, None, :], lowest)
        return group_embeddings(logits.softmax(dim=-1) * valid[:, None, :], others)


@torch.no_grad()
def sinkhorn(
    scores: Float[Tensor, "batch prototypes"], *, epsilon: float, iterations: int
) -> Float[Tensor, "batch prototypes"]:
    """Assign each pair to prototypes, with shares of sum 1, so that all prototypes get their part.

    Args:
        scores: cosines of pairs with prototypes.
    """
    shares = scores / epsilon  # logarithms, so that no share becomes zero
    for _ in range(iterations):
        shares = shares.log_softmax(dim=0)  # every prototype has as much to give
        shares = shares.log_softmax(dim=1)  # every pair takes as much
    return shares.exp()
