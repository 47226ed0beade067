"""AGA's objective: global, instance-aware and cross-modal group alignment (Eq. 14).

The paper's ablations are weights: without BCGA `weights.bcga=0`; global alignment alone
`weights.iga=0 weights.bcga=0`. Fixed thresholds are the model's: `gates.kind=fixed`. Group
alignment across the batch is ours, the extension that the paper names (decision 0023).
"""

from typing import Literal

from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor, nn

from models.types import Alignment
from training.losses import (
    across_info_nce,
    sequence_info_nce,
    word_patch_scores,
)
from training.objectives.common import Losses, Settings, Weights, global_alignment, with_total


class AGATemperatures(Settings):
    """Tau 1 to 3 (section 4.2.1), and two of group alignment across a batch (decision 0023)."""

    global_: float = Field(0.3, gt=0)
    iga: float = Field(0.3, gt=0)
    bcga: float = Field(0.1, gt=0)
    across: float = Field(0.1, gt=0)
    gather: float = Field(0.05, gt=0)  # the lower, the fewer patches a word gathers


class AGAWeights(Weights):
    """Lambda 1 to 3 (section 4.2.1), and one of ours."""

    global_: float = Field(0.5, ge=0)
    iga: float = Field(0.5, ge=0)
    bcga: float = Field(0.5, ge=0)
    across: float = Field(0.0, ge=0)


class AGAConfig(Settings):
    """What AGA minimizes (Eq. 14)."""

    method: Literal["aga"] = "aga"
    temperatures: AGATemperatures = AGATemperatures()
    weights: AGAWeights = AGAWeights()

    def build(self, dim: int) -> "AGAObjective":
        """Make the objective for embeddings of a size."""
        return AGAObjective(self)


class AGAObjective(nn.Module):
    """The weighted sum of Eq. 14; it has no weights of its own."""

    def __init__(self, config: AGAConfig) -> None:
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
        if weights.iga:
            losses |= _iga(alignment, temperature=taus.iga)
        if weights.bcga:
            losses |= _bcga(alignment, temperature=taus.bcga)
        if weights.across:
            losses["across"] = _across(alignment, taus, excluded=excluded)
        shares = {
            "global_loss": weights.global_,
            "iga_text": weights.iga / 2,
            "iga_image": weights.iga / 2,
            "bcga_text": weights.bcga / 2,
            "bcga_image": weights.bcga / 2,
            "across": weights.across,
        }
        return with_total(losses, shares)


def _iga(alignment: Alignment, *, temperature: float) -> Losses:
    """Align words with their TGV and patches with their PGL (Eqs. 9 and 10)."""
    tgv, pgl = alignment.tgv, alignment.pgl
    return {
        "iga_text": sequence_info_nce(
            tgv.embeddings, alignment.reports.words, valid=tgv.valid, temperature=temperature
        ),
        "iga_image": sequence_info_nce(
            pgl.embeddings, alignment.images.patches, valid=pgl.valid, temperature=temperature
        ),
    }


def _bcga(alignment: Alignment, *, temperature: float) -> Losses:
    """Align groups with what they gather from the other modality's groups (Eqs. 12 and 13)."""
    tgv, pgl = alignment.tgv, alignment.pgl
    return {
        "bcga_text": sequence_info_nce(
            tgv.embeddings, alignment.cross_tgv, valid=tgv.valid, temperature=temperature
        ),
        "bcga_image": sequence_info_nce(
            pgl.embeddings, alignment.cross_pgl, valid=pgl.valid, temperature=temperature
        ),
    }


def _across(
    alignment: Alignment,
    temperatures: AGATemperatures,
    *,
    excluded: Bool[Tensor, "batch batch"],
) -> Float[Tensor, ""]:
    """Align every report's words with what they gather from every image of the batch."""
    scores = word_patch_scores(
        alignment.reports.words,
        alignment.images.patches,
        word_mask=alignment.reports.word_mask,
        patch_mask=alignment.images.patch_mask,
        temperature=temperatures.gather,
    )
    return across_info_nce(scores, temperature=temperatures.across, same_report=excluded)
