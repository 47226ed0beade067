"""Count what a source leaves out, and say it: nothing goes missing silently."""

from collections import Counter
from functools import lru_cache
from pathlib import Path

from models.manifest import ManifestError
from training.data.prepare.source import Tell

ENDINGS = (".jpg", ".png", ".dcm")
FOLDERS = 256  # so many folders' listings are remembered


class LeftOut:
    """What is left out, by reason; images are looked for by one listing of their folder."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._found = self._missing = 0
        self._first_missing = ""
        self._names = lru_cache(FOLDERS)(_names_in)

    def count(self, reason: str) -> None:
        """Count an image that is left out: "without a report"."""
        self._counts[reason] += 1

    def image(self, path: Path) -> Path | None:
        """Return an image as it lies there, whichever ending it has; count it if it is missing.

        Args:
            path: as published; a copy of the same name in another format is taken too.
        """
        names = self._names(path.parent)
        for ending in dict.fromkeys((path.suffix, *ENDINGS)):
            if path.stem + ending in names:
                self._found += 1
                return path.with_name(path.stem + ending)
        self._missing += 1
        self._first_missing = self._first_missing or str(path)
        return None

    def tell(self, tell: Tell) -> None:
        """Tell each reason with its count.

        Raises:
            ManifestError: images are missing, and none was found.
        """
        if self._missing and not self._found:
            raise ManifestError(
                f"{self._first_missing}: is missing, as are all {self._missing:,} images"
            )
        for reason, count in self._counts.items():
            tell(f"left out {count:,} images {reason}")
        if self._missing:
            tell(f"left out {self._missing:,} images that are missing, as {self._first_missing}")


def _names_in(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:  # no such folder: then it holds no image
        return frozenset()
