"""Fine-tuning: the image encoder with a linear head learns from a fraction of labels (Table 3).

Binary cross-entropy per class, AdamW, the epoch with the least loss on the validation pairs, all of
whose labels are used. The head learns ten times as fast: it starts from nothing.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Num
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from models.aga import AGA
from models.preprocessing import PreparedImage
from training.data.batches import PairDataset
from training.data.manifest import ImageReportPair
from training.evaluation.label_draws import Rows, known_labels
from training.evaluation.probe_figures import Columns, LabelPlan, ProbeFigure, probe_figures

HEAD_PACE = 10.0  # the head's learning rate over the encoder's


@dataclass(frozen=True)
class FineTuning:
    """How a classifier is trained."""

    epochs: int = 10
    least_steps: int = 10  # of an epoch: a few images are shown again until it has so many
    batch_size: int = 32
    rate: float = 1e-4
    weight_decay: float = 1e-2


@dataclass(frozen=True)
class _Lesson:
    """Pairs, and which classes each shows."""

    pairs: Sequence[ImageReportPair]
    truth: Bool[np.ndarray, "rows classes"]

    def only(self, rows: Rows, columns: Columns) -> "_Lesson":
        """Keep some rows and some classes."""
        return _Lesson([self.pairs[row] for row in rows], self.truth[np.ix_(rows, columns)])

    def target(self, rows: Sequence[int], device: torch.device) -> Float[Tensor, "batch classes"]:
        """Return what the scores of some rows should become: 1 where a class is shown."""
        return torch.from_numpy(self.truth[list(rows)]).float().to(device)


def fine_tune(
    model: AGA,
    train: Sequence[ImageReportPair],
    validation: Sequence[ImageReportPair],
    test: Sequence[ImageReportPair],
    *,
    classes: Sequence[str],
    plan: LabelPlan | None = None,
    settings: FineTuning | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[ProbeFigure]:
    """Train a copy of the encoder on each fraction of the labels; the model itself stays as it is.

    Args:
        progress: called with 1 after every epoch.

    Raises:
        ValueError: no validation pair has labels, a patient of the test pairs stands in another
            set, or a fraction is not in (0, 1].
    """
    known = [known_labels(pairs, classes) for pairs in (train, validation, test)]
    seen, watched, asked = (
        _Lesson([pairs[row] for row in labels.rows], labels.truth)
        for pairs, labels in zip((train, validation, test), known, strict=True)
    )
    if not watched.pairs:
        raise ValueError("fine-tuning needs validation pairs with labels to choose its epoch")
    if shared := set(known[1].patients) & set(known[2].patients):
        raise ValueError(f"{len(shared)} patients stand in validation and test")
    every, tuning = np.arange(len(watched.pairs)), settings or FineTuning()

    def learn(rows: Rows, columns: Columns, seed: int) -> Float[np.ndarray, "others judged"]:
        if not len(columns):
            return np.zeros((len(asked.pairs), 0))  # no class can be judged
        lessons = seen.only(rows, columns), watched.only(every, columns)
        classifier = _train(model, *lessons, tuning, seed=seed, progress=progress)
        return _scores(classifier, asked.pairs, tuning).numpy()

    return probe_figures(learn, known[0], known[2], plan=plan or LabelPlan(draws=1))


class _Classifier(nn.Module):
    """A copy of an image encoder, and one score per class from its global embedding."""

    def __init__(self, model: AGA, *, classes: int) -> None:
        super().__init__()
        self.encoder = deepcopy(model.image_encoder)
        self.head = nn.Linear(model.config.dim, classes)

    def forward(
        self,
        pixels: Num[Tensor, "batch 1 size size"],
        patch_mask: Bool[Tensor, "batch patches"],
    ) -> Float[Tensor, "batch classes"]:
        """Return the scores of grey images, as the encoder takes them."""
        _, pooled = self.encoder(pixels, patch_mask)
        scores: Tensor = self.head(pooled)
        return scores


def _train(
    model: AGA,
    train: _Lesson,
    validation: _Lesson,
    tuning: FineTuning,
    *,
    seed: int,
    progress: Callable[[int], object] | None,
) -> _Classifier:
    """Train a classifier; return it as it was after the epoch with the least validation loss."""
    device = model.language_gate.threshold.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        classifier = _Classifier(model, classes=train.truth.shape[1]).to(device)
        groups = [
            {"params": classifier.encoder.parameters(), "lr": tuning.rate},
            {"params": classifier.head.parameters(), "lr": HEAD_PACE * tuning.rate},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=tuning.weight_decay)
        least, best = float("inf"), classifier.state_dict()
        for epoch in range(tuning.epochs):
            _learn_once(classifier, optimizer, train, tuning, order=[seed, epoch])
            scores = _scores(classifier, validation.pairs, tuning)
            target = validation.target(range(len(scores)), scores.device)
            loss = float(binary_cross_entropy_with_logits(scores, target))
            if loss < least:
                least, best = loss, deepcopy(classifier.state_dict())
            if progress is not None:
                progress(1)
    classifier.load_state_dict(best)
    return classifier


def _learn_once(
    classifier: _Classifier,
    optimizer: torch.optim.Optimizer,
    lesson: _Lesson,
    tuning: FineTuning,
    *,
    order: Sequence[int],
) -> None:
    """Show every image, each as often, in batches of about one size: one has no statistics."""
    random, count = np.random.default_rng(order), math.ceil(len(lesson.pairs) / tuning.batch_size)
    batches = [
        part.tolist()
        for _ in range(math.ceil(tuning.least_steps / count))
        for part in np.array_split(random.permutation(len(lesson.pairs)), count)
    ]
    classifier.train()
    for rows, scores in _run(classifier, lesson.pairs, batches):
        loss = binary_cross_entropy_with_logits(scores, lesson.target(rows, scores.device))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        optimizer.step()


@torch.no_grad()
def _scores(
    classifier: _Classifier, pairs: Sequence[ImageReportPair], tuning: FineTuning
) -> Float[Tensor, "rows classes"]:
    """Score every image, in order."""
    rows = list(range(len(pairs)))
    starts = range(0, len(rows), tuning.batch_size)
    batches = [rows[start : start + tuning.batch_size] for start in starts]
    classifier.eval()
    return torch.cat([scores.cpu() for _, scores in _run(classifier, pairs, batches)])


def _run(
    classifier: _Classifier, pairs: Sequence[ImageReportPair], batches: Sequence[list[int]]
) -> Iterator[tuple[list[int], Float[Tensor, "batch classes"]]]:
    """Yield the rows of every batch and their scores."""
    device = classifier.head.weight.device
    loader: DataLoader[list[PreparedImage]] = DataLoader(
        PairDataset(pairs, classifier.encoder.preprocessing),  # type: ignore[arg-type]  # items
        batch_sampler=batches,
        collate_fn=lambda items: [image for image, _ in items],
        generator=torch.Generator(),  # else each pass would move the program's
    )
    for rows, prepared in zip(batches, loader, strict=True):
        pixels = torch.from_numpy(np.stack([image.pixels for image in prepared])[:, None])
        mask = torch.from_numpy(np.stack([image.letterbox.patch_mask for image in prepared]))
        yield rows, classifier(pixels.to(device), mask.to(device))
