"""Linear probe: how well a linear classifier reads classes from frozen image embeddings (Table 3).

One logistic regression per class, so that classes that compete and findings that do not are judged
alike: by the mean one-vs-rest AUROC. The penalty is the same everywhere, C = 1 on standardized
embeddings: at one percent a class has one or two labelled images, too few to choose C from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression

from training.data.manifest import ImageReportPair
from training.evaluation.label_draws import KnownLabels, Rows, known_labels
from training.evaluation.probe_figures import Columns, LabelPlan, ProbeFigure, probe_figures

PENALTY = 1.0  # C of scikit-learn: the inverse strength
MOST_STEPS = 1000


@dataclass(frozen=True)
class LabelledImages:
    """Frozen embeddings of the images whose labels are known."""

    embeddings: Float[np.ndarray, "rows dim"]
    labels: KnownLabels


def labelled_images(
    embeddings: Float[np.ndarray, "pairs dim"],
    pairs: Sequence[ImageReportPair],
    classes: Sequence[str],
) -> LabelledImages:
    """Keep the embeddings of the pairs that have labels."""
    labels = known_labels(pairs, classes)
    return LabelledImages(embeddings[labels.rows], labels)


def linear_probe(
    train: LabelledImages, test: LabelledImages, *, plan: LabelPlan | None = None
) -> list[ProbeFigure]:
    """Train on each fraction of the labels and judge on the test images.

    Embeddings are standardized by all training images, which needs no label.

    Raises:
        ValueError: a patient stands in both sets, or a fraction is not in (0, 1].
    """
    seen, asked = _standardized(train.embeddings, test.embeddings)

    def learn(rows: Rows, classes: Columns, _: int) -> Float[np.ndarray, "others judged"]:
        return _scores(seen[rows], train.labels.truth[np.ix_(rows, classes)], asked)

    return probe_figures(learn, train.labels, test.labels, plan=plan or LabelPlan())


def _standardized(
    train: Float[np.ndarray, "rows dim"], test: Float[np.ndarray, "others dim"]
) -> tuple[Float[np.ndarray, "rows dim"], Float[np.ndarray, "others dim"]]:
    """Give every dimension mean 0 and deviation 1 over the training images, in double precision."""
    wide = train.astype(np.float64)
    mean, deviation = wide.mean(axis=0), wide.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)  # a dimension that never varies tells nothing
    return (wide - mean) / scale, (test.astype(np.float64) - mean) / scale


def _scores(
    embeddings: Float[np.ndarray, "rows dim"],
    truth: Bool[np.ndarray, "rows classes"],
    asked: Float[np.ndarray, "others dim"],
) -> Float[np.ndarray, "others classes"]:
    """Fit one classifier per class; return what each says of the images asked about."""
    scores = np.empty((len(asked), truth.shape[1]))
    for column, shown in enumerate(truth.T):
        classifier = LogisticRegression(C=PENALTY, max_iter=MOST_STEPS)
        scores[:, column] = classifier.fit(embeddings, shown).decision_function(asked)
    return scores
