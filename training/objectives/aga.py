"""AGA's objective: global, instance-aware and cross-modal group alignment (Eq. 14).

The paper's ablations are weights: without BCGA `weights.bcga=0`; global alignment alone
`weights.iga=0 weights.bcga=0`. Fixed thresholds are the model's: `gates.kind=fixed`. Group
alignment across the batch is ours, the extension that the paper names (decision 0023).
"""

from jaxtyping import Bool, Float
from torch import Tensor

from models.types import Alignment
from training.config import ObjectiveConfig
from training.losses import (
    across_info_nce,
    global_info_nce,
    sequence_info_nce,
    word_patch_scores,
)

Losses = dict[str, Float[Tensor, ""]]


def aga_losses(
    alignment: Alignment, config: ObjectiveConfig, *, same_report: Bool[Tensor, "batch batch"]
) -> Losses:
    """Return the named losses and their weighted `total`; a loss of weight zero is not computed.

    Args:
        same_report: true where two pairs of the batch carry the same report.
    """
    weights, taus = config.weights, config.temperatures
    images, reports = alignment.images, alignment.reports
    losses: Losses = {}
    masked = same_report if config.mask_same_report else None
    if weights.global_:
        losses["global_loss"] = global_info_nce(
            images.pooled,
            reports.pooled,
            temperature=taus.global_,
            same_report=masked,
        )
    if weights.iga:
        losses |= _iga(alignment, temperature=taus.iga)
    if weights.bcga:
        losses |= _bcga(alignment, temperature=taus.bcga)
    if weights.across:
        losses["across"] = _across(alignment, config, same_report=masked)
    share = {
        "global_loss": weights.global_,
        "iga_text": weights.iga / 2,
        "iga_image": weights.iga / 2,
        "bcga_text": weights.bcga / 2,
        "bcga_image": weights.bcga / 2,
        "across": weights.across,
    }
    parts = [share[name] * loss for name, loss in losses.items()]
    return losses | {"total": sum(parts[1:], start=parts[0])}


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
    config: ObjectiveConfig,
    *,
    same_report: Bool[Tensor, "batch batch"] | None,
) -> Float[Tensor, ""]:
    """Align every report's words with what they gather from every image of the batch."""
    scores = word_patch_scores(
        alignment.reports.words,
        alignment.images.patches,
        word_mask=alignment.reports.word_mask,
        patch_mask=alignment.images.patch_mask,
        temperature=config.temperatures.gather,
    )
    return across_info_nce(scores, temperature=config.temperatures.across, same_report=same_report)
