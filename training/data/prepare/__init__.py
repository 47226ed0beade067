"""Data sets as they are published, made manifests: one file per source, one line here for each."""

from training.data.prepare import covid, openi, own, roco, smt
from training.data.prepare.source import Source

SOURCES: dict[str, Source] = {
    "covid": covid.SOURCE,
    "openi": openi.SOURCE,
    "own": own.SOURCE,
    "roco": roco.SOURCE,
    "smt": smt.SOURCE,
}
