"""Data sets as they are published, made manifests: one file per source, one line here for each."""

from training.data.prepare import (
    chexpert,
    chexpert_5x200,
    covid,
    mimic_cxr,
    openi,
    own,
    phrase_boxes,
    roco,
    rsna_pneumonia,
    smt,
)
from training.data.prepare.source import Source

SOURCES: dict[str, Source] = {
    "chexpert": chexpert.SOURCE,
    "chexpert-5x200": chexpert_5x200.SOURCE,
    "covid": covid.SOURCE,
    "mimic-cxr": mimic_cxr.SOURCE,
    "openi": openi.SOURCE,
    "own": own.SOURCE,
    "phrase-boxes": phrase_boxes.SOURCE,
    "roco": roco.SOURCE,
    "rsna-pneumonia": rsna_pneumonia.SOURCE,
    "smt": smt.SOURCE,
}
