"""Zero-shot measures: who is counted, what chance is, and what is undefined."""

import numpy as np
import pytest

from models.prompts import PromptPair, PromptSet
from training.evaluation.statistics import Figure
from training.evaluation.tables import _class_table, _metrics_table
from training.evaluation.zero_shot_measures import zero_shot_measures

REGIONS = PromptSet(name="regions", classes={"head": ["a head"], "spine": ["a spine"]})
EDEMA = PromptSet(
    name="edema", classes={"edema": PromptPair(positive=["edema"], negative=["no edema"])}
)
UNKNOWN, NOTHING = None, frozenset[str]()
HEAD, SPINE, FOOT = frozenset(["head"]), frozenset(["spine"]), frozenset(["foot"])


def figures(
    scores: list[list[float]], labels: list[frozenset[str] | None], prompts: PromptSet
) -> dict[str, Figure]:
    patients = [str(row) for row in range(len(labels))]
    measures = zero_shot_measures(np.array(scores), labels, patients, prompts=prompts)
    return {name: measure.figure(draws=5) for name, measure in measures.items()}


def test_a_row_without_a_label_is_no_negative() -> None:
    labels = [frozenset(["edema"]), NOTHING, UNKNOWN]
    figure = figures([[0.5], [0.1], [0.9]], labels, EDEMA)["zero_shot_auroc/edema"]
    assert (figure.value, figure.n) == (1.0, 2)


def test_accuracy_counts_rows_with_one_label_of_the_set() -> None:
    scores = [[0.9, 0.1], [0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]]
    labels = [HEAD, SPINE, FOOT, HEAD | SPINE, UNKNOWN]
    figure = figures(scores, labels, REGIONS)["zero_shot_accuracy"]
    assert (figure.value, figure.chance, figure.n) == (0.5, 0.5, 2)


def test_competing_classes_are_decided_by_the_best() -> None:
    # decided: head, head, spine, head; the heads are found, and one of two spines
    scores = [[0.9, 0.1], [0.6, 0.5], [0.1, 0.2], [0.7, 0.3]]
    found = figures(scores, [HEAD, HEAD, SPINE, SPINE], REGIONS)
    assert found["zero_shot_accuracy"].value == 3 / 4
    assert found["zero_shot_f1/head"].value == pytest.approx(4 / 5)  # 2 right of 3 + 2
    assert found["zero_shot_f1/spine"].value == pytest.approx(2 / 3)  # 1 right of 1 + 2
    assert found["zero_shot_macro_f1"].value == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["zero_shot_balanced_accuracy"].value == pytest.approx((1 + 1 / 2) / 2)


def test_chance_of_competing_classes_ignores_the_image_as_well_as_one_can() -> None:
    found = figures([[0.9, 0.1]] * 4, [HEAD, HEAD, HEAD, SPINE], REGIONS)
    assert found["zero_shot_accuracy"].chance == 3 / 4  # always head
    assert found["zero_shot_macro_f1"].chance == 1 / 2
    assert found["zero_shot_balanced_accuracy"].chance == 1 / 2


def test_no_guess_that_ignores_the_image_beats_the_chance_of_macro_f1() -> None:
    random, shares = np.random.default_rng(0), np.array([0.7, 0.2, 0.1])
    guesses = random.dirichlet(np.ones(3), size=1000)
    expected = (2 * shares * guesses / (shares + guesses)).mean(axis=1)
    assert expected.max() < 1 / 3
    assert (2 * shares * shares / (shares + shares)).mean() == pytest.approx(1 / 3)


def test_findings_are_decided_at_one_half() -> None:
    # decided: yes, no, yes, no of two edemas and two without
    edema = frozenset(["edema"])
    found = figures([[0.9], [0.5], [0.6], [0.1]], [edema, edema, NOTHING, NOTHING], EDEMA)
    assert found["zero_shot_accuracy"].value == 1 / 2
    assert found["zero_shot_macro_f1"].value == 1 / 2  # 2 x 1 right of 2 + 2
    assert found["zero_shot_balanced_accuracy"].value == 1 / 2


def test_chance_of_findings_is_always_the_commoner_answer_and_for_f1_always_yes() -> None:
    edema = frozenset(["edema"])
    found = figures([[0.9]] * 4, [edema, NOTHING, NOTHING, NOTHING], EDEMA)
    assert found["zero_shot_accuracy"].chance == 3 / 4
    assert found["zero_shot_macro_f1"].chance == pytest.approx(2 / 5)  # precision 1/4, recall 1
    assert found["zero_shot_balanced_accuracy"].chance == 1 / 2
    assert found["zero_shot_macro_f1"].value == pytest.approx(2 / 5)  # it does say always yes


@pytest.mark.parametrize("prompts", [REGIONS, EDEMA])
def test_without_labels_every_figure_is_undefined(prompts: PromptSet) -> None:
    scores = [[0.9] * len(prompts.labels)] * 2
    found = figures(scores, [UNKNOWN, UNKNOWN], prompts)
    assert {(figure.value, figure.n) for figure in found.values()} == {(None, 0)}
    as_json = {name: vars(figure) for name, figure in found.items()}
    table = _metrics_table("metric", as_json)
    assert table.count("undefined") == len(found)
    by_class = _class_table({name: one for name, one in as_json.items() if "/" in name})
    assert by_class.count("undefined") == 2 * len(prompts.labels)
    assert "None" not in table + by_class
