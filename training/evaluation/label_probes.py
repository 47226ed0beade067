"""What classifiers learn from shares of the labels: linear ones, and whole image encoders.

They learn from the manifest's training split where another one is evaluated and it has labels, else
from most of the evaluated patients. Nobody who is learned from is judged on.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from tqdm import tqdm

from models.aga import AGA
from training.config import ConfigError
from training.data.manifest import ImageReportPair, read_pairs
from training.embedding import embed_images
from training.evaluation.fine_tuning import FineTuning, fine_tune
from training.evaluation.label_draws import Rows, known_labels, split_rows
from training.evaluation.linear_probe import labelled_images, linear_probe
from training.evaluation.measures import Embeddings
from training.evaluation.probe_figures import LabelPlan, ProbeFigure

LINEAR, TUNED = "linear_probe_auroc", "fine_tuning_auroc"
TEST_SHARE = 0.3  # of the evaluated patients, judged on where the others are learned from
WATCHED_SHARE = 0.2  # of the patients learned from, who choose the epoch without a validation split


@dataclass(frozen=True)
class Shares:
    """The shares of the labels, in (0, 1], that each kind of classifier learns from."""

    linear: tuple[float, ...] = ()
    tuned: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lessons:
    """Who is learned from and who is judged on, as rows; no patient is in two of them.

    Linear probes learn from `train`, fine-tuning from `tuned` and chooses its epoch by `watched`.
    """

    pairs: Sequence[ImageReportPair]  # the evaluated ones and, after them, others
    classes: tuple[str, ...]
    shares: Shares
    train: Int[np.ndarray, " train"]
    tuned: Int[np.ndarray, " tuned"]
    watched: Int[np.ndarray, " watched"]
    test: Int[np.ndarray, " test"]
    source: str

    def of(self, rows: Rows) -> list[ImageReportPair]:
        """Return the pairs of some rows."""
        return [self.pairs[row] for row in rows]

    def record(self) -> dict[str, Any]:  # Any: JSON
        """Say what was learned from, and how many images that is."""
        counts = {"train": len(self.train), "test": len(self.test)}
        if self.shares.tuned:
            counts |= {"tuned": len(self.tuned), "watched": len(self.watched)}
        return {"learned_from": self.source, "classes": list(self.classes), "images": counts}


def read_shares(*, probe: str, fine_tune: str) -> Shares | None:
    """Read the flags `--probe` and `--fine-tune`, as `0.01,0.1,1`; None where neither is given.

    Raises:
        ConfigError: a share is no number in (0, 1].
    """
    shares = Shares(_shares("--probe", probe), _shares("--fine-tune", fine_tune))
    return shares if shares.linear or shares.tuned else None


def read_others(manifest: Path, *, split: str, text_column: str) -> list[ImageReportPair]:
    """Return the labelled pairs of the splits that train and choose where another is evaluated."""
    of_split = {"test": ("train", "validation"), "validation": ("train",)}.get(split, ())
    pairs = read_pairs(manifest, splits=of_split, text_column=text_column, with_report=False)
    return [pair for pair in pairs if pair.labels is not None]


def plan_lessons(
    pairs: Sequence[ImageReportPair],
    classes: Sequence[str],
    shares: Shares,
    others: Sequence[ImageReportPair] = (),
) -> Lessons:
    """Decide who is learned from: other patients of the split train, or most of the evaluated ones.

    Raises:
        ConfigError: nobody has labels to be judged on, or too few patients have.
    """
    pool, outside = [*pairs, *others], range(len(pairs), len(pairs) + len(others))
    test = _labelled(pairs, range(len(pairs)))
    if not len(test):
        raise ConfigError("no evaluated pair has labels that a probe could be judged on")
    train, watched = (
        _labelled(pool, [row for row in outside if pool[row].split == split])
        for split in ("train", "validation")
    )
    source = "the training split"
    if not len(train):
        source = f"{100 * (1 - TEST_SHARE):.0f} % of the evaluated patients"
        train, test = _divide(pool, test, classes, share=TEST_SHARE, seed=0)
    tuned = train
    if shares.tuned and not len(watched):
        tuned, watched = _divide(pool, train, classes, share=WATCHED_SHARE, seed=1)
    return Lessons(pool, tuple(classes), shares, train, tuned, watched, test, source)


def label_figures(model: AGA, images: Embeddings, lessons: Lessons) -> dict[str, ProbeFigure]:
    """Judge a classifier for every share of the labels, by its kind and share.

    Args:
        images: of the evaluated pairs; others are embedded here.
    """
    linear = _linear(model, images, lessons) if lessons.shares.linear else []
    tuned = _tuned(model, lessons) if lessons.shares.tuned else []
    return {
        f"{kind}/{one.fraction:g}": one
        for kind, figures in ((LINEAR, linear), (TUNED, tuned))
        for one in figures
    }


def _linear(model: AGA, images: Embeddings, lessons: Lessons) -> list[ProbeFigure]:
    train, test = lessons.of(lessons.train), lessons.of(lessons.test)
    return linear_probe(
        labelled_images(_embedded(model, images, lessons), train, lessons.classes),
        labelled_images(images[lessons.test], test, lessons.classes),
        plan=LabelPlan(fractions=lessons.shares.linear),
    )


def _tuned(model: AGA, lessons: Lessons) -> list[ProbeFigure]:
    plan, settings = LabelPlan(fractions=lessons.shares.tuned, draws=1), FineTuning()
    parts = [lessons.of(rows) for rows in (lessons.tuned, lessons.watched, lessons.test)]
    total = len(plan.fractions) * settings.epochs
    with tqdm(total=total, desc="fine-tuning", unit="epoch", file=sys.stderr) as bar:
        return fine_tune(
            model,
            *parts,
            classes=lessons.classes,
            plan=plan,
            settings=settings,
            progress=lambda n: bar.update(n),
        )


def probe_record(figure: ProbeFigure) -> dict[str, Any]:  # Any: JSON
    """Return a figure as JSON, with the images whose labels it used and the spread of its draws."""
    said = ("labels", "draws", "deviation", "classes")
    return asdict(figure.auroc) | {name: getattr(figure, name) for name in said}


def _shares(flag: str, text: str) -> tuple[float, ...]:
    shares = []
    for item in filter(None, text.split(",")):
        try:
            share = float(item)
        except ValueError:
            share = 0.0
        if not 0.0 < share <= 1.0:
            raise ConfigError(f"{flag}: takes shares of the labels in (0, 1], got {item!r}")
        shares.append(share)
    return tuple(dict.fromkeys(shares))


def _labelled(pairs: Sequence[ImageReportPair], rows: Sequence[int]) -> Rows:
    return np.array([row for row in rows if pairs[row].labels is not None], dtype=np.int64)


def _divide(
    pairs: Sequence[ImageReportPair],
    rows: Int[np.ndarray, " labelled"],
    classes: Sequence[str],
    *,
    share: float,
    seed: int,
) -> tuple[Int[np.ndarray, " stay"], Int[np.ndarray, " go"]]:
    """Divide labelled rows by patient: those who stay, and about a share of them."""
    known = known_labels([pairs[row] for row in rows], classes)
    stay, go = split_rows(known.truth, known.patients, test_share=share, seed=seed)
    if not len(stay):
        count = len(set(known.patients))
        raise ConfigError(f"{count} patients with labels are too few to learn from and judge on")
    return rows[stay], rows[go]


def _embedded(model: AGA, images: Embeddings, lessons: Lessons) -> Float[np.ndarray, "train dim"]:
    """Return the embeddings that linear probes learn from."""
    if lessons.train.max() < len(images):
        return np.asarray(images[lessons.train])
    pairs = lessons.of(lessons.train)
    with tqdm(total=len(pairs), desc="embedding train", unit="pair", file=sys.stderr) as bar:
        return embed_images(model, pairs, progress=lambda n: bar.update(n))
