"""Read a manifest once and keep a few numbers of each row, so that a million rows fit in memory."""

import os
import struct
import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int64
from tqdm import tqdm

from models.manifest import ManifestError, Row, read_rows
from models.tokenizing import PieceCount, ReportTokenizer
from training.data.check.digest import digest_of
from training.data.check.findings import Findings, Kind
from training.data.check.pictures import Look, look
from training.data.manifest import SPLITS, ImageReportPair, pair_of

AT_ONCE = 64  # rows whose images are read side by side
MOST_NAMES = 1_000  # labels, columns or formats; a column that differs in every row is no class
OTHER = "(others)"

Rows = np.ndarray[Any, np.dtype[np.void]]  # Any: one axis; the fields of `Facts`
Indices = Int64[np.ndarray, " rows"]


class Facts(NamedTuple):
    """What is kept of a row; texts and pixels as digests, absent ones as 0."""

    number: int
    split: int  # its place in SPLITS
    label: int  # the number of its first label, for drawing samples evenly
    study: int
    patient: int
    report: int
    words: int
    pieces: int
    unknown: int  # pieces that stand for what the tokenizer does not know
    width: int
    height: int
    pixels: int
    near: bytes


_PACKED = struct.Struct(f"<{len(Facts._fields) - 1}q32s")
_DTYPE = np.dtype([(name, "<i8") for name in Facts._fields[:-1]] + [("near", "<u8", 4)])


class Tally:
    """Counts by name and split; of too many names the later ones are counted together."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()
        self.number_of: dict[str, int] = {}  # of a name, in the order that they came

    def add(self, name: str, split: int = 0) -> int:
        """Count a name once more and return its number."""
        if name not in self.number_of and len(self.number_of) >= MOST_NAMES:
            name = OTHER
        self.counts[name, split] += 1
        return self.number_of.setdefault(name, len(self.number_of))

    def total(self, name: str) -> int:
        """Return how often a name came, over all splits."""
        return sum(self.counts[name, split] for split in range(len(SPLITS)))

    def names(self) -> list[str]:
        """Return the names, the commonest first."""
        return sorted(self.number_of, key=lambda name: (-self.total(name), name))


@dataclass
class Survey:
    """What a manifest holds."""

    manifest: Path
    text_column: str
    read: int = 0  # rows, those that cannot be used included
    rows: Rows = field(default_factory=lambda: np.empty(0, _DTYPE))
    labels: Tally = field(default_factory=Tally)
    columns: Tally = field(default_factory=Tally)
    formats: Tally = field(default_factory=Tally)

    @property
    def reported(self) -> bool:
        """Whether rows should have the text: sets without any report are there to measure on.

        A column of another name was asked for, so it is missed.
        """
        return self.text_column != "report" or "report" in self.columns.number_of


def survey_manifest(
    manifest: Path,
    findings: Findings,
    *,
    text_column: str,
    tokenizer: ReportTokenizer | None,
    images: bool,
) -> Survey:
    """Read every row and, where asked for, every image, and find what is wrong with each alone.

    A line that cannot be read at all ends it, as what follows cannot be told.

    Raises:
        ManifestError: there is no such manifest, or it is of an unknown kind.
    """
    survey = Survey(manifest, text_column)
    kept, wordless = bytearray(), array("q")
    pairs = _usable(survey, findings)
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(desc="checking", unit="row", file=sys.stderr) as bar,
    ):
        while batch := list(islice(pairs, AT_ONCE)):
            looks = pool.map(look, [pair for _, pair in batch]) if images else [Look()] * len(batch)
            counts = _count(tokenizer, [pair.report for _, pair in batch])
            for (number, pair), seen, pieces in zip(batch, looks, counts, strict=True):
                _judge(pair, number, seen, findings)
                if not any(character.isalnum() for character in pair.report):
                    wordless.append(number)
                kept += _PACKED.pack(*_facts(survey, pair, number, seen, pieces))
                bar.update()
            if survey.reported:
                for number in wordless:
                    line = f"row {number}: {text_column}: is missing or holds no word"
                    findings.add(Kind.NO_WORD, line)
                wordless = array("q")
    survey.rows = np.frombuffer(kept, _DTYPE)
    return survey


def _usable(survey: Survey, findings: Findings) -> Iterator[tuple[int, ImageReportPair]]:
    """Yield the pairs of a manifest with the numbers of their rows."""
    rows = enumerate(read_rows(survey.manifest), start=1)
    try:
        for number, row in rows:
            survey.read = number
            for column in row:
                survey.columns.add(column)
            pair = _pair(survey, row, number, findings)
            if pair is not None:
                yield number, pair
    except ManifestError as error:
        findings.add(Kind.BROKEN, f"{error}; no row behind it was checked")


def _pair(survey: Survey, row: Row, number: int, findings: Findings) -> ImageReportPair | None:
    manifest, column = survey.manifest, survey.text_column
    try:
        return pair_of(row, manifest, number=number, text_column=column, with_report=False)
    except ManifestError as error:
        findings.add(Kind.BAD_CELL, str(error).removeprefix(f"{manifest}: "))
        return None


def _count(tokenizer: ReportTokenizer | None, reports: Sequence[str]) -> list[PieceCount]:
    if tokenizer is None:
        return [PieceCount(0, 0)] * len(reports)
    return tokenizer.count_pieces(reports)


def _judge(pair: ImageReportPair, number: int, seen: Look, findings: Findings) -> None:
    """Find what is wrong with a pair's image."""
    if seen.fault:
        findings.add(Kind.UNREADABLE, f"row {number}: image: {seen.fault}")
    if seen.blank:
        line = f"row {number}: image: {pair.image} is of one grey level"
        findings.add(Kind.BLANK, line)


def _facts(
    survey: Survey, pair: ImageReportPair, number: int, seen: Look, pieces: PieceCount
) -> Facts:
    split = SPLITS.index(pair.split)
    labels = sorted(pair.labels or ())
    numbers = [survey.labels.add(label, split) for label in labels]
    survey.formats.add(pair.image.suffix.lower() or "none")
    return Facts(
        number=number,
        split=split,
        label=numbers[0] if numbers else -1,
        study=digest_of(pair.study_id.encode()),
        patient=digest_of(pair.patient_id.encode()),
        report=digest_of(pair.report.encode()),
        words=len(pair.report.split()),
        pieces=pieces.pieces,
        unknown=pieces.unknown,
        width=seen.width,
        height=seen.height,
        pixels=seen.pixels,
        near=bytes(32) if seen.blank else seen.near,
    )
