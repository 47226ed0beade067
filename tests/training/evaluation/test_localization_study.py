"""Every marked phrase is scored beside baselines and controls."""

from pathlib import Path

import numpy as np
import pytest

from models.aga import AGA
from models.preprocessing import Letterbox
from training.data.manifest import ImageReportPair
from training.evaluation.center_prior import CenterPrior
from training.evaluation.localization_study import (
    Priors,
    ScoredPhrase,
    stretch,
    study_localization,
)
from training.evaluation.regions import read_marks


def priors_of(train: list[ImageReportPair], evaluated: list[ImageReportPair]) -> Priors:
    known, asked = (CenterPrior(some, read_marks(some, Path())) for some in (train, evaluated))
    return Priors(train=known, evaluated=asked)


@pytest.fixture(scope="module")
def scored(model: AGA, pairs: list[ImageReportPair]) -> dict[tuple[str, str], ScoredPhrase]:
    marks = read_marks(pairs, Path())
    priors = priors_of(pairs[:2], pairs)
    asked_as = {"cardiomediastinum": "heart"}
    found = study_localization(model, pairs, marks, priors, asked_as=asked_as)
    return {(one.patient, one.phrase): one for one in found}


def test_a_row_says_what_was_asked_and_in_which_text(
    scored: dict[tuple[str, str], ScoredPhrase],
) -> None:
    heart, fracture = (
        scored["patient 1", "cardiomediastinum"],
        scored["patient 3", "fracture"],
    )
    assert (heart.words, heart.context) == ("heart", "report")
    assert (fracture.words, fracture.context) == ("fracture", "phrase")


def test_a_row_has_every_variant_that_can_be_had(
    scored: dict[tuple[str, str], ScoredPhrase],
) -> None:
    assert set(scored["patient 0", "pleural effusion"].scores) == {
        *("model", "center_prior", "uniform", "shuffled_report", "other_image")
    }
    mass = scored["patient 2", "mass"]  # no other report holds it, no other image marks it
    assert (set(mass.scores), mass.prior) == ({"model", "uniform", "other_image"}, "none")


def test_the_uniform_map_points_by_the_share_of_patch_centers(
    scored: dict[tuple[str, str], ScoredPhrase],
) -> None:
    # 80 x 50 pixels in 4 x 3 patches, centers at x 10, 30, 50, 70 and y 10, 30, 45
    uniform = scored["patient 1", "pleural effusion"].scores["uniform"]
    assert uniform.pointing_game == pytest.approx(4 / 12)
    np.testing.assert_allclose(uniform.iou, 40 * 25 / (80 * 50))


def test_the_prior_of_a_training_patient_is_that_of_the_others(
    scored: dict[tuple[str, str], ScoredPhrase],
) -> None:
    # patient 1's effusion fills the lower right quarter, patient 0's lies in the lower left
    one = scored["patient 0", "pleural effusion"]
    assert one.prior == "train"
    assert one.scores["center_prior"].pointing_game == 0.0


def test_evaluated_pairs_give_the_prior_of_what_training_never_marks(
    pairs: list[ImageReportPair],
) -> None:
    priors = priors_of(pairs[2:], pairs[:2])
    assert priors.position("pleural effusion", "patient 0")[0] == "evaluated"
    assert priors.position("mass", "patient 0")[0] == "train"
    assert priors.position("mass", "patient 2") == ("none", None)


def test_progress_counts_every_map(model: AGA, pairs: list[ImageReportPair]) -> None:
    counted: list[int] = []
    marks, priors = read_marks(pairs, Path()), priors_of([], pairs)
    study_localization(model, pairs, marks, priors, asked_as={}, progress=counted.append)
    assert sum(counted) == 5 + 5 + 2  # own maps, other images, effusion in each other's report


def test_a_region_is_stretched_to_another_shape() -> None:
    marked = np.zeros((10, 20), dtype=bool)
    marked[:5, 10:] = True  # the upper right quarter
    found = stretch(marked, Letterbox(width=8, height=30, size=64, stride=16))
    expected = np.zeros((30, 8), dtype=bool)
    expected[:15, 4:] = True
    np.testing.assert_array_equal(found, expected)


def test_a_region_is_left_as_it_is_on_its_own_image() -> None:
    marked = np.random.default_rng(0).random((37, 53)) < 0.5
    same = stretch(marked, Letterbox(width=53, height=37, size=64, stride=16))
    np.testing.assert_array_equal(same, marked)
