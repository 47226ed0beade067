"""What a data set is, as it was published: where it comes from, and how it becomes rows."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.manifest import ManifestError, Row

Tell = Callable[[str], None]  # a line for the person who prepares the data


class SourceMissing(ManifestError):
    """A file of a data set is not there; the message says which, and where it comes from."""


def _no_options(_: ArgumentParser) -> None:
    """Add nothing: the folder is all that a source needs."""


@dataclass(frozen=True)
class Source:
    """A data set in its published layout.

    `rows` yields one row per image, its `image` a path that exists or was checked against the
    set's own tables; the writer makes it relative to the manifest.
    """

    title: str  # one line for --help
    origin: str  # who gives it away, and on which condition
    rows: Callable[[Path, Namespace, Tell], Iterator[Row]]
    add_options: Callable[[ArgumentParser], None] = _no_options

    def find(self, root: Path, *names: str) -> Path:
        """Return the first of several names, paths or patterns, that `root` holds.

        Raises:
            SourceMissing: it holds none of them.
        """
        for name in names:
            found = sorted(root.glob(name))
            if found:
                return found[0]
        wanted = " or ".join(names)
        raise SourceMissing(f"{root}: {wanted} is missing; {self.origin}")
