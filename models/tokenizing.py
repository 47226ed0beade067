"""Cut reports into pieces, and pieces into words with their places in the text (section 3.1)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int64
from tokenizers import Encoding, Tokenizer

from models.config import Context

HYPHENS = frozenset("-\u2010\u2011")
DECIMAL_POINT = "."
CONTEXT_ENDS: dict[Context, str] = {"report": "", "sentence": ".!?;", "clause": ".!?;,:"}
WORD_STARTS = ("", "\u2581", "\u0120")  # how SentencePiece and byte-level BPE mark a word's start


class EmptyReport(ValueError):
    """A text holds no word that the model could read."""


@dataclass(frozen=True)
class Word:
    """One word and the half-open range of characters where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class TokenizedReports:
    """A batch of reports as the text encoder takes them; masks are true where real.

    `piece_to_word` holds the index of the word that a piece belongs to, and -1 for special
    pieces, punctuation and padding.
    """

    pieces: Int64[np.ndarray, "batch pieces"]
    piece_mask: Bool[np.ndarray, "batch pieces"]
    piece_to_word: Int64[np.ndarray, "batch pieces"]
    word_mask: Bool[np.ndarray, "batch words"]
    words: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class PieceCount:
    """What a whole text is cut into: pieces, special ones included, and those of unknown words."""

    pieces: int
    unknown: int


@dataclass(frozen=True)
class _Report:
    pieces: list[int]
    piece_to_word: list[int]
    words: tuple[Word, ...]


class ReportTokenizer:
    """A tokenizer that knows words: compounds and decimals are one, bare punctuation is none."""

    def __init__(self, tokenizer: Tokenizer, *, max_pieces: int) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a report is plain text
        self.max_pieces = max_pieces

    @classmethod
    def from_json(cls, text: str, *, max_pieces: int) -> "ReportTokenizer":
        """Read the content of a `tokenizer.json`."""
        return cls(Tokenizer.from_str(text), max_pieces=max_pieces)

    def to_json(self) -> str:
        """Return the content of a `tokenizer.json`."""
        return self._tokenizer.to_str()

    @cached_property
    def _unknown(self) -> int:
        """The piece that stands for unknown ones, or -1: a tokenizer of bytes has none."""
        model = json.loads(self.to_json())["model"]
        if model.get("unk_id") is not None:  # Unigram names it by its place
            return int(model["unk_id"])
        piece = self._tokenizer.token_to_id(model.get("unk_token") or "")
        return -1 if piece is None else piece

    @property
    def vocabulary_size(self) -> int:
        """Count the pieces that the tokenizer knows, special ones included."""
        return self._tokenizer.get_vocab_size()

    def ends(self, context: Context) -> tuple[int, ...]:
        """Return the pieces that end such a context, of those that the tokenizer knows."""
        spelled = (f"{mark}{end}" for end in CONTEXT_ENDS[context] for mark in WORD_STARTS)
        known = map(self._tokenizer.token_to_id, spelled)
        return tuple(piece for piece in known if piece is not None)

    def words(self, text: str) -> tuple[Word, ...]:
        """Return the words of a text that the model would read."""
        return self._read(text).words

    def count_pieces(self, texts: Sequence[str]) -> list[PieceCount]:
        """Count the pieces of texts before any is cut to what the model reads."""
        encodings = self._tokenizer.encode_batch_fast([_whole(text) for text in texts])
        ids = [encoding.ids for encoding in encodings]
        return [PieceCount(len(pieces), pieces.count(self._unknown)) for pieces in ids]

    def __call__(self, texts: Sequence[str]) -> TokenizedReports:
        """Cut texts into padded pieces and words; a long text ends at a whole word.

        Raises:
            EmptyReport: a text holds no word.
        """
        reports = [self._read(text) for text in texts]
        for number, report in enumerate(reports):
            if not report.words:
                raise EmptyReport(f"text {number + 1} of {len(texts)} holds no word")
        return _pad(reports)

    def _read(self, text: str) -> _Report:
        text = _whole(text)
        encoding = self._tokenizer.encode(text)
        owners, words = _words(encoding, text)
        inner = [i for i, owner in enumerate(encoding.word_ids) if owner is not None]
        specials = [i for i, owner in enumerate(encoding.word_ids) if owner is None]
        kept = inner[: _cut(owners, inner, room=self.max_pieces - len(specials))]
        order = sorted(specials + kept)
        count = max((owners[i] for i in kept), default=-1) + 1
        return _Report(
            pieces=[encoding.ids[i] for i in order],
            piece_to_word=[owners[i] for i in order],
            words=words[:count],
        )


