"""One bounded queue before work that blocks, so that load is refused instead of piled up."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.errors import Busy
from service.telemetry import Hops

T = TypeVar("T")


class WorkQueue:
    """Threads of its own and a limit on how many requests may wait or run."""

    def __init__(self, *, limit: int, workers: int = 1) -> None:
        self._places = threading.BoundedSemaphore(limit + workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="aga")

    async def run(self, work: Callable[[], T], hops: Hops) -> T:
        """Do blocking work on a thread; the time until it starts is the hop `queue`.

        Raises:
            Busy: the queue is full.
        """
        if not self._places.acquire(blocking=False):
            raise Busy("too many requests wait for the model; try again in a second")
        asked = time.perf_counter()

        def timed() -> T:
            hops.add("queue", time.perf_counter() - asked)
            return work()

        future = self._threads.submit(timed)
        future.add_done_callback(lambda _: self._places.release())  # also when the client left
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let running work end and start no more."""
        self._threads.shutdown(wait=True, cancel_futures=True)
