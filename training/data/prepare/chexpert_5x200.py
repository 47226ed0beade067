"""CheXpert 5x200: frontal images that show one of five findings and nothing else.

The rule of GLoRIA, whose own list was never published: of the training images, those where one of
the five is positive and the other four and eight further observations are negative or not mentioned
(docs/decisions/0030-published-data.md). All of it is test data.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.manifest import ManifestError, Row
from training.data.prepare.chexpert_list import CLASSES, read_list
from training.data.prepare.chexpert_tables import (
    Radiograph,
    read_plus_reports,
    read_radiographs,
    without_ending,
)
from training.data.prepare.draws import draw_by_class, hash_of_list
from training.data.prepare.left_out import LeftOut
from training.data.prepare.report_parts import add_section_option
from training.data.prepare.source import Source, Tell

Listed = tuple[Radiograph, str]  # with its class


def class_of(radiograph: Radiograph) -> str | None:
    """Return the one finding that an image shows by the strict rule, if it does."""
    found = radiograph.observations
    shown = [name for name in (*found.positive, *found.uncertain) if name != "No Finding"]
    alone = len(shown) == 1 and shown[0] in CLASSES and shown[0] in found.positive
    return shown[0] if alone and radiograph.frontal else None


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    table = SOURCE.find(root, "train.csv", "CheXpert-v1.0*/train.csv")
    listed = _imported(table, options.list, tell) if options.list else _drawn(table, options)
    said = _reports(options, listed)
    images = LeftOut()
    for radiograph, label in listed:
        image = images.image(table.parent / radiograph.path)
        if image is None:
            path = table.parent / radiograph.path
            raise ManifestError(f"{path}: is missing; without it this is another set")
        report = said.get(without_ending(radiograph.path), {})
        yield radiograph.row(image, "test") | report | {"label": label}
    _write_hash(listed, options, tell)


def _drawn(table: Path, options: Namespace) -> list[Listed]:
    fitting = [(each, name) for each in read_radiographs(table) if (name := class_of(each))]
    return draw_by_class(
        fitting,
        classes=CLASSES,
        label=lambda listed: listed[1],
        name=lambda listed: without_ending(listed[0].path),
        count=options.per_class,
        seed=options.seed,
    )


def _imported(table: Path, path: Path, tell: Tell) -> list[Listed]:
    """Take the images of a list; what CheXpert's own labels say against it is told."""
    labels = read_list(path)
    found = [
        (each, labels[without_ending(each.path)])
        for name in ("train", "valid", "test")
        if table.with_name(f"{name}.csv").is_file()
        for each in read_radiographs(table.with_name(f"{name}.csv"))
        if without_ending(each.path) in labels
    ]
    if len(found) < len(labels):
        missing = labels.keys() - {without_ending(each.path) for each, _ in found}
        raise ManifestError(f"{path}: {min(missing)} stands in no table of {table.parent}")
    against = sum(class_of(each) != label for each, label in found)
    tell(f"{against:,} of {len(found):,} images of {path} do not fit the strict rule")
    return found


def _reports(options: Namespace, listed: Sequence[Listed]) -> dict[str, Row]:
    if not options.reports:
        return {}
    wanted = {without_ending(each.path) for each, _ in listed}
    reports = read_plus_reports(options.reports, options.section)
    said = {name: row for name, row in reports if name in wanted and row["report"]}
    if missing := wanted - said.keys():
        raise ManifestError(
            f"{options.reports}: {len(missing):,} of the images have no {options.section} there, "
            f"as {min(missing)}; ask for another --section"
        )
    return said


def _write_hash(listed: Sequence[Listed], options: Namespace, tell: Tell) -> None:
    """Write beside the manifest which images with which classes these are."""
    digest = hash_of_list((without_ending(each.path), label) for each, label in listed)
    chosen = f"list={options.list.name}" if options.list else f"seed={options.seed}"
    beside = options.out.with_suffix(".sha256")
    beside.write_text(f"{digest}  {options.out.name} ({len(listed):,} images, {chosen})\n")
    tell(f"sha256 of the list: {digest} ({beside})")


def _options(parser: ArgumentParser) -> None:
    add_section_option(parser)
    parser.add_argument("--per-class", type=int, default=200, help="images of each class (200)")
    parser.add_argument("--seed", type=int, default=0, help="which images are drawn (0)")
    parser.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="take these images: JSON or CSV with paths and labels, as GLoRIA and PRIOR have it",
    )
    parser.add_argument("--reports", type=Path, help="df_chexpert_plus_240401.csv")


SOURCE = Source(
    title="CheXpert 5x200: images that show one of five findings",
    origin="CheXpert comes from stanfordaimi.azurewebsites.net, on registration",
    rows=_rows,
    add_options=_options,
)
