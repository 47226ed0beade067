"""What a run says of itself: lines for people, JSONL for programs."""

import json
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tqdm import tqdm


class RunLog:
    """Append the metrics of a run to a JSONL file as they come."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        """Return the log itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def write(self, event: str, *, epoch: int, **values: float) -> None:
        """Append one event; `seconds` count from the run's start."""
        seconds = round(time.monotonic() - self._started, 3)
        line = {"event": event, "epoch": epoch, "seconds": seconds, **values}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def say(self, text: str) -> None:
        """Show a line to whoever watches, above the progress bar."""
        tqdm.write(text, file=sys.stderr)
