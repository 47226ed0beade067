"""Text probes against toy embedders whose every answer is known."""

from collections.abc import Sequence

import numpy as np
import pytest

from training.evaluation.text_probes import (
    Answers,
    laterality_probe,
    mismatched_recall,
    negation_probe,
    shuffle_words,
    swap_sides,
    word_order_probe,
)

UP, DOWN = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def hears_no(texts: Sequence[str]) -> np.ndarray:
    return np.stack([DOWN if "no " in text.lower() else UP for text in texts])


def deaf(texts: Sequence[str]) -> np.ndarray:
    return np.stack([UP for _ in texts])


def likes_no(texts: Sequence[str]) -> np.ndarray:
    """Put every negated sentence nearer to every image."""
    return np.stack([(2 if "no " in text.lower() else 1) * (UP + DOWN) for text in texts])


def first_word(texts: Sequence[str]) -> np.ndarray:
    return np.stack([UP if text.split()[0] in ("Left", "a") else DOWN for text in texts])


LABELS = [frozenset(["edema"]), frozenset[str](), None, frozenset(["mass"])]
SEEN = np.stack([UP, DOWN, UP, UP])  # the last looks like an edema and is none


def test_negation_is_judged_with_and_without_the_finding() -> None:
    answers = negation_probe(SEEN, LABELS, {"edema": "pulmonary edema"}, hears_no)["edema"]
    assert (answers.present.values.tolist(), answers.present.rows.tolist()) == ([1.0], [0])
    assert (answers.absent.values.tolist(), answers.absent.rows.tolist()) == ([1.0, 0.0], [1, 3])


def test_who_does_not_hear_no_is_at_chance() -> None:
    answers = negation_probe(SEEN, LABELS, {"edema": "edema"}, deaf)["edema"]
    assert answers.present.values.tolist() == [0.5]
    assert answers.absent.values.tolist() == [0.5, 0.5]


def test_who_always_prefers_the_negated_is_right_without_and_wrong_with_the_finding() -> None:
    answers = negation_probe(SEEN, LABELS, {"edema": "edema"}, likes_no)["edema"]
    assert answers.present.values.tolist() == [0.0]
    assert answers.absent.values.tolist() == [1.0, 1.0]


def test_a_value_is_the_share_of_sentence_pairs() -> None:
    def hears_one(texts: Sequence[str]) -> np.ndarray:
        return np.stack([DOWN if text.startswith("There is no") else UP for text in texts])

    answers = negation_probe(SEEN, LABELS, {"mass": "mass"}, hears_one)["mass"]
    assert answers.present.values == pytest.approx([(1 + 0.5 + 0.5) / 3])
    assert answers.absent.values == pytest.approx([(0 + 0.5 + 0.5) / 3, (1 + 0.5 + 0.5) / 3])


def test_a_finding_that_nobody_has_is_undefined() -> None:
    answers = negation_probe(SEEN, LABELS, {"hernia": "hernia"}, hears_no)["hernia"]
    figure = answers.present.measure(["a", "b", "c", "d"]).figure()
    assert (figure.value, figure.chance, figure.n) == (None, 0.5, 0)


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("Left effusion, right lung clear.", "Right effusion, left lung clear."),
        ("RIGHT-sided; leftward shift", "LEFT-sided; rightward shift"),
        ("Bright and upright; cleft, rights", "Bright and upright; cleft, rights"),
    ],
)
def test_sides_are_swapped_as_whole_words(text: str, swapped: str) -> None:
    assert swap_sides(text) == swapped
    assert swap_sides(swapped) == text


def test_laterality_asks_of_reports_with_a_side_alone() -> None:
    reports = ["Left mass.", "No mass.", "Right mass.", "Mass on the left."]
    answers = laterality_probe(np.stack([UP, UP, UP, UP]), reports, first_word)
    assert answers.rows.tolist() == [0, 2, 3]
    assert answers.values.tolist() == [1.0, 0.0, 0.5]  # right, wrong, and not told apart


def test_without_sides_laterality_is_undefined() -> None:
    answers = laterality_probe(UP[None], ["No mass."], first_word)
    assert answers.measure(["p"]).figure().value is None


def test_words_keep_their_number_and_lose_their_order() -> None:
    text = "Small left effusion. No pneumothorax."
    mixed = shuffle_words(text, seed=[0])
    assert mixed != text
    assert sorted(mixed.split()) == sorted(text.split())
    assert mixed == shuffle_words(text, seed=[0])


@pytest.mark.parametrize("seed", range(10))
def test_two_words_always_change_places(seed: int) -> None:
    assert shuffle_words("a b", seed=[seed]) == "b a"


def test_a_text_without_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="1 different words"):
        shuffle_words("clear clear", seed=[0])


def test_word_order_is_judged_by_the_own_words() -> None:
    answers = word_order_probe(np.stack([UP, DOWN, UP]), ["a b", "a b", "clear"], first_word)
    assert (answers.values.tolist(), answers.rows.tolist()) == ([1.0, 0.0], [0, 1])


def test_who_counts_words_is_at_chance_for_their_order() -> None:
    def bag(texts: Sequence[str]) -> np.ndarray:
        return np.array([[text.count("a"), text.count("b")] for text in texts], dtype=float)

    assert word_order_probe(np.eye(2), ["a b b", "b a a"], bag).values.tolist() == [0.5, 0.5]


def test_the_report_of_a_stranger_is_found_by_chance() -> None:
    count, k = 400, 40

    def own_axis(texts: Sequence[str]) -> np.ndarray:
        return np.random.default_rng(0).standard_normal((count, 16))[[int(text) for text in texts]]

    reports = [str(row) for row in range(count)]
    answers = mismatched_recall(own_axis(reports), reports, reports, own_axis, k=k)
    assert answers.chance == k / count
    assert answers.values.mean() == pytest.approx(k / count, abs=0.03)


def test_a_stranger_is_another_patient_with_another_report() -> None:
    """By hand: images 0 and 1 are of one patient, so only the third report is drawn for them."""
    texts = {"a": [1.0, 0, 0], "b": [0, 1.0, 0], "c": [0, 0, 1.0]}
    images = np.array([[0, 0, 1.0], [0, 1.0, 0], [0, 0, 1.0]])
    answers = mismatched_recall(
        images,
        ["a", "b", "c"],
        ["p", "p", "q"],
        lambda asked: np.array([texts[t] for t in asked]),
        k=1,
    )
    assert answers.values.tolist() == [1.0, 0.0, 0.0]


def test_where_one_patient_has_all_reports_there_is_no_stranger() -> None:
    assert len(mismatched_recall(SEEN, ["a"] * 4, list("pppp"), deaf, k=1).rows) == 0


def test_figures_follow_patients() -> None:
    answers = Answers(np.array([1.0, 0.0, 1.0]), np.array([0, 2, 3]))
    figure = answers.measure(["p", "q", "r", "p"]).figure()
    assert (figure.value, figure.n, figure.chance) == (pytest.approx(2 / 3), 3, 0.5)
    assert figure.low == 0.0  # patient r alone
