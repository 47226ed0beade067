"""Where regions usually lie: mean positions, and how they lie on an image's patches."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.preprocessing import Letterbox
from training.data.manifest import ImageReportPair
from training.evaluation.center_prior import (
    CELLS,
    CenterPrior,
    lay_on_patches,
    position_map,
    uniform_map,
)
from training.evaluation.regions import read_marks


def prior_of(folder: Path, cases: Sequence[tuple[str, tuple[int, int], list[int]]]) -> CenterPrior:
    """Mark one mass for each patient, image size (width, height) and box."""
    pairs = []
    for number, (patient, size, box) in enumerate(cases):
        Image.new("L", size).save(folder / f"{number}.png")
        path, marks = folder / f"{number}.png", {"boxes": {"mass": box}}
        pairs.append(ImageReportPair(path, "text", str(number), patient, "train", None, marks))
    return CenterPrior(pairs, read_marks(pairs, folder))


def half(*, left: bool = False, top: bool = False) -> np.ndarray:
    cells = np.zeros((CELLS, CELLS))
    cells[: CELLS // 2 if top else CELLS, : CELLS // 2 if left else CELLS] = 1.0
    return cells


def test_positions_are_fractions_of_the_image_whatever_its_shape(tmp_path: Path) -> None:
    prior = prior_of(tmp_path, [("a", (100, 30), [0, 0, 50, 30]), ("b", (30, 70), [0, 0, 15, 70])])
    found = prior.position("mass", without_patient="nobody")
    np.testing.assert_allclose(found, half(left=True), atol=1e-6)


def test_the_prior_is_the_mean_over_regions(tmp_path: Path) -> None:
    prior = prior_of(tmp_path, [("a", (64, 64), [0, 0, 32, 64]), ("b", (64, 64), [0, 0, 64, 32])])
    found = prior.position("mass", without_patient="nobody")
    np.testing.assert_allclose(found, (half(left=True) + half(top=True)) / 2, atol=1e-6)


def test_a_patient_has_no_say_in_the_own_prior(tmp_path: Path) -> None:
    own = ("a", (64, 64), [0, 0, 32, 64])
    prior = prior_of(tmp_path, [own, own, ("b", (64, 64), [0, 0, 64, 32])])
    found = prior.position("mass", without_patient="a")
    np.testing.assert_allclose(found, half(top=True), atol=1e-6)


def test_without_a_region_of_others_there_is_no_prior(tmp_path: Path) -> None:
    prior = prior_of(tmp_path, [("a", (64, 64), [0, 0, 32, 64])])
    assert prior.position("mass", without_patient="a") is None
    assert prior.position("nodule", without_patient="nobody") is None


def test_an_image_turned_by_its_camera_is_upright(tmp_path: Path) -> None:
    image, exif = Image.new("L", (40, 20)), Image.Exif()
    exif[0x0112] = 6  # a quarter turn: 20 wide, 40 high
    image.save(tmp_path / "turned.jpg", exif=exif)
    marks = {"boxes": {"mass": [0, 0, 20, 20]}}
    pair = ImageReportPair(tmp_path / "turned.jpg", "text", "s", "a", "train", None, marks)
    prior = CenterPrior([pair], read_marks([pair], tmp_path))
    found = prior.position("mass", without_patient="nobody")
    np.testing.assert_allclose(found, half(top=True), atol=1e-6)


def test_a_cell_that_is_half_covered_counts_half() -> None:
    marked = np.zeros((2 * CELLS, 2 * CELLS), dtype=bool)
    marked[:, 0] = True
    assert position_map(marked)[:, 0].tolist() == [0.5] * CELLS


@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64), (40, 100), (30, 90)])
def test_a_position_lies_on_the_patches_that_show_it(width: int, height: int) -> None:
    box = Letterbox(width=width, height=height, size=64, stride=16)
    weights = lay_on_patches(half(top=True), box).weights
    rows = np.arange(box.grid[0] + 1) * 16 / box.picture_height
    shown = (np.clip(0.5, rows[:-1], np.minimum(rows[1:], 1)) - rows[:-1]) > 0
    assert weights.shape == box.grid
    assert ((weights > 0) == shown[:, None]).all()
    assert weights.sum() == pytest.approx(1.0)


def test_a_patch_takes_the_mean_over_its_part_of_the_picture() -> None:
    box = Letterbox(width=48, height=64, size=64, stride=16)  # three columns: half is 1 1/2
    weights = lay_on_patches(half(left=True), box).weights
    np.testing.assert_allclose(weights, [[1 / 6, 1 / 12, 0]] * 4)


def test_a_uniform_map_sums_to_one_over_the_picture() -> None:
    weights = uniform_map(Letterbox(width=128, height=64, size=64, stride=16)).weights
    np.testing.assert_array_equal(weights, np.full((2, 4), 1 / 8))
