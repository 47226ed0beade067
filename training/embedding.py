"""Embed every pair of a list with a frozen model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.data import DataLoader

from models.aga import AGA
from models.types import Alignment, EncodedReports
from training.data.manifest import Collate, ImageReportPair, PairBatch, PairDataset


@dataclass(frozen=True)
class EmbeddedPairs:
    """Global unit embeddings of images and of their reports, row by row."""

    images: Float[np.ndarray, "pairs dim"]
    reports: Float[np.ndarray, "pairs dim"]


@torch.no_grad()
def embed_pairs(
    model: AGA,
    pairs: Sequence[ImageReportPair],
    *,
    batch_size: int = 32,
    progress: Callable[[int], object] | None = None,
) -> EmbeddedPairs:
    """Embed images and reports; the model is put in evaluation mode and its mode given back."""
    was_training, device = model.training, model.language_gate.threshold.device
    model.eval()
    loader: DataLoader[PairBatch] = DataLoader(
        PairDataset(pairs, model.config.preprocessing),  # type: ignore[arg-type]  # items, collated
        batch_size=batch_size,
        collate_fn=Collate(model.tokenizer),
    )
    images, reports = [], []
    for batch in loader:
        pixels, patch_mask, *text = batch.inputs(device)
        images.append(model.encode_images(pixels, patch_mask).pooled.cpu().numpy())
        reports.append(model.encode_reports(*text).pooled.cpu().numpy())
        if progress is not None:
            progress(len(pixels))
    model.train(was_training)
    return EmbeddedPairs(np.concatenate(images), np.concatenate(reports))


def embed_texts(model: AGA, texts: Sequence[str]) -> Float[np.ndarray, "texts dim"]:
    """Embed texts with a model in evaluation mode."""
    return np.asarray(encode_texts(model, texts).pooled.cpu().numpy())


@torch.no_grad()
def encode_texts(model: AGA, texts: Sequence[str]) -> EncodedReports:
    """Embed texts and their words with a model in evaluation mode."""
    device = model.language_gate.threshold.device
    tokens = model.tokenizer(texts)
    arrays = (tokens.pieces, tokens.piece_mask, tokens.piece_to_word, tokens.word_mask)
    return model.encode_reports(*(torch.from_numpy(array).to(device) for array in arrays))


@torch.no_grad()
def align_pairs(model: AGA, pairs: Sequence[ImageReportPair]) -> Alignment:
    """Align a handful of pairs, in one batch, with a model in evaluation mode."""
    data = PairDataset(pairs, model.config.preprocessing)
    batch = Collate(model.tokenizer)([data[row] for row in range(len(data))])
    aligned: Alignment = model(*batch.inputs(model.language_gate.threshold.device))
    return aligned
