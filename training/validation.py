"""What a run measures after each epoch on its validation pairs: loss, recall, localization."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader

from models.aga import AGA
from models.tokenizing import ReportTokenizer
from training.data.batches import Collate, PairBatch, PairDataset, StudyBatches
from training.data.manifest import ImageReportPair
from training.embedding import embed_images, embed_texts
from training.evaluation.center_prior import CenterPrior
from training.evaluation.localization_figures import localization_figures
from training.evaluation.localization_study import Priors, study_localization
from training.evaluation.questions import pose_questions
from training.evaluation.regions import Mark
from training.evaluation.retrieval import best_ranks, unique_reports
from training.evaluation.statistics import Figure, mean_measure
from training.step import Trainer


@torch.no_grad()
def validation_loss(trainer: Trainer, pairs: Sequence[ImageReportPair]) -> float:
    """Return the mean total loss over batches that are the same after every epoch."""
    size = min(trainer.config.optimization.batch_size, len(pairs))
    loader: DataLoader[PairBatch] = DataLoader(
        PairDataset(pairs, trainer.config.model.preprocessing),  # type: ignore[arg-type]  # its items become batches by collate_fn
        batch_sampler=StudyBatches(pairs, batch_size=size, seed=0, one_image_per_study=False),
        collate_fn=Collate(trainer.model.tokenizer, trainer.config.data.negatives),
    )
    totals = [float(trainer.losses(batch)[1]["total"]) for batch in loader]
    return sum(totals) / len(totals)


def validation_recall(model: AGA, pairs: Sequence[ImageReportPair]) -> dict[str, Figure]:
    """Return recall of reports among the 10 best of an image; the model is in evaluation mode."""
    reports = [pair.report for pair in pairs]
    rows, places = unique_reports(reports)
    similarity = embed_images(model, pairs) @ embed_texts(model, [reports[row] for row in rows]).T
    k = min(10, len(rows))
    hits = best_ranks(similarity, places[:, None] == np.arange(len(rows))) <= k
    patients = [pair.patient_id for pair in pairs]
    return {f"recall_at_{k}": mean_measure(hits, patients, chance=k / len(rows)).figure()}


class ValidationMarks:
    """The regions that the validation pairs' boxes or masks mark, and their usual positions.

    Raises:
        ConfigError: a phrase holds no word that the model reads.
        ManifestError: a region does not fit its image.
    """

    def __init__(
        self, pairs: Sequence[ImageReportPair], marks: Sequence[Mark], tokenizer: ReportTokenizer
    ) -> None:
        pose_questions(tokenizer, pairs, marks, asked_as={})  # to refuse early what it refuses
        self._pairs, self._marks = pairs, marks
        prior = CenterPrior(pairs, marks)  # of all other patients of the split
        self._priors = Priors(train=prior, evaluated=prior)

    def pointing_game(self, model: AGA) -> dict[str, Figure]:
        """Return how often word maps point into their regions, by phrase too; none without marks.

        The center prior's figures stand beside the model's; chance is a uniform map's.
        """
        scored = study_localization(model, self._pairs, self._marks, self._priors, asked_as={})
        figures = localization_figures(scored, metrics=("pointing_game",))
        kept = ("pointing_game", "pointing_game_center_prior")
        return {name: one for name, one in figures.items() if name.split("/")[0] in kept}
