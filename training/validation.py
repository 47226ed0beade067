"""What a run measures after each epoch: the loss on its validation pairs, and their recall."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.utils.data import DataLoader

from models.aga import AGA
from training.data.manifest import Collate, ImageReportPair, PairBatch, PairDataset, StudyBatches
from training.embedding import embed_images, embed_texts
from training.evaluation.retrieval import hits_at_k, unique_reports
from training.evaluation.statistics import Figure, bootstrap
from training.step import Trainer


@torch.no_grad()
def validation_loss(trainer: Trainer, pairs: Sequence[ImageReportPair]) -> float:
    """Return the mean total loss over batches that are the same after every epoch."""
    size = min(trainer.config.optimization.batch_size, len(pairs))
    loader: DataLoader[PairBatch] = DataLoader(
        PairDataset(pairs, trainer.config.model.preprocessing),  # type: ignore[arg-type]  # its items become batches by collate_fn
        batch_sampler=StudyBatches(pairs, batch_size=size, seed=0, one_image_per_study=False),
        collate_fn=Collate(trainer.model.tokenizer),
    )
    totals = [float(trainer.losses(batch)[1]["total"]) for batch in loader]
    return sum(totals) / len(totals)


def validation_recall(model: AGA, pairs: Sequence[ImageReportPair]) -> dict[str, Figure]:
    """Return recall of reports among the 10 best of an image; the model is in evaluation mode."""
    reports = [pair.report for pair in pairs]
    rows, places = unique_reports(reports)
    similarity = embed_images(model, pairs) @ embed_texts(model, [reports[row] for row in rows]).T
    k = min(10, len(rows))
    hits = hits_at_k(similarity, places, k=k).astype(float)
    patients = [pair.patient_id for pair in pairs]
    return {f"recall_at_{k}": bootstrap(partial(_mean, hits), patients, chance=k / len(rows))}


def _mean(values: Float[np.ndarray, " all"], rows: Int[np.ndarray, " rows"]) -> float:
    return float(values[rows].mean())
