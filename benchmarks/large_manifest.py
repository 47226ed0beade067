"""What a large manifest costs: seconds, peak memory, and what a forked worker adds to it.

python -m benchmarks.large_manifest --rows 1000000
python -m benchmarks.large_manifest --rows 1000000 --objects     # as a list of objects, to compare
"""

import argparse
import json
import os
import random
import re
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from training.data.manifest import read_pairs

WORDS = 60  # of a report
LABELS = ("edema", "effusion", "mass", "nodule")


def main() -> None:
    """Write a manifest of made-up rows and read it; nothing of torch is loaded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_manifest")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--objects", action="store_true", help="keep every pair as an object")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        manifest = _write(Path(folder) / "pairs.jsonl", arguments.rows)
        size, before, started = manifest.stat().st_size, _peak(), time.perf_counter()
        pairs = read_pairs(manifest)
        kept = list(pairs) if arguments.objects else pairs
        del pairs
        seconds = time.perf_counter() - started
        sys.stdout.write(
            f"{arguments.rows:,} rows, {size / 2**20:.0f} MiB: read in {seconds:.0f} s; "
            f"peak {_peak():.0f} MiB, {before:.0f} of them before\n"
        )
        sys.stdout.flush()
        if not os.fork():
            total = sum(len(pair.report) for pair in kept)
            own = int(re.findall(r"Private_Dirty: +(\d+)", _memory())[0]) / 1024
            sys.stdout.write(f"a worker that has seen all {total:,} letters owns {own:.0f} MiB\n")
            sys.stdout.flush()
            os._exit(0)
        os.wait()


def _write(path: Path, rows: int) -> Path:
    chance = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(3000)]
    with path.open("w") as file:
        for number in tqdm(range(rows), desc="writing rows", unit="row", file=sys.stderr):
            row = {
                "image": f"images/p{number // 40:06d}/s{number // 2:07d}/{number:08d}.jpg",
                "report": " ".join(chance.choices(words, k=WORDS)),
                "study_id": f"s{number // 2:07d}",
                "patient_id": f"p{number // 4:07d}",
                "split": "train" if number // 4 % 20 else "validation",
                "labels": chance.sample(LABELS, k=chance.randint(0, 2)),
                "view": chance.choice(["PA", "AP"]),
                "site": f"H{chance.randint(0, 9)}",
                "sex": "F",
            }
            file.write(json.dumps(row) + "\n")
    return path


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory() -> str:
    return Path("/proc/self/smaps_rollup").read_text()


if __name__ == "__main__":
    main()
