"""The 14 observations of CheXpert, as its labeler writes them: 1, 0, -1 or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.manifest import ManifestError, Row

OBSERVATIONS = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
_KINDS = {"1": "positive", "-1": "uncertain", "0": "negative", "": ""}


@dataclass(frozen=True)
class Observations:
    """What a report says of the 14; what it does not mention stands nowhere."""

    positive: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def columns(self) -> Row:
        """Return the manifest's columns: `labels` are the positive ones."""
        rest = {"uncertain": self.uncertain, "negative": self.negative}
        return {"labels": list(self.positive)} | {
            name: list(found) for name, found in rest.items() if found
        }


def read_observations(row: Mapping[str, str], *, where: str) -> Observations:
    """Read the 14 columns of a row.

    Raises:
        ManifestError: a cell holds something else; names the column.
    """
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS.values()}
    for name in OBSERVATIONS:
        kind = _KINDS.get(row[name].strip().removesuffix(".0"))
        if kind is None:
            raise ManifestError(f"{where}: {name}: takes 1, 0, -1 or nothing, got {row[name]!r}")
        kinds[kind].append(name)
    return Observations(**{kind: tuple(names) for kind, names in kinds.items() if kind})
