"""The commands of `python -m training.data`: make and check manifests."""

import argparse
import sys
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from models.manifest import ManifestError
from training.data.check import program as check
from training.data.phantom import write_phantom
from training.data.prepare import SOURCES
from training.data.prepare.writing import write_manifest


def make_phantom(out: Path, *, kind: Literal["chest", "eus"], n: int, seed: int) -> Path:
    """Write a phantom set with a progress bar and return its manifest."""
    with tqdm(total=n, desc=f"{kind} phantoms", unit="image", file=sys.stderr) as bar:
        return write_phantom(out, kind=kind, n=n, seed=seed, progress=lambda _: bar.update())


def main() -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data",
        description="Make manifests of image-report pairs from data sets, and check them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    phantom = commands.add_parser("phantom", help="write synthetic pairs and their manifest")
    phantom.add_argument("--kind", choices=("chest", "eus"), default="chest")
    phantom.add_argument("--n", type=int, default=1000, help="how many pairs (1000)")
    phantom.add_argument("--seed", type=int, default=0)
    phantom.add_argument("--out", type=Path, default=Path("data/phantom/pairs.jsonl"))
    check.add_arguments(commands.add_parser("check", help="say what a manifest holds and lacks"))
    for name, source in SOURCES.items():
        prepare = commands.add_parser(name, help=source.title, description=source.origin)
        prepare.add_argument("--root", type=Path, required=True, help="the folder that it lies in")
        prepare.add_argument("--out", type=Path, required=True, help="the manifest: a JSONL file")
        source.add_options(prepare)
    arguments = parser.parse_args()
    if arguments.command == "phantom":
        made = make_phantom(arguments.out, kind=arguments.kind, n=arguments.n, seed=arguments.seed)
        sys.stdout.write(f"{made}\n")
    elif arguments.command in SOURCES:
        _prepare(arguments)
    else:
        check.check(arguments)


def _prepare(arguments: argparse.Namespace) -> None:
    root: Path = arguments.root
    if not root.is_dir():
        raise ManifestError(f"{root}: no such folder")
    source = SOURCES[arguments.command]
    rows = source.rows(root, arguments, lambda line: tqdm.write(line, file=sys.stderr))
    counts = write_manifest(rows, arguments.out)
    splits = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    sys.stderr.write(f"{counts.total():,} images: {splits}\n")
    sys.stdout.write(f"{arguments.out}\n")