def _whole(text: str) -> str:
    """Replace what is no character: a lone surrogate."""
    return text.encode("utf-8", "replace").decode()


def _words(encoding: Encoding, text: str) -> tuple[list[int], tuple[Word, ...]]:
    """Give each piece the index of its word, or -1, and return the words in order."""
    spans = _spans(encoding)
    word_of: dict[int, int] = {}
    words: list[Word] = []
    for chain in _chains(spans, text):
        start, end = spans[chain[0]][0], spans[chain[-1]][1]
        if any(character.isalnum() for character in text[start:end]):
            word_of |= dict.fromkeys(chain, len(words))
            words.append(Word(text[start:end], start, end))
    owners = [-1 if owner is None else word_of.get(owner, -1) for owner in encoding.word_ids]
    return owners, tuple(words)


def _spans(encoding: Encoding) -> dict[int, tuple[int, int]]:
    """Map each unit of the pre-tokenizer to its range of characters."""
    spans: dict[int, tuple[int, int]] = {}
    for owner, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if owner is not None:
            low, high = spans.get(owner, (start, end))
            spans[owner] = (min(low, start), max(high, end))
    return spans


def _chains(spans: dict[int, tuple[int, int]], text: str) -> list[list[int]]:
    """Join what a hyphen or a decimal point connects: "follow-up" and "2.0" are chains of three."""
    units = list(spans)
    touches = [spans[a][1] == spans[b][0] for a, b in pairwise(units)]  # unit and its successor
    hyphens = [text[start:end] in HYPHENS for start, end in spans.values()]
    wordy = [any(map(str.isalnum, text[start:end])) for start, end in spans.values()]
    before = [False, *(t and w for t, w in zip(touches, wordy, strict=False))]
    after = [*(t and w for t, w in zip(touches, wordy[1:], strict=True)), False]
    bridges = [all(three) for three in zip(hyphens, before, after, strict=False)]
    for place, (start, end) in enumerate(spans.values()):
        around = text[max(start - 1, 0) : start], text[end : end + 1]
        if text[start:end] == DECIMAL_POINT and all(map(str.isdecimal, around)):
            bridges[place] = True
    chains: list[list[int]] = []
    for place, unit in enumerate(units):
        if place and touches[place - 1] and (bridges[place] or bridges[place - 1]):
            chains[-1].append(unit)
        else:
            chains.append([unit])
    return chains


def _cut(owners: list[int], inner: list[int], *, room: int) -> int:
    """Return how many of the inner pieces fit in `room` without cutting a word in two."""
    if len(inner) <= room:
        return len(inner)
    cut = room
    while cut > 0 and owners[inner[cut]] != -1 and owners[inner[cut]] == owners[inner[cut - 1]]:
        cut -= 1
    if all(owners[i] == -1 for i in inner[:cut]):
        return room  # a first word too long for the model keeps its beginning
    return cut


def _pad(reports: list[_Report]) -> TokenizedReports:
    length = max(len(report.pieces) for report in reports)
    most_words = max(len(report.words) for report in reports)
    pieces = np.zeros((len(reports), length), dtype=np.int64)
    piece_to_word = np.full((len(reports), length), -1, dtype=np.int64)
    piece_mask = np.zeros((len(reports), length), dtype=bool)
    word_mask = np.zeros((len(reports), most_words), dtype=bool)
    for row, report in enumerate(reports):
        pieces[row, : len(report.pieces)] = report.pieces
        piece_to_word[row, : len(report.pieces)] = report.piece_to_word
        piece_mask[row, : len(report.pieces)] = True
        word_mask[row, : len(report.words)] = True
    words = tuple(report.words for report in reports)
    return TokenizedReports(pieces, piece_mask, piece_to_word, word_mask, words)
