"""What must exist before the first request: model, index, image memory, queue."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

import anyio.to_thread
import numpy as np
from anyio import CapacityLimiter

from models.checkpoint import open_checkpoint
from models.preprocessing import Letterbox
from models.zero_shot import EmbeddedPrompts
from service.engine import open_engine
from service.engine.protocol import EmbeddedImages, Engine
from service.errors import Busy, NotFound
from service.index.faiss_index import FaissIndex, open_index
from service.settings import Settings

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class SeenImage:
    """An image that was sent: what the model made of it, and its pixels for the overlay."""

    image_id: str
    embedded: EmbeddedImages
    letterbox: Letterbox
    grey: np.ndarray


class ImageMemory:
    """The latest images, the oldest forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._images: OrderedDict[str, SeenImage] = OrderedDict()
        self._lock = Lock()

    def put(self, image: SeenImage) -> None:
        """Remember an image as the latest."""
        with self._lock:
            self._images[image.image_id] = image
            self._images.move_to_end(image.image_id)
            while len(self._images) > self._size:
                self._images.popitem(last=False)

    def get(self, image_id: str | None) -> SeenImage:
        """Return an image by its id, or the latest one.

        Raises:
            NotFound: it was never sent, or is forgotten.
        """
        with self._lock:
            if image_id is None and self._images:
                return next(reversed(self._images.values()))
            if image_id is not None and image_id in self._images:
                return self._images[image_id]
        raise NotFound("no such image in memory; send it first, by POST /retrieve or POST /heatmap")


@dataclass
class Resources:
    """Everything that routes share."""

    settings: Settings
    engine: Engine
    index: FaissIndex
    prompt_folder: Path
    images: ImageMemory
    prompts: dict[str, EmbeddedPrompts] = field(default_factory=dict)  # by content
    waiting: int = 0
    turn: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    async def compute(self, work: Callable[[], Answer]) -> Answer:
        """Run blocking work of the model in a thread, one at a time, within the queue.

        Raises:
            Busy: the queue is full.
        """
        if self.waiting >= self.settings.queue:
            raise Busy("too many requests wait for the model; try again in a second")
        self.waiting += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self.turn)
        finally:
            self.waiting -= 1


def open_resources(settings: Settings) -> Resources:
    """Open model and index in the order in which they depend on each other.

    Raises:
        CheckpointError, IndexFault: one of them cannot be used; the message says why.
    """
    checkpoint = open_checkpoint(settings.checkpoint)
    engine = open_engine(settings.engine, checkpoint)
    index = open_index(settings.index, identity=engine.identity, precision=engine.precision)
    return Resources(
        settings=settings,
        engine=engine,
        index=index,
        prompt_folder=checkpoint.path / "prompts",
        images=ImageMemory(settings.image_cache),
    )
