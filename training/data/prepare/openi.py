"""Open-i, the chest radiographs of Indiana University: reports as XML beside PNG images.

`NLMCXR_reports.tgz` unpacks to `ecgen-radiology/*.xml`, `NLMCXR_png.tgz` to PNG files. Names were
taken out of the reports by its makers, who left XXXX in their place.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from models.manifest import ManifestError, Row
from training.data.prepare.left_out import LeftOut
from training.data.prepare.report_parts import add_section_option, report_of
from training.data.prepare.source import Source, SourceMissing, Tell
from training.data.prepare.splits import split_of


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    reports = SOURCE.find(root, "ecgen-radiology", "NLMCXR_reports/ecgen-radiology")
    images = {path.stem: path for path in root.rglob("*.png")}
    if not images:
        raise SourceMissing(f"{root}: NLMCXR_png/*.png is missing; {SOURCE.origin}")
    left_out = LeftOut()
    for path in sorted(reports.glob("*.xml"), key=lambda path: (len(path.stem), path.stem)):
        yield from _study(path, images, options.section, left_out)
    left_out.tell(tell)


def _study(path: Path, images: dict[str, Path], section: str, left_out: LeftOut) -> Iterator[Row]:
    try:
        study = Xml.parse(path).getroot()
    except Xml.ParseError as error:  # expat bounds how much entities may blow up
        raise ManifestError(f"{path}: not XML ({error})") from error
    parts = {
        (part.get("Label") or "").lower(): " ".join((part.text or "").split())
        for part in study.iter("AbstractText")
    }
    sections = {name: parts[name] for name in ("findings", "impression") if parts.get(name)}
    report = report_of(sections, section)
    terms = [(term.text or "").split("/")[0].strip() for term in study.iter("major")]
    for image in study.iter("parentImage"):
        found = images.get(image.get("id") or "")
        if not report:
            left_out.count("whose report lacks the section")
        elif found is None:
            left_out.count("that lie in no folder here")
        else:
            yield {
                "image": found,
                "report": report,
                **sections,
                "study_id": path.stem,
                "patient_id": path.stem,  # one study of each patient was published
                "split": split_of(path.stem),
                "labels": sorted({term for term in terms if term}),
            }


SOURCE = Source(
    title="Open-i, the chest radiographs of Indiana University",
    origin="NLMCXR_reports.tgz and NLMCXR_png.tgz come from openi.nlm.nih.gov, CC BY-NC-ND 4.0",
    rows=_rows,
    add_options=add_section_option,
)
