"""The engine on PyTorch, for machines that train."""

from collections.abc import Sequence

import numpy as np
import torch

from models.aga import load_checkpoint
from models.checkpoint import Checkpoint
from models.grouping import similarity
from models.preprocessing import PreparedImage
from models.types import EncodedImages, EncodedReports
from service.engine.protocol import EmbeddedImages, EmbeddedTexts, TokenGroups


class TorchEngine:
    """Run a checkpoint's network in float32 on the CPU."""

    kind, precision = "torch", "fp32"

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model = load_checkpoint(checkpoint.path)
        self.identity, self.config = checkpoint.identity, checkpoint.config
        self.tokenizer, self.thresholds = self._model.tokenizer, checkpoint.thresholds()

    @torch.no_grad()
    def encode_images(self, images: Sequence[PreparedImage]) -> EmbeddedImages:
        """Embed prepared images."""
        mask = np.stack([image.letterbox.patch_mask for image in images])
        pixels = torch.from_numpy(np.stack([image.pixels for image in images])[:, None])
        encoded = self._model.encode_images(pixels, torch.from_numpy(mask))
        return EmbeddedImages(encoded.patches.numpy(), mask, encoded.pooled.numpy())

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """Embed texts."""
        tokens = self.tokenizer(texts)
        arrays = (tokens.pieces, tokens.piece_mask, tokens.piece_to_word, tokens.word_mask)
        encoded = self._model.encode_reports(*(torch.from_numpy(array) for array in arrays))
        return EmbeddedTexts(
            encoded.words.numpy(), tokens.word_mask, encoded.pooled.numpy(), tokens.words
        )

    @torch.no_grad()
    def group(self, texts: EmbeddedTexts, images: EmbeddedImages) -> TokenGroups:
        """Let each word gather patches."""
        patches, words = torch.from_numpy(images.patches), torch.from_numpy(texts.words)
        tgv, _ = self._model.group(
            EncodedImages(patches, torch.from_numpy(images.patch_mask), patches[:, 0]),
            EncodedReports(words, torch.from_numpy(texts.word_mask), words[:, 0]),
        )
        scores = similarity(words, patches)
        return TokenGroups(scores.numpy(), tgv.weights.numpy(), tgv.embeddings.numpy())
