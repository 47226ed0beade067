"""What is asked for each marked phrase, and the controls beside it."""

from pathlib import Path

import pytest

from models.aga import AGA
from training.config import ConfigError
from training.data.manifest import ImageReportPair
from training.evaluation.questions import Questions, pose_questions
from training.evaluation.regions import read_marks


def posed(
    model: AGA, pairs: list[ImageReportPair], **asked_as: str
) -> dict[tuple[int, str], Questions]:
    marks = read_marks(pairs, Path())
    questions = pose_questions(model.tokenizer, pairs, marks, asked_as=asked_as)
    keys = [(mark.row, mark.phrase) for mark in marks]
    return dict(zip(keys, questions, strict=True))


def test_words_are_looked_for_in_the_own_report(model: AGA, pairs: list[ImageReportPair]) -> None:
    asked = posed(model, pairs)[0, "pleural effusion"]["model"]
    assert (asked.row, asked.text, asked.places) == (0, pairs[0].report, (2, 3))


def test_words_that_the_report_lacks_are_their_own_text(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    asked = posed(model, pairs)[3, "fracture"]["model"]
    assert (asked.row, asked.text, asked.places) == (3, "fracture", (0,))


def test_a_phrase_can_be_asked_for_by_other_words(model: AGA, pairs: list[ImageReportPair]) -> None:
    asked = posed(model, pairs, cardiomediastinum="heart")[1, "cardiomediastinum"]["model"]
    assert (asked.text, asked.places) == (pairs[1].report, (1,))


def test_the_shuffled_report_is_another_patients_and_holds_the_words(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    control = posed(model, pairs)[0, "pleural effusion"]["shuffled_report"]
    assert (control.row, control.text, control.places) == (0, pairs[1].report, (7, 8))


def test_words_that_no_other_report_holds_have_no_shuffled_report(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    assert set(posed(model, pairs)[2, "mass"]) == {"model", "other_image"}


def test_a_report_of_the_same_text_is_no_control(model: AGA, pairs: list[ImageReportPair]) -> None:
    twin = ImageReportPair(pairs[2].image, pairs[2].report, "s", "twin", "test", None)
    assert "shuffled_report" not in posed(model, [*pairs, twin])[2, "mass"]


def test_the_other_image_is_another_patients_and_the_text_the_same(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    own, control = (posed(model, pairs)[2, "mass"][name] for name in ("model", "other_image"))
    assert control.row != own.row
    assert (control.text, control.places) == (own.text, own.places)


def test_a_single_patient_has_no_controls(model: AGA, pairs: list[ImageReportPair]) -> None:
    assert set(posed(model, pairs[:1])[0, "pleural effusion"]) == {"model"}


def test_the_controls_are_the_same_each_time(model: AGA, pairs: list[ImageReportPair]) -> None:
    assert posed(model, pairs) == posed(model, pairs)


def test_words_without_a_word_are_refused(model: AGA, pairs: list[ImageReportPair]) -> None:
    with pytest.raises(ConfigError, match="'mass' is asked for as '--'"):
        posed(model, pairs, mass="--")
