"""The maps of many words on many images, by the mathematics that the service answers with.

`AGA.group` gives the weights of Eq. 3 with the model's gates, and `models.heatmap` finds the words
and lays their weights on the image; only here images and texts go through the network in batches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from models.aga import AGA
from models.heatmap import Heatmap, TokenNotFound, find_token, token_heatmap
from models.preprocessing import Letterbox, prepare
from models.tokenizing import ReportTokenizer, Word
from models.types import EncodedImages, EncodedReports
from training.data.manifest import ImageReportPair
from training.embedding import encode_texts


@dataclass(frozen=True)
class Question:
    """Words of a text, looked for on the image of a pair."""

    row: int  # of the pairs
    text: str
    places: tuple[int, ...]  # of the text's words


class WordFinder:
    """Find words in texts as the service does; each text is cut once."""

    def __init__(self, tokenizer: ReportTokenizer) -> None:
        self._tokenizer = tokenizer
        self._cut: dict[str, tuple[Word, ...]] = {}

    def words(self, text: str) -> tuple[Word, ...]:
        """Return the words of a text that the model reads."""
        if text not in self._cut:
            self._cut[text] = self._tokenizer.words(text)
        return self._cut[text]

    def find(self, words: str, text: str) -> tuple[int, ...] | None:
        """Return the places where the words stand in a text, or None."""
        try:
            return tuple(find_token(self.words(text), self.words(words)))
        except TokenNotFound:
            return None


@torch.no_grad()
def map_words(
    model: AGA,
    pairs: Sequence[ImageReportPair],
    questions: Sequence[Question],
    *,
    batch_size: int = 32,
    progress: Callable[[int], object] | None = None,
) -> list[Heatmap]:
    """Answer every question with a map, in order; the model is in evaluation mode.

    Args:
        progress: called with how many questions have been answered since the last call.
    """
    words = _encode_words(model, [question.text for question in questions], batch_size)
    answers: dict[int, Heatmap] = {}
    for asked in _by_images(questions, batch_size):
        images = _see(model, pairs, sorted({questions[number].row for number in asked}))
        for start in range(0, len(asked), batch_size):
            numbers = asked[start : start + batch_size]
            maps = _answer(model, images, words, [questions[number] for number in numbers])
            answers.update(zip(numbers, maps, strict=True))
            if progress is not None:
                progress(len(numbers))
    return [answers[number] for number in range(len(questions))]


@dataclass(frozen=True)
class _SeenImages:
    """The images of some pairs, by row of the pairs."""

    place: dict[int, int]  # of a row's image among these
    letterboxes: list[Letterbox]
    encoded: EncodedImages


def _by_images(questions: Sequence[Question], images: int) -> Iterator[list[int]]:
    """Yield the numbers of the questions that a batch of images answers."""
    order = sorted(range(len(questions)), key=lambda number: questions[number].row)
    of_image = [list(group) for _, group in groupby(order, key=lambda n: questions[n].row)]
    for start in range(0, len(of_image), images):
        yield [number for group in of_image[start : start + images] for number in group]


def _encode_words(model: AGA, texts: Sequence[str], batch_size: int) -> dict[str, Tensor]:
    """Embed the words of every distinct text, each `[words, dim]`."""
    distinct = list(dict.fromkeys(texts))
    found: dict[str, Tensor] = {}
    for start in range(0, len(distinct), batch_size):
        batch = distinct[start : start + batch_size]
        encoded = encode_texts(model, batch)
        for text, words, mask in zip(batch, encoded.words, encoded.word_mask, strict=True):
            found[text] = words[mask]
    return found


def _see(model: AGA, pairs: Sequence[ImageReportPair], rows: Sequence[int]) -> _SeenImages:
    device = model.language_gate.threshold.device
    images = [pairs[row].read_grey() for row in rows]
    prepared = [prepare(image, model.config.preprocessing) for image in images]
    pixels = torch.from_numpy(np.stack([image.pixels for image in prepared])[:, None])
    mask = torch.from_numpy(np.stack([image.letterbox.patch_mask for image in prepared]))
    return _SeenImages(
        place={row: place for place, row in enumerate(rows)},
        letterboxes=[image.letterbox for image in prepared],
        encoded=model.encode_images(pixels.to(device), mask.to(device)),
    )


def _answer(
    model: AGA, images: _SeenImages, words: dict[str, Tensor], questions: Sequence[Question]
) -> list[Heatmap]:
    """Let the words of each question's text gather patches of its image; keep those asked for."""
    places, seen = [images.place[question.row] for question in questions], images.encoded
    chosen = EncodedImages(seen.patches[places], seen.patch_mask[places], seen.pooled[places])
    tgv, _ = model.group(chosen, _pad([words[question.text] for question in questions]))
    weights = tgv.weights.cpu().numpy()
    gathered = [
        token_heatmap(alpha, question.places, images.letterboxes[place])
        for alpha, question, place in zip(weights, questions, places, strict=True)
    ]
    return [one.smoothed() for one in gathered] if model.config.smooth_maps else gathered


def _pad(texts: list[Tensor]) -> EncodedReports:
    """Make a batch of texts, each `[words, dim]`; grouping asks for no global embedding."""
    words = pad_sequence(texts, batch_first=True)
    lengths = torch.tensor([len(text) for text in texts], device=words.device)
    mask = torch.arange(words.shape[1], device=words.device) < lengths[:, None]
    return EncodedReports(words, mask, pooled=words[:, 0])
