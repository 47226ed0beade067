"""What an index can do: find reports by the embedding of an image, under filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float


class IndexFault(ValueError):
    """The index cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Report:
    """A report as it is stored: what it says and what is known about it."""

    report_id: str
    text: str
    metadata: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Match:
    """A report that was found, and the cosine of its embedding with the query."""

    report: Report
    similarity: float


@dataclass(frozen=True)
class IndexFacts:
    """What an index says about itself."""

    generation: str  # a hash of everything in it
    identity: str  # of the model that embedded it
    precision: str
    dim: int
    size: int


class Index(Protocol):
    """Reports of one model, searchable."""

    @property
    def facts(self) -> IndexFacts:
        """What the index says about itself."""
        ...

    def report(self, report_id: str) -> Report | None:
        """Return a report by its id, or None."""
        ...

    def search(
        self, query: Float[np.ndarray, " dim"], *, k: int, filters: dict[str, Any]
    ) -> Sequence[Match]:
        """Return the k best reports among those whose metadata fit, best first."""
        ...
