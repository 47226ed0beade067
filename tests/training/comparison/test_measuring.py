"""One run on one set: the settings decide what is measured."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers import tiny_model
from training.comparison.config import PhantomSource
from training.comparison.config import TestSet as Settings  # pytest collects names with Test
from training.comparison.measuring import MeasuredSet, measure_run
from training.data.manifest import ImageReportPair
from training.evaluation.fine_tuning import FineTuning


@pytest.mark.slow
def test_a_set_can_ask_for_probes_and_fine_tuning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(FineTuning, epochs=2, least_steps=2)
    monkeypatch.setattr("training.evaluation.label_probes.FineTuning", quick)
    random, pairs = np.random.default_rng(0), []
    for row in range(12):
        image, shown = tmp_path / f"{row}.png", frozenset(["mass"] if row % 2 else [])
        Image.fromarray(random.integers(256, size=(64, 64), dtype=np.uint8)).save(image)
        pairs.append(ImageReportPair(image, "No mass.", f"{row}", f"{row}", "test", shown))
    phantom = PhantomSource(kind="chest", n=8, seed=0)  # never made
    settings = Settings(phantom=phantom, probe=(1.0,), fine_tune=(1.0,))
    found = measure_run(tiny_model(), MeasuredSet("few", settings, tmp_path, pairs, [], None))
    assert list(found.figures) == ["linear_probe_auroc/1", "fine_tuning_auroc/1"]
    assert len({figure.n for figure in found.figures.values()}) == 1  # judged on the same images
