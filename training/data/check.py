"""Say everything that is wrong with a manifest, row by row."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from models.imaging import UnreadableImage
from models.manifest import ManifestError, Row, read_rows
from training.data.manifest import ImageReportPair, pair_of

NO_WORD = "is missing or holds no word"


def check_manifest(path: Path, *, text_column: str = "report") -> list[str]:
    """Return what is wrong with a manifest, one line each with the number of its row.

    That no row at all has a report is no problem; it is noted on stderr. A line that cannot be read
    ends the check, as what follows it cannot be told.

    Raises:
        ManifestError: there is no such manifest, or it is of an unknown kind.
    """
    rows = read_rows(path)
    check = _Check(path, text_column)
    problems: list[str] = []
    bar = tqdm(rows, desc="checking", unit="row", file=sys.stderr)
    try:
        for number, row in enumerate(bar, start=1):
            problems.extend(f"row {number}: {fault}" for fault in check.faults(row, number))
    except ManifestError as error:
        problems.append(f"{error}; no row behind it was checked")
        return problems
    if not check.reported:  # as data sets with labels or boxes alone: they are there to measure on
        sys.stderr.write(f"{path}: note: no row has a {text_column} to learn from\n")
        return [problem for problem in problems if not problem.endswith(NO_WORD)]
    return problems


class _Check:
    """What earlier rows held, to which each next one is compared."""

    def __init__(self, manifest: Path, text_column: str) -> None:
        self._manifest, self._column = manifest, text_column
        self.reported = False  # whether any row has the text column
        self._split_of: dict[str, tuple[str, int]] = {}  # of a patient, and the row that said so
        self._row_of: dict[bytes, int] = {}  # of a picture, by the hash of its pixels

    def faults(self, row: Row, number: int) -> Iterator[str]:
        """Yield what is wrong with a row."""
        column = self._column
        try:
            pair = pair_of(
                row, self._manifest, number=number, text_column=column, with_report=False
            )
        except ManifestError as error:
            yield str(error).removeprefix(f"{self._manifest}: row {number}: ")
            return
        self.reported |= column in row
        if not any(character.isalnum() for character in pair.report):
            yield f"{column}: {NO_WORD}"
        yield from self._patient(pair, number)
        yield from self._image(pair, number)

    def _patient(self, pair: ImageReportPair, number: int) -> Iterator[str]:
        split, first = self._split_of.setdefault(pair.patient_id, (pair.split, number))
        if split != pair.split:
            yield (
                f"patient_id: {pair.patient_id!r} stands in {pair.split} here "
                f"and in {split} in row {first}"
            )

    def _image(self, pair: ImageReportPair, number: int) -> Iterator[str]:
        try:
            grey = pair.read_grey()
        except UnreadableImage as error:
            yield f"image: {error}"
            return
        picture = hashlib.sha256(f"{grey.shape}".encode() + grey.tobytes()).digest()
        first = self._row_of.setdefault(picture, number)
        if first != number:
            yield f"image: {pair.image} shows the same as row {first}"
