"""Where in an image a word of a text is seen (Fig. 5)."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import Float
from PIL import Image

from models.heatmap import Heatmap, TokenNotFound, find_token, render_overlay, token_heatmap
from models.tokenizing import EmptyReport
from service.engine.protocol import Engine
from service.errors import BadInput
from service.images import SeenImage


@dataclass(frozen=True)
class WordMap:
    """A token's patch weights and cosines over the grid, and the words of its context."""

    heatmap: Heatmap
    similarity: Float[np.ndarray, "rows columns"]
    words: tuple[str, ...]
    group_size: int  # patches that the token gathered, before the map is smoothed


def map_word(engine: Engine, image: SeenImage, *, token: str, context: str) -> WordMap:
    """Let the words of a context gather patches, and keep those of the token.

    Raises:
        BadInput: the context holds no word, or not this token; the message lists its words.
    """
    try:
        texts = engine.encode_texts([context])
        places = find_token(texts.places[0], engine.tokenizer.words(token))
    except EmptyReport as error:
        raise BadInput("text: holds no word that the model reads; send words") from error
    except TokenNotFound as error:
        raise BadInput(f"token: {error}") from error
    groups, box = engine.group(texts, image.embedded), image.letterbox
    gathered = token_heatmap(groups.weights[0], places, box)
    (rows, columns), side = box.grid, box.size // box.stride
    cosines = groups.similarity[0][places].mean(axis=0).reshape(side, side)
    return WordMap(
        gathered.smoothed() if engine.config.smooth_maps else gathered,
        cosines[:rows, :columns],
        tuple(word.text for word in texts.places[0]),
        group_size=int(np.count_nonzero(gathered.weights)),
    )


def overlay_png(image: SeenImage, word_map: WordMap) -> bytes:
    """Render the image with the map over it."""
    buffer = BytesIO()
    Image.fromarray(render_overlay(image.grey, word_map.heatmap)).save(buffer, "PNG")
    return buffer.getvalue()
