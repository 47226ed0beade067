"""Fine-tuning learns from labelled images, and leaves the model alone."""

import numpy as np
import pytest
import torch
from PIL import Image

from models.aga import AGA
from training.data.manifest import ImageReportPair
from training.evaluation.fine_tuning import FineTuning, fine_tune
from training.evaluation.probe_figures import LabelPlan

CLASSES = ("left", "right")
QUICK = LabelPlan(fractions=(1.0,), resamples=20)
SETTINGS = FineTuning(epochs=4, least_steps=3, batch_size=8, rate=1e-3)


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> list[ImageReportPair]:
    """Draw a bright square on the left or on the right of noise, 48 times."""
    folder, random = tmp_path_factory.mktemp("bright"), np.random.default_rng(0)
    pairs = []
    for row in range(48):
        pixels = random.integers(80, size=(64, 64), dtype=np.uint8)
        column = 4 if row % 2 == 0 else 36
        pixels[20:44, column : column + 24] = 230
        Image.fromarray(pixels).save(folder / f"{row}.png")
        shown = frozenset([CLASSES[row % 2]])
        pairs.append(ImageReportPair(folder / f"{row}.png", "", f"{row}", f"{row}", "train", shown))
    return pairs


@pytest.mark.slow
def test_it_learns_and_the_model_stays_as_it_was(model: AGA, bright: list[ImageReportPair]) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random = torch.get_rng_state()
    parts = bright[:24], bright[24:36], bright[36:]
    (figure,) = fine_tune(model, *parts, classes=CLASSES, plan=QUICK, settings=SETTINGS)
    assert figure.auroc.value is not None
    assert figure.auroc.value > 0.9
    assert (figure.labels, figure.auroc.n, figure.auroc.chance) == (24.0, 12, 0.5)
    assert not model.training
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.slow
def test_a_seed_gives_one_result(model: AGA, bright: list[ImageReportPair]) -> None:
    plan = LabelPlan(fractions=(0.5,), draws=2, resamples=5)
    short = FineTuning(epochs=1, least_steps=2, batch_size=8)
    parts = bright[:8], bright[24:28], bright[36:40]
    results = [fine_tune(model, *parts, classes=CLASSES, plan=plan, settings=short) for _ in "ab"]
    assert results[0] == results[1]
    assert (results[0][0].draws, results[0][0].labels) == (2, 4.0)


@pytest.mark.slow
def test_few_images_are_shown_again(model: AGA, bright: list[ImageReportPair]) -> None:
    seen: list[int] = []
    keep = torch.optim.AdamW.step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", lambda self: (seen.append(1), keep(self))[1])
        settings = FineTuning(epochs=1, least_steps=5, batch_size=8)
        parts = bright[:12], bright[24:28], bright[36:40]
        fine_tune(model, *parts, classes=CLASSES, plan=QUICK, settings=settings)
    assert len(seen) == 6  # three times two batches


def test_no_validation_labels_are_refused(model: AGA, bright: list[ImageReportPair]) -> None:
    with pytest.raises(ValueError, match="validation pairs with labels"):
        fine_tune(model, bright[:4], [], bright[4:8], classes=CLASSES)


def test_a_shared_patient_is_refused(model: AGA, bright: list[ImageReportPair]) -> None:
    with pytest.raises(ValueError, match="2 patients stand in validation and test"):
        fine_tune(model, bright[:4], bright[4:8], bright[6:10], classes=CLASSES)
    with pytest.raises(ValueError, match="1 patients stand in training and test"):
        fine_tune(model, bright[:4], bright[4:8], [bright[0]], classes=CLASSES)
