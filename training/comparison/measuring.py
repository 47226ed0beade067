"""Measure one run of a comparison on one set: what the set's settings ask for."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.aga import AGA
from models.checkpoint import open_checkpoint
from models.prompts import PromptSet
from training.comparison.config import TestSet
from training.data.manifest import ImageReportPair
from training.embedding import embed_images
from training.evaluation.label_draws import class_names
from training.evaluation.label_probes import Shares, label_figures, plan_lessons
from training.evaluation.measures import Embeddings, Measures, measures_of
from training.evaluation.provenance import provenance
from training.evaluation.regions import Mark
from training.evaluation.statistics import DRAWS, Figure
from training.evaluation.text_measures import text_measures

RETRIEVAL = ("precision_at_", "recall_at_", "median_rank")


@dataclass(frozen=True)
class MeasuredSet:
    """A test set with its pairs, as every run is measured on it."""

    name: str
    settings: TestSet
    manifest: Path
    pairs: list[ImageReportPair]
    marks: list[Mark]
    prompts: PromptSet | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are told apart: those of the prompts, or all that occur."""
        return class_names(self.pairs, self.prompts)


@dataclass(frozen=True)
class RunMeasures:
    """What was measured of one run on one set."""

    images: Embeddings
    measures: Measures  # to be paired with another run's
    figures: dict[str, Figure]  # all of them


def measure_run(model: AGA, test_set: MeasuredSet) -> RunMeasures:
    """Measure what the set's settings ask for; the model is in evaluation mode."""
    settings, pairs = test_set.settings, test_set.pairs
    images = embed_images(model, pairs)
    measures = measures_of(model, pairs, images, test_set.prompts)
    kept = {
        name: one
        for name, one in measures.items()
        if settings.retrieval or not name.startswith(RETRIEVAL)
    }
    figures = {name: one.figure() for name, one in kept.items()}
    if settings.probe or settings.fine_tune:
        figures |= _probes(model, images, test_set)
    if settings.texts:
        asked = text_measures(model, pairs, images, test_set.labels)
        figures |= {name: one.figure() for name, one in asked.items()}
    return RunMeasures(images, kept, figures)


def record(checkpoint: Path, test_set: MeasuredSet, figures: dict[str, Figure]) -> dict[str, Any]:
    """Return the figures with everything that they rest on, as JSON."""
    opened = open_checkpoint(checkpoint)
    facts = provenance(opened, test_set.manifest, test_set.pairs, test_set.prompts)
    return {
        **facts,
        "set": test_set.settings.model_dump(mode="json", exclude_defaults=True),
        "interval": f"95 %, bootstrap over patients, {DRAWS} draws",
        "figures": {name: asdict(one) for name, one in figures.items()},
    }


def _probes(model: AGA, images: Embeddings, test_set: MeasuredSet) -> dict[str, Figure]:
    """Learn from shares of the labels of some patients; judge on the others."""
    shares = Shares(linear=test_set.settings.probe, tuned=test_set.settings.fine_tune)
    lessons = plan_lessons(test_set.pairs, test_set.labels, shares)
    return {name: one.auroc for name, one in label_figures(model, images, lessons).items()}
