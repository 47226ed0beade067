"""Zero-shot figures: who is counted, and what is undefined."""

import numpy as np
import pytest

from models.prompts import PromptPair, PromptSet
from training.evaluation.statistics import Figure
from training.evaluation.tables import _metrics_table
from training.evaluation.zero_shot_figures import zero_shot_figures

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
    return zero_shot_figures(np.array(scores), labels, patients, prompts=prompts)


def test_a_row_without_a_label_is_no_negative() -> None:
    labels = [frozenset(["edema"]), NOTHING, UNKNOWN]
    figure = figures([[0.5], [0.1], [0.9]], labels, EDEMA)["zero_shot_auroc/edema"]
    assert (figure.value, figure.n) == (1.0, 2)


def test_accuracy_counts_rows_with_one_label_of_the_set() -> None:
    scores = [[0.9, 0.1], [0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]]
    labels = [HEAD, SPINE, FOOT, HEAD | SPINE, UNKNOWN]
    figure = figures(scores, labels, REGIONS)["zero_shot_accuracy"]
    assert (figure.value, figure.chance, figure.n) == (0.5, 0.5, 2)


@pytest.mark.parametrize("prompts", [REGIONS, EDEMA])
def test_without_labels_every_figure_is_undefined(prompts: PromptSet) -> None:
    scores = [[0.9] * len(prompts.labels)] * 2
    found = figures(scores, [UNKNOWN, UNKNOWN], prompts)
    assert {(figure.value, figure.n) for figure in found.values()} == {(None, 0)}
    table = _metrics_table({name: vars(figure) for name, figure in found.items()})
    assert table.count("undefined") == len(found)
    assert "None" not in table
