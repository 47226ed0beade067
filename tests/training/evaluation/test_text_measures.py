"""Text probes as measures: what can be asked of pairs is, and can be paired."""

from dataclasses import replace

import numpy as np
import pytest

from models.aga import AGA
from training.data.manifest import ImageReportPair
from training.evaluation.statistics import paired_difference
from training.evaluation.text_measures import TEXT_PROBES, text_measures

IMAGES = np.eye(4, 16, dtype=np.float32)


def with_labels(pairs: list[ImageReportPair]) -> list[ImageReportPair]:
    return [replace(p, labels=frozenset(["mass"] if n == 2 else [])) for n, p in enumerate(pairs)]


def test_every_probe_is_asked_of_labelled_reports(model: AGA, pairs: list[ImageReportPair]) -> None:
    measures = text_measures(model, with_labels(pairs), IMAGES, ["mass"])
    assert tuple(measures) == TEXT_PROBES
    counts = {name: one.figure(draws=5).n for name, one in measures.items()}
    assert counts["negation_present"] == 1
    assert counts["negation_absent"] == 3
    assert counts["laterality"] == 2  # one report says left, one right
    same = [measures["word_order"]]
    assert paired_difference(same, same, draws=5).value == 0.0


def test_pairs_without_labels_are_asked_of_their_reports(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    assert tuple(text_measures(model, pairs, IMAGES, [])) == TEXT_PROBES[2:]


@pytest.mark.parametrize("classes", [["mass"], []])
def test_pairs_without_a_report_are_asked_of_their_labels(
    model: AGA, pairs: list[ImageReportPair], classes: list[str]
) -> None:
    silent = [replace(pair, report="") for pair in with_labels(pairs)]
    measures = text_measures(model, silent, IMAGES, classes)
    assert tuple(measures) == (TEXT_PROBES[:2] if classes else ())
