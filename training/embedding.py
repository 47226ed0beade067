"""Embed the images and texts of a list with a frozen model."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.data import DataLoader

from models.aga import AGA
from models.preprocessing import PreparedImage
from models.types import Alignment, EncodedReports
from training.config import NegativesConfig
from training.data.batches import Collate, PairDataset
from training.data.manifest import ImageReportPair


@torch.no_grad()
def embed_images(
    model: AGA,
    pairs: Sequence[ImageReportPair],
    *,
    batch_size: int = 32,
    progress: Callable[[int], object] | None = None,
) -> Float[np.ndarray, "pairs dim"]:
    """Embed the images of pairs with a model in evaluation mode, as unit vectors."""
    device = model.language_gate.threshold.device
    loader: DataLoader[list[PreparedImage]] = DataLoader(
        PairDataset(pairs, model.config.preprocessing),  # type: ignore[arg-type]  # items, collated
        batch_size=batch_size,
        collate_fn=lambda items: [image for image, _ in items],
    )
    embedded = []
    for images in loader:
        pixels = torch.from_numpy(np.stack([image.pixels for image in images])[:, None])
        mask = torch.from_numpy(np.stack([image.letterbox.patch_mask for image in images]))
        encoded = model.encode_images(pixels.to(device), mask.to(device))
        embedded.append(encoded.pooled.cpu().numpy())
        if progress is not None:
            progress(len(images))
    return np.concatenate(embedded)


def embed_texts(
    model: AGA, texts: Sequence[str], *, batch_size: int = 32
) -> Float[np.ndarray, "texts dim"]:
    """Embed texts with a model in evaluation mode, as unit vectors."""
    batches = [texts[start : start + batch_size] for start in range(0, len(texts), batch_size)]
    return np.concatenate([encode_texts(model, one).pooled.cpu().numpy() for one in batches])


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
    batch = Collate(model.tokenizer, NegativesConfig())([data[row] for row in range(len(data))])
    aligned: Alignment = model(*batch.inputs(model.language_gate.threshold.device))
    return aligned
