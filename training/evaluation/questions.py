"""What a model is asked for every phrase that a manifest marks: the question and its controls."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool

from models.tokenizing import ReportTokenizer
from training.config import ConfigError
from training.data.manifest import ImageReportPair
from training.evaluation.regions import Mark
from training.evaluation.word_maps import Question, WordFinder

Asked = Literal["model", "shuffled_report", "other_image"]
Questions = Mapping[Asked, Question]  # without the controls that the pairs do not allow


def pose_questions(
    tokenizer: ReportTokenizer,
    pairs: Sequence[ImageReportPair],
    marks: Sequence[Mark],
    *,
    asked_as: Mapping[str, str],
) -> list[Questions]:
    """Say for every mark which words are looked for in which text, on which image.

    Words that do not stand in the own report are their own text, as the API has it without a
    context. The controls ask for the same words in the report of another patient that holds them,
    and on the image of another patient; which ones is drawn with a fixed seed.

    Args:
        asked_as: the words to ask for by phrase; others are asked for as they are.

    Raises:
        ConfigError: the words of a phrase hold no word that the model reads.
    """
    room = _Room(tokenizer, pairs)
    return [room.questions(mark, asked_as.get(mark.phrase, mark.phrase)) for mark in marks]


class _Room:
    """The pairs that questions and controls are taken from; its random state moves per mark."""

    def __init__(self, tokenizer: ReportTokenizer, pairs: Sequence[ImageReportPair]) -> None:
        self._finder, self._random = WordFinder(tokenizer), np.random.default_rng(0)
        self._patients = np.array([pair.patient_id for pair in pairs])
        self._reports = np.array([pair.report for pair in pairs], dtype=object)
        self._holding: dict[str, Bool[np.ndarray, " pairs"]] = {}

    def questions(self, mark: Mark, words: str) -> Questions:
        holding = self._which_hold(words, mark.phrase)
        own = str(self._reports[mark.row])
        text = own if holding[mark.row] else words
        posed: dict[Asked, Question] = {"model": self._question(mark.row, text, words)}
        others = self._patients != self._patients[mark.row]
        report = self._draw(others & holding & (self._reports != own))
        if report is not None:
            other_text = str(self._reports[report])
            posed["shuffled_report"] = self._question(mark.row, other_text, words)
        image = self._draw(others)
        if image is not None:
            posed["other_image"] = self._question(image, text, words)
        return posed

    def _which_hold(self, words: str, phrase: str) -> Bool[np.ndarray, " pairs"]:
        if not self._finder.words(words):
            raise ConfigError(f"{phrase!r} is asked for as {words!r}, which holds no word")
        if words not in self._holding:
            found = [self._finder.find(words, report) is not None for report in self._reports]
            self._holding[words] = np.array(found)
        return self._holding[words]

    def _question(self, row: int, text: str, words: str) -> Question:
        return Question(row, text, self._finder.find(words, text) or ())

    def _draw(self, candidates: Bool[np.ndarray, " pairs"]) -> int | None:
        rows = np.flatnonzero(candidates)
        return int(self._random.choice(rows)) if len(rows) else None
