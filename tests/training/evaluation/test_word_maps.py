"""Maps of many words at once are those of each word alone."""

from pathlib import Path

import numpy as np

from models.aga import AGA
from training.data.manifest import ImageReportPair
from training.evaluation.questions import pose_questions
from training.evaluation.regions import read_marks
from training.evaluation.word_maps import Question, map_words


def test_maps_come_in_the_order_of_their_questions(
    model: AGA, pairs: list[ImageReportPair]
) -> None:
    maps = map_words(model, pairs, [Question(row, "mass", (0,)) for row in (2, 0, 1)])
    assert [found.weights.shape for found in maps] == [(4, 2), (4, 4), (3, 4)]


def test_batches_change_nothing(model: AGA, pairs: list[ImageReportPair]) -> None:
    marks = read_marks(pairs, Path())
    posed = pose_questions(model.tokenizer, pairs, marks, asked_as={})
    questions = [question for each in posed for question in each.values()]
    together = map_words(model, pairs, questions)
    alone = map_words(model, pairs, questions, batch_size=1)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)


def test_progress_counts_every_question_once(model: AGA, pairs: list[ImageReportPair]) -> None:
    questions = [Question(row, "mass", (0,)) for row in (0, 1, 1, 2, 3)]
    counted: list[int] = []
    map_words(model, pairs, questions, batch_size=2, progress=counted.append)
    assert sum(counted) == 5


def test_no_question_has_no_map(model: AGA, pairs: list[ImageReportPair]) -> None:
    assert map_words(model, pairs, []) == []
