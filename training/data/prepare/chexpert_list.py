"""Lists of CheXpert 5x200 that others made: JSON as PRIOR has it, CSV as GLoRIA has it.

An entry names an image (`image_path`, `Path` or `path`) and its class: by name (`label`), by five
numbers of which one is 1 (`label`, in the order of CLASSES), or by five columns.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.manifest import ManifestError
from models.plain_json import read_json
from training.data.prepare.chexpert_tables import place_in_set, without_ending
from training.data.prepare.tables import read_lines, read_table

CLASSES = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
PATHS = ("image_path", "Path", "path")

Entry = Mapping[str, Any]  # Any: JSON


def read_list(path: Path) -> dict[str, str]:
    """Return the class of each listed image, by its path in the set without its ending.

    Raises:
        ManifestError: the list cannot be read, or an entry lacks path or class.
    """
    entries = _json(path) if path.suffix.lower() == ".json" else read_table(path, columns=())
    listed: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: entry {number}"
        name = next((entry[key] for key in PATHS if isinstance(entry.get(key), str)), None)
        if name is None:
            raise ManifestError(f"{where}: has none of {', '.join(PATHS)}")
        image = without_ending(place_in_set(name, table=path))
        if image in listed:
            raise ManifestError(f"{where}: {name} is listed twice")
        listed[image] = _class(entry, where)
    return listed


def _json(path: Path) -> Iterator[Entry]:
    try:
        entries = read_json("\n".join(read_lines(path)))
    except ValueError as error:
        raise ManifestError(f"{path}: not JSON ({error})") from error
    entries = list(entries.values()) if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ManifestError(f"{path}: takes an object or a list of entries")
    yield from entries


def _class(entry: Entry, where: str) -> str:
    label = entry.get("label", [entry.get(name, "") for name in CLASSES])
    if isinstance(label, str) and label in CLASSES:
        return label
    if isinstance(label, list) and len(label) == len(CLASSES):
        shown = [
            name
            for name, value in zip(CLASSES, label, strict=True)
            if str(value).removesuffix(".0") == "1"
        ]
        if len(shown) == 1:
            return shown[0]
    raise ManifestError(f"{where}: names no single class of {', '.join(CLASSES)}")
