"""The commands of `python -m training.data`: make and check manifests."""

import argparse
import sys
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from models.imaging import UnreadableImage, read_image_file
from models.manifest import ManifestError
from training.data.manifest import read_pairs
from training.data.phantom import write_phantom


def make_phantom(out: Path, *, kind: Literal["chest", "eus"], n: int, seed: int) -> Path:
    """Write a phantom set with a progress bar and return its manifest."""
    with tqdm(total=n, desc=f"{kind} phantoms", unit="image", file=sys.stderr) as bar:
        return write_phantom(out, kind=kind, n=n, seed=seed, progress=lambda _: bar.update())


def check_manifest(path: Path) -> list[str]:
    """Return what is wrong with a manifest, one line each."""
    problems: list[str] = []
    for pair in tqdm(read_pairs(path), desc="checking", unit="image", file=sys.stderr):
        try:
            read_image_file(pair.image)
        except UnreadableImage as error:
            problems.append(str(error))
        if not any(character.isalnum() for character in pair.report):
            problems.append(f"{pair.image}: the report holds no word")
    return problems


def main() -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data",
        description="Make and check manifests of image-report pairs.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    phantom = commands.add_parser("phantom", help="write synthetic pairs and their manifest")
    phantom.add_argument("--kind", choices=("chest", "eus"), default="chest")
    phantom.add_argument("--n", type=int, default=1000, help="how many pairs (1000)")
    phantom.add_argument("--seed", type=int, default=0)
    phantom.add_argument("--out", type=Path, default=Path("data/phantom/pairs.jsonl"))
    check = commands.add_parser("check", help="say what is wrong with a manifest")
    check.add_argument("manifest", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "phantom":
        made = make_phantom(arguments.out, kind=arguments.kind, n=arguments.n, seed=arguments.seed)
        sys.stdout.write(f"{made}\n")
    else:
        _report(arguments.manifest)


def _report(manifest: Path) -> None:
    problems = check_manifest(manifest)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    if problems:
        raise ManifestError(f"{manifest}: {len(problems)} problems")
    sys.stdout.write(f"{manifest}: no problem found\n")
