"""What turns a network's two kept maps into patches and one embedding per image (section 3.1)."""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

Near = Float[Tensor, "batch near rows columns"]
Far = Float[Tensor, "batch far far_rows far_columns"]
PatchMask = Bool[Tensor, "batch patches"]
Embedded = tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch dim"]]


class CutHeads(nn.Module):
    """Read patches from one map and the image from the mean of the network's last (the paper).

    Args:
        near: channels of the map that holds the patches.
        far: channels of the last map.
        dim: d, the size of an embedding.
    """

    def __init__(self, near: int, far: int, *, dim: int) -> None:
        super().__init__()
        self.patch_head = nn.Linear(near, dim)
        self.pooled_head = nn.Linear(far, dim)

    def forward(self, near: Near, far: Far, patch_mask: PatchMask) -> Embedded:
        """Return the patch embeddings, row by row, and the global embeddings.

        The paper averages the whole last map: the mask plays no part.
        """
        patches = rearrange(near, "batch channels y x -> batch (y x) channels")
        return self.patch_head(patches), self.pooled_head(far.mean(dim=(2, 3)))


class FusedHeads(nn.Module):
    """Add a coarse map to a fine one for patches, and pool these into the image (decision 0021).

    The fine map says where, the coarse one what. What the image is rests on its patches alone, by
    their mean and by their maximum: a small finding stands out in the second.

    Args:
        near: channels of the fine map.
        far: channels of the coarse map.
        dim: d, the size of an embedding.
    """

    def __init__(self, near: int, far: int, *, dim: int) -> None:
        super().__init__()
        self.near_head = nn.Conv2d(near, dim, kernel_size=1)
        self.far_head = nn.Conv2d(far, dim, kernel_size=1)
        self.mix = nn.Sequential(nn.BatchNorm2d(dim), nn.ReLU(), nn.Conv2d(dim, dim, kernel_size=1))
        self.pooled_head = nn.Linear(2 * dim, dim)

    def forward(self, near: Near, far: Far, patch_mask: PatchMask) -> Embedded:
        """Return the patch embeddings, row by row, and the global embeddings.

        Args:
            near, far: of a picture with half a patch of border on each side. Strided convolutions
                look around the first pixel of a patch; so, without the first row and column, they
                look around its middle.
        """
        coarse = _between(self.far_head(far), rows=near.shape[2], columns=near.shape[3])
        mixed = self.mix(self.near_head(near) + coarse)[:, :, 1:, 1:]
        patches = rearrange(mixed, "batch channels y x -> batch (y x) channels")
        held = patch_mask[..., None]
        mean = (patches * held).sum(dim=1) / held.sum(dim=1).clamp_min(1)
        highest = patches.masked_fill(~held, torch.finfo(patches.dtype).min).amax(dim=1)
        return patches, self.pooled_head(torch.cat([mean, highest], dim=-1))


def _between(
    far: Float[Tensor, "batch dim far_rows far_columns"], *, rows: int, columns: int
) -> Float[Tensor, "batch dim rows columns"]:
    """Put every unit of a coarse map on each second of a fine one, and means between them.

    That is where strided convolutions have their units; a map stretched over the whole picture
    would lie half a fine unit further down and right.
    """
    size = (2 * far.shape[2] - 1, 2 * far.shape[3] - 1)
    spread = interpolate(far, size=size, mode="bilinear", align_corners=True)
    return pad(spread, (0, columns - size[1], 0, rows - size[0]), mode="replicate")
