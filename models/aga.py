"""AGA: the composition of encoders, gates, groups and cross-attention (paper Fig. 2)."""

from collections.abc import Mapping
from pathlib import Path

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int64, Num
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn.functional import normalize

from models.bcga import GroupCrossAttention
from models.checkpoint import WEIGHTS, CheckpointError, open_checkpoint, write_checkpoint
from models.config import GateConfig, ModelConfig
from models.grouping import group, similarity
from models.image_encoder import ImageEncoder
from models.precision import precise
from models.text_encoder import TextEncoder
from models.threshold_gate import ThresholdGate
from models.tokenizing import ReportTokenizer
from models.types import Alignment, EncodedImages, EncodedReports, Groups


class AGA(nn.Module):
    """Adaptive Grouped Alignment of images and reports.

    Args:
        config: what the network is made of.
        tokenizer: cuts reports as the text encoder expects them; kept with the checkpoint.

    Raises:
        ValueError: the settings make no encoder, or the tokenizer knows more pieces than the text
            encoder embeds.
    """

    def __init__(self, config: ModelConfig, tokenizer: ReportTokenizer) -> None:
        super().__init__()
        self.config, self.tokenizer = config, tokenizer
        self.image_encoder = ImageEncoder(config.image, config.preprocessing, dim=config.dim)
        context = config.text.context
        ends = tokenizer.ends(context)
        if context != "report" and not ends:
            raise ValueError(f"the tokenizer knows no {context}'s end; text.context must be report")
        self.text_encoder = TextEncoder(config.text, dim=config.dim, context_ends=ends)
        embedded = self.text_encoder.bert.get_input_embeddings().num_embeddings
        if tokenizer.vocabulary_size > embedded:
            raise ValueError(
                f"the tokenizer knows {tokenizer.vocabulary_size} pieces, "
                f"the text encoder embeds {embedded}"
            )
        pieces = config.text.max_pieces
        self.language_gate = _gate(config.gates, columns=config.preprocessing.patches)
        self.vision_gate = _gate(config.gates, columns=pieces)
        self.tgv_attention = GroupCrossAttention(config.dim)
        self.pgl_attention = GroupCrossAttention(config.dim)

    def encode_images(
        self,
        pixels: Num[Tensor, "batch 1 size size"],
        patch_mask: Bool[Tensor, "batch patches"] | None = None,
    ) -> EncodedImages:
        """Embed grey images, levels 0 to 255; without a mask every patch holds picture."""
        if patch_mask is None:
            shape = (len(pixels), self.config.preprocessing.patches)
            patch_mask = torch.ones(shape, dtype=torch.bool, device=pixels.device)
        patches, pooled = self.image_encoder(pixels, patch_mask)
        return EncodedImages(_units(patches, patch_mask), patch_mask, _units(pooled))

    def encode_reports(
        self,
        pieces: Int64[Tensor, "batch pieces"],
        piece_mask: Bool[Tensor, "batch pieces"],
        piece_to_word: Int64[Tensor, "batch pieces"],
        word_mask: Bool[Tensor, "batch words"],
    ) -> EncodedReports:
        """Embed reports as `models.tokenizing` cuts them."""
        words, pooled = self.text_encoder(pieces, piece_mask, piece_to_word, word_mask)
        return EncodedReports(_units(words, word_mask), word_mask, _units(pooled))

    def group(self, images: EncodedImages, reports: EncodedReports) -> tuple[Groups, Groups]:
        """Group patches by word (TGV) and words by patch (PGL), Eqs. 1-7."""
        scores = similarity(reports.words, images.patches)
        tgv = group(
            scores,
            images.patches,
            threshold=self.language_gate.threshold,
            row_mask=reports.word_mask,
            column_mask=images.patch_mask,
        )
        pgl = group(
            rearrange(scores, "batch words patches -> batch patches words"),
            reports.words,
            threshold=self.vision_gate.threshold,
            row_mask=images.patch_mask,
            column_mask=reports.word_mask,
        )
        return tgv, pgl

    def forward(
        self,
        pixels: Num[Tensor, "batch 1 size size"],
        patch_mask: Bool[Tensor, "batch patches"],
        pieces: Int64[Tensor, "batch pieces"],
        piece_mask: Bool[Tensor, "batch pieces"],
        piece_to_word: Int64[Tensor, "batch pieces"],
        word_mask: Bool[Tensor, "batch words"],
    ) -> Alignment:
        """Encode a batch of pairs, group it and let the groups attend to each other (Fig. 2)."""
        images = self.encode_images(pixels, patch_mask)
        reports = self.encode_reports(pieces, piece_mask, piece_to_word, word_mask)
        with torch.autocast(pixels.device.type, enabled=False):  # thresholds compare fine cosines
            tgv, pgl = self.group(images, reports)
        return Alignment(
            images=images,
            reports=reports,
            tgv=tgv,
            pgl=pgl,
            cross_tgv=self.tgv_attention(tgv.embeddings, pgl.embeddings, valid=pgl.valid),
            cross_pgl=self.pgl_attention(pgl.embeddings, tgv.embeddings, valid=tgv.valid),
        )


def load_checkpoint(path: Path | str) -> AGA:
    """Build the network of a checkpoint folder, in evaluation mode.

    Raises:
        CheckpointError: the folder is no checkpoint, a file does not match its hash, the settings
            make no network, or the weights do not fit them.
    """
    checkpoint = open_checkpoint(path)
    try:
        model = AGA(checkpoint.config, checkpoint.tokenizer())
    except ValueError as error:
        raise CheckpointError(f"{checkpoint.path}/config.json: {error}") from error
    try:
        model.load_state_dict(load_file(checkpoint.file(WEIGHTS)))
    except RuntimeError as error:
        raise CheckpointError(f"{checkpoint.path}: the weights do not fit config.json") from error
    return model.eval()


def save_checkpoint(
    model: AGA, path: Path | str, *, extras: Mapping[str, str] | None = None
) -> None:
    """Write a checkpoint folder, whole or not at all.

    Args:
        extras: further text files by relative path, as prompts or the run's settings.
    """
    state = {
        name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()
    }
    write_checkpoint(
        path,
        model.config,
        weights=save(state),
        tokenizer=model.tokenizer.to_json(),
        extras=extras or {},
    )


def _gate(config: GateConfig, *, columns: int) -> ThresholdGate:
    """Make a gate; a fixed one stands at one over the columns at most (section 4.2.4)."""
    if config.kind == "fixed":
        return ThresholdGate(momentum=0.0, initial=1.0 / columns)
    return ThresholdGate(momentum=config.momentum, initial=config.initial)


def _units(
    vectors: Float[Tensor, "*rows dim"], mask: Bool[Tensor, "*rows"] | None = None
) -> Float[Tensor, "*rows dim"]:
    """Give vectors unit length, in float32 under autocast; masked ones become zero."""
    units = normalize(precise(vectors), dim=-1)
    return units if mask is None else units * mask[..., None]
