"""Outcomes: spread over seeds, tests against the reference, and the tables made of them."""

import csv
import io

import numpy as np
import pytest

from training.comparison.config import Comparison
from training.comparison.measuring import RunMeasures
from training.comparison.outcomes import Outcome, outcomes_of
from training.comparison.tables import tables_of
from training.evaluation.statistics import mean_measure

QUERIES = 400
PATIENTS = [str(query) for query in range(QUERIES)]


def run_of(share: float, *, seed: int = 0) -> RunMeasures:
    """Make a run that is right in a share of its queries."""
    right = np.random.default_rng(seed).random(QUERIES) < share
    measures = {"precision_at_5": mean_measure(right, PATIENTS, chance=0.2)}
    figures = {name: one.figure(draws=20) for name, one in measures.items()}
    return RunMeasures(np.zeros((QUERIES, 2)), measures, figures)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    runs = {
        "phantom": [run_of(0.3, seed=seed) for seed in (1, 2, 3)],
        "better": [run_of(0.6, seed=seed) for seed in (4, 5, 6)],
        "alike": [run_of(0.3, seed=seed) for seed in (7, 8, 9)],
    }
    return outcomes_of(runs, reference="phantom")


def test_the_spread_is_over_the_seeds(outcomes: dict[str, Outcome]) -> None:
    spread = outcomes["better"].spreads["precision_at_5"]
    values = [run_of(0.6, seed=seed).figures["precision_at_5"].value or 0 for seed in (4, 5, 6)]
    assert spread.mean == pytest.approx(np.mean(values))
    assert spread.deviation == pytest.approx(np.std(values, ddof=1))


def test_the_better_recipe_differs_and_the_like_one_does_not(outcomes: dict[str, Outcome]) -> None:
    better, alike = (outcomes[name].p_values["precision_at_5"] for name in ("better", "alike"))
    assert better is not None
    assert alike is not None
    assert better < 0.05 < alike


def test_p_values_are_corrected_for_both_recipes(outcomes: dict[str, Outcome]) -> None:
    tested, corrected = outcomes["better"].differences, outcomes["better"].p_values
    plain = tested["precision_at_5"].p
    assert plain is not None
    assert corrected["precision_at_5"] == pytest.approx(2 * plain)


def test_the_reference_is_not_tested_against_itself(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["phantom"].p_values == {}


def test_a_table_has_a_row_for_each_method_and_chance(outcomes: dict[str, Outcome]) -> None:
    comparison = Comparison.model_validate(
        {
            "name": "one",
            "recipes": {"AGA (paper)": "phantom", "Ours": "better"},
            "ablations": {"Less": "alike"},
            "reference": "phantom",
            "train": {"manifest": "pairs.jsonl"},
            "sets": {"test": {"manifest": "pairs.jsonl", "retrieval": True, "like": "Table 1"}},
        }
    )
    retrieval, ablations = tables_of(comparison, {("test", r): o for r, o in outcomes.items()})
    rows = list(csv.reader(io.StringIO(retrieval.csv)))
    assert rows[0] == ["method", "Prec@5"]
    assert [row[0] for row in rows[1:]] == ["AGA (paper)", "Ours", "chance"]
    assert rows[2][1].endswith(" *")
    assert rows[3][1] == "20.0"
    assert [row[0] for row in ablations.rows] == ["Less", "AGA (paper)", "chance"]
    assert "as Table 1" in retrieval.title
    assert all(text in retrieval.latex for text in ("\\toprule", "Prec@5", "Ours"))
    assert [line[:3] for line in retrieval.markdown.splitlines()[2:4]] == ["| m", "|--"]
