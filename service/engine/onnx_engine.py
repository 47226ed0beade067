"""The engine on ONNX Runtime: no torch."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from models.checkpoint import Checkpoint, CheckpointError
from models.preprocessing import PreparedImage
from service.engine.protocol import EmbeddedImages, EmbeddedTexts, TokenGroups


class OnnxEngine:
    """Run a checkpoint's fp32 graphs on the CPU.

    Raises:
        CheckpointError: the checkpoint holds no graphs.
    """

    kind, precision = "onnx", "fp32"

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.identity, self.config = checkpoint.identity, checkpoint.config
        self.tokenizer, self.thresholds = checkpoint.tokenizer(), checkpoint.thresholds()
        self._sessions = {
            name: _session(checkpoint, f"onnx/{self.precision}/{name}.onnx")
            for name in ("image", "text", "groups")
        }

    def encode_images(self, images: Sequence[PreparedImage]) -> EmbeddedImages:
        """Embed prepared images."""
        mask = np.stack([image.letterbox.patch_mask for image in images])
        pixels = np.stack([image.pixels for image in images])[:, None]
        patches, pooled = self._run("image", ["patches", "pooled"], pixels=pixels, patch_mask=mask)
        return EmbeddedImages(patches, mask, pooled)

    def encode_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """Embed texts."""
        tokens = self.tokenizer(texts)
        words, pooled = self._run(
            "text",
            ["words", "pooled"],
            pieces=tokens.pieces,
            piece_mask=tokens.piece_mask,
            piece_to_word=tokens.piece_to_word,
            word_mask=tokens.word_mask,
        )
        return EmbeddedTexts(words, tokens.word_mask, pooled, tokens.words)

    def group(self, texts: EmbeddedTexts, images: EmbeddedImages) -> TokenGroups:
        """Let each word gather patches."""
        similarity, weights, tgv = self._run(
            "groups",
            ["similarity", "tgv_weights", "tgv"],
            words=texts.words,
            word_mask=texts.word_mask,
            patches=images.patches,
            patch_mask=images.patch_mask,
        )
        return TokenGroups(similarity, weights, tgv)

    def _run(self, graph: str, outputs: list[str], **feeds: np.ndarray) -> list[Any]:
        results: list[Any] = self._sessions[graph].run(outputs, feeds)  # Any: the runtime's arrays
        return results


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone: the container's cores
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _session(checkpoint: Checkpoint, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if name not in checkpoint.files:
        raise CheckpointError(
            f"{checkpoint.path}: holds no {name}; run python -m models.export {checkpoint.path}"
        )
    return onnxruntime.InferenceSession(
        checkpoint.file(name), options, providers=["CPUExecutionProvider"]
    )
