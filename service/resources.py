"""What must exist before the first request: model, index, prompt sets, image memory, queue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from models.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from models.prompts import PromptSet, find_prompt_set, prompt_set_names, read_prompt_set
from service.classify import PromptSets
from service.engine import open_engine
from service.engine.protocol import Engine
from service.engine.queue import WorkQueue
from service.images import ImageCache
from service.index.faiss_index import open_index
from service.index.protocol import Index
from service.settings import Settings
from service.telemetry import Hops
from service.trust import Localization, read_localization

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Resources:
    """Everything that routes share."""

    settings: Settings
    engine: Engine
    index: Index
    prompts: PromptSets
    images: ImageCache
    queue: WorkQueue
    localization: Localization

    async def compute(self, work: Callable[[], Answer], hops: Hops) -> Answer:
        """Run blocking work of the model on its thread.

        Raises:
            Busy: too many wait already.
        """
        return await self.queue.run(work, hops)


def open_resources(settings: Settings) -> Resources:
    """Open model and index in the order in which they depend on each other.

    Raises:
        CheckpointError, EngineFault, IndexFault: one cannot be used; the message says why.
    """
    checkpoint = open_checkpoint(settings.checkpoint)
    engine = open_engine(settings.engine, checkpoint)
    index = open_index(settings.index, identity=engine.identity, precision=engine.precision)
    return make_resources(
        settings,
        engine,
        index,
        prompt_sets=_prompt_sets(checkpoint),
        localization=read_localization(checkpoint),
    )


def make_resources(
    settings: Settings,
    engine: Engine,
    index: Index,
    *,
    prompt_sets: Mapping[str, PromptSet],
    localization: Localization,
) -> Resources:
    """Put an engine and an index together with the memory and the queue that they need."""
    return Resources(
        settings=settings,
        engine=engine,
        index=index,
        prompts=PromptSets(prompt_sets, engine),
        images=ImageCache(entries=settings.image_cache, max_bytes=settings.image_cache_bytes),
        queue=WorkQueue(limit=settings.queue),
        localization=localization,
    )


def _prompt_sets(checkpoint: Checkpoint) -> dict[str, PromptSet]:
    """Read the checkpoint's prompt sets, then those that ship; the first is the default.

    What the manifest does not list is not the checkpoint's: nobody has vouched for it.
    """
    paths = [PurePosixPath(name) for name in sorted(checkpoint.files)]
    listed = [path for path in paths if path.match("prompts/*.yaml") and len(path.parts) == 2]
    try:
        own = {path.stem: read_prompt_set(checkpoint.file(str(path))) for path in listed}
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return own | {n: find_prompt_set(n) for n in prompt_set_names() if n not in own}


def resources(request: Request) -> Resources:
    """Return what the application opened at its start."""
    opened: Resources = request.app.state.resources
    return opened


def hops(request: Request) -> Hops:
    """Return the request's stopwatch."""
    watch: Hops = request.state.hops
    return watch


ResourcesDep = Annotated[Resources, Depends(resources)]
HopsDep = Annotated[Hops, Depends(hops)]
