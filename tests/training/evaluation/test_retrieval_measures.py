"""Retrieval both ways on four pairs whose similarities can be ranked by eye."""

from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import ImageReportPair
from training.evaluation.retrieval_measures import retrieval_measures
from training.evaluation.statistics import Figure, Measure

# Images 0 and 3 carry the same report. Similarity of images (rows) and distinct reports a, b, c:
SIMILARITY = np.array([[0.9, 0.5, 0.1], [0.2, 0.4, 0.8], [0.1, 0.2, 0.3], [0.3, 0.6, 0.2]])
REPORTS = ("a", "b", "c", "a")


def pairs(labels: tuple[str | None, ...] = ("x", "x", "y", "y")) -> list[ImageReportPair]:
    sets = [None if label is None else frozenset(label) for label in labels]
    return [
        ImageReportPair(Path(f"{row}.png"), report, str(row), f"patient {row}", "test", of_row, {})
        for row, (report, of_row) in enumerate(zip(REPORTS, sets, strict=True))
    ]


def measures(given: list[ImageReportPair]) -> dict[str, Measure]:
    """Embed reports as axes, so that an image's embedding is its row of the matrix."""
    reports = np.eye(3)[[REPORTS.index(report) for report in REPORTS]]
    reports[3] = reports[0]
    return retrieval_measures(SIMILARITY, reports, given)


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return {name: one.figure(draws=5) for name, one in measures(pairs()).items()}


def test_images_find_their_reports_among_distinct_ones(figures: dict[str, Figure]) -> None:
    # the own report stands at places 1, 2, 1, 2
    assert (figures["recall_at_1"].value, figures["recall_at_1"].n) == (1 / 2, 4)
    assert figures["recall_at_1"].chance == pytest.approx(1 / 3)
    assert (figures["median_rank"].value, figures["median_rank"].chance) == (1.5, 2.0)


def test_reports_find_any_image_that_carries_them(figures: dict[str, Figure]) -> None:
    # a ranks images 0, 3, 1, 2: found first; b ranks 3, 0, 1, 2: third; c ranks 1, 2, 3, 0: second
    recall, rank = (figures[f"{name}_report_to_image"] for name in ("recall_at_1", "median_rank"))
    assert (recall.value, recall.n) == (pytest.approx(1 / 3), 3)
    assert recall.chance == pytest.approx((2 / 4 + 1 / 4 + 1 / 4) / 3)
    assert rank.value == 2.0
    assert rank.chance == 2.0  # places 1 to 4: 1/3 and 11/18 of queries are found by then


def test_a_report_belongs_to_the_patient_of_its_first_row() -> None:
    owners = measures(pairs())["recall_at_1_report_to_image"].patients
    assert owners == ["patient 0", "patient 1", "patient 2"]


def test_k_beyond_the_candidates_is_left_out(figures: dict[str, Figure]) -> None:
    found = {name for name in figures if "_at_" in name}
    assert found == {"recall_at_1", "recall_at_1_report_to_image"}


def test_precision_counts_rows_with_the_same_findings() -> None:
    # five copies of two opposite pairs: each image finds the five reports of its own kind first
    given = [
        ImageReportPair(Path("i.png"), str(row), str(row), str(row), "test", frozenset(kind), {})
        for row, kind in enumerate("xy" * 5)
    ]
    embedded = np.eye(2)[[0, 1] * 5]
    found = retrieval_measures(embedded, embedded, given)
    assert found["precision_at_5"].figure(draws=5).value == 1.0
    assert found["precision_at_10"].figure(draws=5).value == 0.5
    assert found["precision_at_10"].chance == 0.5
    assert "precision_at_100" not in found


def test_precision_needs_the_labels_of_every_row() -> None:
    given = [pair for pair in pairs(("x", "x", None, "y")) for _ in range(2)]
    embedded = np.ones((8, 2))
    assert not any("precision" in name for name in retrieval_measures(embedded, embedded, given))
