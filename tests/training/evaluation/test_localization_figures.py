"""Figures of scored phrases against means worked out by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.evaluation.localization import THRESHOLDS, MapScores
from training.evaluation.localization_figures import (
    localization_facts,
    localization_figures,
    phrase_record,
)
from training.evaluation.localization_study import ScoredPhrase, Variant
from training.evaluation.statistics import Figure

UNDEFINED = Figure(value=None, low=None, high=None, chance=None, n=0)


def map_scores(
    points: float, *, cnr: float | None = 0.0, iou: np.ndarray | None = None
) -> MapScores:
    return MapScores(points, cnr, np.zeros(len(THRESHOLDS)) if iou is None else iou)


def figures_of(rows: Sequence[ScoredPhrase]) -> dict[str, Figure]:
    """Draw a few times only: the intervals are tested in `test_evaluation.py`."""
    return localization_figures(rows, draws=5)


def row(patient: str, phrase: str, **scores: MapScores) -> ScoredPhrase:
    """Return a phrase whose uniform map points by one in ten, where nothing else is said."""
    variants: dict[Variant, MapScores] = {"uniform": map_scores(0.1)}
    variants.update(scores)  # type: ignore[arg-type]  # keywords are plain strings
    return ScoredPhrase(Path("a.png"), patient, phrase, phrase, "report", "train", variants)


def pointing(patient: str, phrase: str, model: float, prior: float) -> ScoredPhrase:
    return row(patient, phrase, model=map_scores(model), center_prior=map_scores(prior))


ROWS = [
    pointing("a", "heart", 1.0, 1.0),
    pointing("b", "heart", 1.0, 0.0),
    pointing("c", "nodule", 0.0, 0.0),
    pointing("d", "nodule", 0.5, 0.0),
]


def test_all_findings_are_the_mean_over_rows() -> None:
    figure = figures_of(ROWS)["pointing_game"]
    assert (figure.value, figure.n) == (2.5 / 4, 4)
    assert figure.chance == pytest.approx(0.1)


def test_each_phrase_has_its_own_figure() -> None:
    figures = figures_of(ROWS)
    assert [figures[f"pointing_game/{phrase}"].value for phrase in ("heart", "nodule")] == [1, 0.25]
    assert figures["pointing_game/nodule"].n == 2


def test_the_worst_phrase_counts_once_however_many_rows_it_has() -> None:
    assert figures_of(ROWS)["pointing_game_worst"].value == 0.25
    assert localization_facts(ROWS, figures_of(ROWS))["worst"]["pointing_game"] == "nodule"


def test_the_difference_from_the_prior_is_paired() -> None:
    figures = figures_of(ROWS)
    assert figures["pointing_game_over_center_prior"].value == pytest.approx(2.5 / 4 - 1 / 4)
    assert figures["pointing_game_over_center_prior/heart"].value == pytest.approx(0.5)
    assert figures["pointing_game_over_center_prior"].chance == 0.0


def test_a_constant_lead_has_an_interval_of_no_width() -> None:
    rows = [pointing(str(n), "mass", 0.5 + n / 40, n / 40) for n in range(20)]
    lead = figures_of(rows)["pointing_game_over_center_prior"]
    assert (lead.low, lead.high) == (pytest.approx(0.5), pytest.approx(0.5))


def test_the_best_threshold_is_one_for_all_rows() -> None:
    first, second = np.zeros((2, len(THRESHOLDS)))
    first[3], first[7] = 0.9, 0.5
    second[7] = 0.6  # each its own best would be (.9 + .6) / 2; one for both is (.5 + .6) / 2
    rows = [
        row(name, "mass", model=map_scores(0.0, iou=iou))
        for name, iou in zip("ab", (first, second), strict=True)
    ]
    figures = figures_of(rows)
    assert figures["iou_best"].value == pytest.approx(0.55)
    assert localization_facts(rows, figures)["iou_best_threshold"] == pytest.approx(0.4)


def test_the_fixed_threshold_is_a_half() -> None:
    iou = np.where(np.isclose(THRESHOLDS, 0.5), 0.7, 0.0)
    assert figures_of([row("a", "mass", model=map_scores(0.0, iou=iou))])[
        "iou_at_0.5"
    ].value == pytest.approx(0.7)


def test_rows_without_a_value_are_left_out() -> None:
    rows = [
        row("a", "mass", model=map_scores(0.0, cnr=2.0)),
        row("b", "mass", model=map_scores(0.0, cnr=None)),
    ]
    figure = figures_of(rows)["cnr"]
    assert (figure.value, figure.n) == (2.0, 1)


def test_a_figure_without_any_value_is_undefined() -> None:
    rows = [row("a", "mass", model=map_scores(1.0, cnr=None))]
    figures = figures_of(rows)
    assert figures["cnr"] == figures["cnr_worst"] == figures["cnr/mass"] == UNDEFINED
    assert figures["pointing_game_shuffled_report"] == UNDEFINED
    assert figures["pointing_game_over_center_prior/mass"] == UNDEFINED
    assert localization_facts(rows, figures)["worst"]["cnr"] is None


def test_a_phrase_that_a_control_never_has_is_undefined_beside_the_others() -> None:
    rows = [
        row("a", "heart", model=map_scores(1.0), other_image=map_scores(1.0)),
        row("b", "mass", model=map_scores(1.0)),
    ]
    figures = figures_of(rows)
    assert figures["pointing_game_other_image/mass"] == UNDEFINED
    assert figures["pointing_game_other_image"].n == 1


def test_without_rows_there_are_no_figures() -> None:
    assert figures_of([]) == {}
    assert localization_facts([], {})["phrases"] == {}


def test_facts_count_texts_and_priors() -> None:
    facts = localization_facts(ROWS, figures_of(ROWS))["phrases"]["heart"]
    assert facts["context"] == {"report": 2}
    assert facts["center_prior"] == {"train": 2}


def test_a_record_holds_what_was_asked_and_each_score() -> None:
    record = phrase_record(ROWS[0])
    assert (record["phrase"], record["context"], record["patient_id"]) == ("heart", "report", "a")
    assert record["scores"]["model"] == {"pointing_game": 1.0, "cnr": 0.0, "iou_at_0.5": 0.0}
