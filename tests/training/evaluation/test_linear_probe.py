"""The linear probe reads what embeddings hold, and nothing else."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import ImageReportPair
from training.evaluation.label_draws import KnownLabels
from training.evaluation.linear_probe import LabelledImages, labelled_images, linear_probe
from training.evaluation.probe_figures import LabelPlan, probe_figures
from training.evaluation.statistics import bootstrap
from training.evaluation.zero_shot import auroc, macro

QUICK = LabelPlan(fractions=(0.1, 1.0), draws=4, resamples=20)


def labels(truth: np.ndarray, of: str = "train") -> KnownLabels:
    patients = tuple(f"{of} {row}" for row in range(len(truth)))
    return KnownLabels(np.arange(len(truth)), truth, patients)


def images(of: str, *, told: float, rows: int = 90, seed: int = 0) -> LabelledImages:
    """Make embeddings of three classes that tell them as loudly as asked."""
    random = np.random.default_rng([seed, len(of)])
    truth = np.eye(3, dtype=bool)[np.arange(rows) % 3]
    noise = random.standard_normal((rows, 8)).astype(np.float32)
    noise[:, :3] += told * truth
    return LabelledImages(noise, labels(truth, of))


def test_what_embeddings_tell_is_read() -> None:
    few, every = linear_probe(images("train", told=20), images("test", told=20), plan=QUICK)
    assert every.auroc.value == 1.0
    assert few.auroc.value == pytest.approx(1.0, abs=0.05)
    assert (few.labels, few.draws, every.labels, every.draws) == (9.0, 4, 90.0, 1)
    assert (every.auroc.n, every.auroc.chance, every.classes) == (90, 0.5, 3)


def test_noise_gives_chance() -> None:
    plan = LabelPlan(fractions=(0.5,), draws=20, resamples=50)
    (figure,) = linear_probe(images("train", told=0), images("test", told=0, rows=600), plan=plan)
    assert figure.auroc.value == pytest.approx(0.5, abs=0.04)
    assert figure.auroc.low is not None
    assert figure.auroc.low < 0.5 < (figure.auroc.high or 0.0)


def test_more_labels_help() -> None:
    plan = LabelPlan(fractions=(0.04, 1.0), draws=10, resamples=2)
    few, every = linear_probe(images("train", told=1.5), images("test", told=1.5), plan=plan)
    assert (few.auroc.value or 1.0) < (every.auroc.value or 0.0)


def test_the_deviation_is_that_of_the_draws_and_one_draw_has_none() -> None:
    few, every = linear_probe(images("train", told=1), images("test", told=1), plan=QUICK)
    assert few.deviation is not None
    assert few.deviation > 0
    assert every.deviation is None


def test_scale_and_shift_of_a_dimension_change_nothing() -> None:
    train, test = images("train", told=1), images("test", told=1)
    scale, shift = np.float32([1e-3, 1, 1e3, 1, 1, 1, 5, 1]), np.float32(3.0)
    moved = [
        dataclasses.replace(part, embeddings=part.embeddings * scale + shift)
        for part in (train, test)
    ]
    one, other = linear_probe(train, test, plan=QUICK), linear_probe(*moved, plan=QUICK)
    for before, after in zip(one, other, strict=True):
        assert after.auroc.value == pytest.approx(before.auroc.value, abs=1e-3)


def test_a_dimension_that_never_varies_is_no_trouble() -> None:
    parts = [images(of, told=20) for of in ("train", "test")]
    for part in parts:
        part.embeddings[:, 7] = 2.5
    assert linear_probe(*parts, plan=QUICK)[1].auroc.value == 1.0


def test_a_seed_gives_one_result() -> None:
    train, test = images("train", told=1), images("test", told=1)
    assert linear_probe(train, test, plan=QUICK) == linear_probe(train, test, plan=QUICK)


def test_findings_need_not_exclude_each_other() -> None:
    random = np.random.default_rng(0)
    truth = random.random((200, 2)) < 0.4
    embeddings = (truth + 0.01 * random.standard_normal((200, 2))).astype(np.float32)
    train = LabelledImages(embeddings[:100], labels(truth[:100]))
    test = LabelledImages(embeddings[100:], labels(truth[100:], "test"))
    assert linear_probe(train, test, plan=QUICK)[1].auroc.value == 1.0


def test_a_shared_patient_is_refused() -> None:
    train = images("train", told=1)
    with pytest.raises(ValueError, match="90 patients stand in training and test"):
        linear_probe(train, train, plan=QUICK)


def test_only_labelled_pairs_are_probed() -> None:
    pairs = [
        ImageReportPair(Path("x.png"), "", "s", f"p{row}", "train", shown)
        for row, shown in enumerate([frozenset(["mass"]), None, frozenset[str]()])
    ]
    found = labelled_images(np.arange(6, dtype=np.float32).reshape(3, 2), pairs, ["mass"])
    assert found.embeddings.tolist() == [[0, 1], [4, 5]]
    assert found.labels.truth.tolist() == [[True], [False]]


def test_the_figure_is_the_mean_over_draws_and_classes() -> None:
    """Worked out by hand: draw 0 has AUROC 1 and 1/2, draw 1 has 0 and 1."""
    truth = np.array([[True, False], [True, True], [False, True], [False, False]])
    by_draw = [
        np.array([[4.0, 2], [3, 1], [2, 3], [1, 2]]),  # 4 of 4 couples; 1 > 2? no, 3 > 2 twice
        np.array([[1.0, 0], [2, 9], [3, 9], [4, 0]]),
    ]
    plan = LabelPlan(fractions=(0.5,), draws=2, resamples=2)
    (figure,) = probe_figures(
        lambda rows, classes, seed: by_draw[seed], labels(truth), labels(truth, "test"), plan=plan
    )
    assert figure.auroc.value == pytest.approx(((1 + 1 / 2) / 2 + (0 + 1) / 2) / 2)
    assert figure.deviation == pytest.approx(np.std([0.75, 0.5], ddof=1))


def test_the_interval_is_that_of_judging_every_resample_anew() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(5, size=(3, 40, 2)).astype(float)  # with ties
    test = labels(random.random((40, 2)) < 0.3, "test")

    def anew(rows: np.ndarray) -> float | None:
        each = [macro(auroc, one[rows], test.truth[rows]) for one in scores]
        return float(np.mean([value for value in each if value is not None]))

    plan = LabelPlan(fractions=(0.5,), draws=3, resamples=30)
    (figure,) = probe_figures(
        lambda rows, classes, seed: scores[seed], labels(test.truth), test, plan=plan
    )
    slow = bootstrap(anew, test.patients, chance=0.5, draws=30)
    found = [figure.auroc.value, figure.auroc.low, figure.auroc.high]
    assert found == pytest.approx([slow.value, slow.low, slow.high], abs=1e-6)


def test_a_class_without_counterexamples_is_not_judged() -> None:
    truth = np.eye(2, dtype=bool)[np.arange(20) % 2]
    always = np.ones((20, 1), dtype=bool)
    train = labels(np.concatenate([truth, always], axis=1))
    asked: list[list[int]] = []

    def learn(rows: np.ndarray, classes: np.ndarray, seed: int) -> np.ndarray:
        asked.append(classes.tolist())
        return np.zeros((20, len(classes)))

    plan = LabelPlan(fractions=(1.0,), resamples=2)
    (figure,) = probe_figures(
        learn, train, dataclasses.replace(train, patients=("t",) * 20), plan=plan
    )
    assert asked == [[0, 1]]
    assert (figure.auroc.value, figure.classes) == (0.5, 2)


def test_without_a_class_the_figure_is_undefined() -> None:
    always = labels(np.ones((4, 1), dtype=bool))
    plan = LabelPlan(fractions=(1.0,), resamples=2)
    (figure,) = probe_figures(
        lambda rows, classes, seed: np.zeros((4, len(classes))),
        always,
        labels(always.truth, "test"),
        plan=plan,
    )
    assert (figure.auroc.value, figure.auroc.n, figure.deviation) == (None, 4, None)
