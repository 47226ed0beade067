"""What is wrong with a manifest: counted by kind, the first of each kept, all written to a file."""

from collections import Counter
from enum import Enum
from typing import TextIO

SHOWN = 5  # of each kind


class Kind(Enum):
    """What can be wrong; a warning asks for a look and does not fail the check."""

    BROKEN = "the manifest cannot be read to its end"
    BAD_CELL = "rows that cannot be used"
    NO_WORD = "reports without a word"
    UNREADABLE = "images that are missing or unreadable"
    BLANK = "images of one grey level"
    SAME_IMAGE = "images that an earlier row shows too"
    TWO_SPLITS = "rows whose patient stands in another split"
    NEAR_IMAGE = "images that look like one of another split"
    SAME_REPORT = "reports that another patient has in another split"

    @property
    def warns(self) -> bool:
        """Whether it may be as it should."""
        return self in (Kind.NEAR_IMAGE, Kind.SAME_REPORT)


class Findings:
    """A collector whose size does not grow with what is wrong."""

    def __init__(self, listing: TextIO | None = None) -> None:
        """Collect, and write every line to `listing` too."""
        self._listing = listing
        self.counts: Counter[Kind] = Counter()
        self.first: dict[Kind, list[str]] = {}

    def add(self, kind: Kind, line: str) -> None:
        """Take one more; the line names the row."""
        self.counts[kind] += 1
        if self.counts[kind] <= SHOWN:
            self.first.setdefault(kind, []).append(line)
        if self._listing is not None:
            self._listing.write(f"{'warning' if kind.warns else 'problem'}: {line}\n")

    @property
    def problems(self) -> int:
        """How many fail the check."""
        return sum(count for kind, count in self.counts.items() if not kind.warns)

    @property
    def warnings(self) -> int:
        """How many do not."""
        return self.counts.total() - self.problems
