"""The maps that the evaluation scores are the maps that the service answers with."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.aga import AGA, load_checkpoint
from models.checkpoint import open_checkpoint
from models.heatmap import Heatmap, to_pixels
from service.engine.torch_engine import TorchEngine
from service.images import look
from service.telemetry import Hops
from service.word_maps import map_word
from tests.helpers import REPORTS, tiny_checkpoint
from training.data.manifest import ImageReportPair
from training.evaluation.questions import pose_questions
from training.evaluation.regions import read_marks
from training.evaluation.word_maps import map_words

SHAPES = ((64, 64), (50, 80), (90, 41), (300, 200), (33, 257), (5, 7), (1, 40))  # height, width
PHRASES = ("pleural effusion", "heart", "mass", "cardiomegaly", "a nodule", "pneumothorax")
ROUNDING = 1e-5  # of float32, which min-max scaling enlarges where similarities are alike


@pytest.fixture(scope="module", params=["paper", "aga"])
def checkpoint(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("agree") / "checkpoint"
    return tiny_checkpoint(path, request.param, export=False)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> AGA:
    return load_checkpoint(checkpoint)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[ImageReportPair]:
    """Write an image of each shape; every phrase is marked on each, in its report or not."""
    folder, random, made = tmp_path_factory.mktemp("images"), np.random.default_rng(0), []
    boxes = {phrase: [0, 0, 1, 1] for phrase in PHRASES}
    for number, (height, width) in enumerate(SHAPES):
        path, report = folder / f"{number}.png", REPORTS[number % len(REPORTS)]
        Image.fromarray(random.integers(256, size=(height, width), dtype=np.uint8)).save(path)
        name, marks = path.stem, {"boxes": boxes}
        made.append(ImageReportPair(path, report, name, name, "test", None, marks))
    return made


def evaluated(model: AGA, pairs: list[ImageReportPair], *, batch_size: int) -> list[Heatmap]:
    posed = pose_questions(model.tokenizer, pairs, read_marks(pairs, Path()), asked_as={})
    return map_words(model, pairs, [each["model"] for each in posed], batch_size=batch_size)


@pytest.fixture(scope="module")
def served(checkpoint: Path, pairs: list[ImageReportPair]) -> list[Heatmap]:
    """Ask the service for every phrase on every image, as a caller would."""
    engine, maps = TorchEngine(open_checkpoint(checkpoint)), []
    for pair in pairs:
        seen = look(pair.image.read_bytes(), engine, Hops())
        for phrase in PHRASES:
            context = pair.report if phrase in pair.report.lower() else phrase
            maps.append(map_word(engine, seen, token=phrase, context=context).heatmap)
    return maps


def test_every_pixel_is_the_services_where_each_image_is_asked_alone(
    served: list[Heatmap], model: AGA, pairs: list[ImageReportPair]
) -> None:
    ours = evaluated(model, pairs, batch_size=1)
    shapes = [shape for shape in SHAPES for _ in PHRASES]
    for own, theirs, shape in zip(ours, served, shapes, strict=True):
        np.testing.assert_array_equal(to_pixels(own), to_pixels(theirs))
        assert to_pixels(own).shape == shape


def test_every_pixel_is_the_services_but_for_rounding_where_images_are_asked_together(
    served: list[Heatmap], model: AGA, pairs: list[ImageReportPair]
) -> None:
    ours = evaluated(model, pairs, batch_size=32)
    for own, theirs in zip(ours, served, strict=True):
        np.testing.assert_allclose(to_pixels(own), to_pixels(theirs), rtol=0, atol=ROUNDING)
        assert own.weights.argmax() == theirs.weights.argmax()
