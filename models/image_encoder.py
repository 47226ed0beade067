"""A torchvision network that gives patches and one embedding per image (section 3.1)."""

import math
from dataclasses import dataclass

import torch
import torchvision
from jaxtyping import Bool, Float, Num
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.models.feature_extraction import create_feature_extractor

from models.centering import center_kernels
from models.config import ImageEncoderConfig, PreprocessingConfig
from models.image_heads import CutHeads, FusedHeads

# Of these the tests know where a unit looks: fused patches need that to the pixel.
FUSED_BACKBONES = (
    "resnet18",
    "resnet50",
    "shufflenet_v2_x1_0",
    "mobilenet_v2",
    "efficientnet_b0",
)
# Tried in the tests; other convolutional networks of torchvision are cut by the same rule.
TESTED_BACKBONES = (*FUSED_BACKBONES, "densenet121")


@dataclass(frozen=True)
class _Stage:
    """A part of the network whose output is a map: its name, side in pixels, and channels."""

    name: str
    side: int
    channels: int


class ImageEncoder(nn.Module):
    """Keep two maps of a torchvision network, and read patches and the whole image from them.

    Args:
        config: the network by torchvision's name, how it normalizes, and what its patches are.
        preprocessing: size, stride and grey statistics of its input.
        dim: d, the size of an embedding.

    Raises:
        ValueError: torchvision has no such network, none of its maps has the stride, no second map
            of more than one pixel follows that one, or fused patches are not known of it.
    """

    def __init__(
        self, config: ImageEncoderConfig, preprocessing: PreprocessingConfig, *, dim: int
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self._frozen_norm = config.norm == "frozen"
        network = network_of(config.backbone)
        self._fused = config.patches == "fused"
        if self._fused and config.backbone not in FUSED_BACKBONES:
            known = ", ".join(FUSED_BACKBONES)
            raise ValueError(f"{config.backbone!r} has no fused patches; these have: {known}")
        kept_maps = _neighbors if self._fused else _cut
        near, far = kept_maps(network, config.backbone, preprocessing)
        nodes = {near.name: "near", far.name: "far"}
        self.backbone = create_feature_extractor(network, nodes)
        self.backbone.to(memory_format=torch.channels_last)  # a fifth less time on a CPU
        self.heads = (FusedHeads if self._fused else CutHeads)(near.channels, far.channels, dim=dim)
        if config.norm == "group":
            _use_group_norm(self.backbone)
        if config.norm != "batch":  # nothing to freeze yet: the heads start from nothing
            _use_group_norm(self.heads)

    def forward(
        self, pixels: Num[Tensor, "batch 1 size size"], patch_mask: Bool[Tensor, "batch patches"]
    ) -> tuple[Float[Tensor, "batch patches dim"], Float[Tensor, "batch dim"]]:
        """Return the patch embeddings, row by row, and the global embeddings.

        Args:
            pixels: grey levels from 0 to 255, whatever their type.
            patch_mask: true for the patches that hold some of the picture.
        """
        if self._fused:
            pixels = pad(pixels, [self.preprocessing.stride // 2] * 4)
        maps = self.backbone(self._standardize(pixels))
        patches, pooled = self.heads(maps["near"], maps["far"], patch_mask)
        return patches, pooled

    def train(self, mode: bool = True) -> "ImageEncoder":
        """Switch modes; frozen batch statistics stay frozen."""
        super().train(mode)
        if self._frozen_norm:
            for module in self.backbone.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def center(self) -> None:
        """Let fused patches look around their middle again; called after each training step."""
        if self._fused:
            center_kernels(self.backbone)

    def _standardize(self, pixels: Tensor) -> Float[Tensor, "batch 3 size size"]:
        grey = pixels.to(self.heads.pooled_head.weight.dtype) / 255.0
        grey = (grey - self.preprocessing.mean) / self.preprocessing.std
        return grey.expand(-1, 3, -1, -1)


def network_of(name: str) -> nn.Module:
    """Make a torchvision network without weights.

    Raises:
        ValueError: torchvision has none of this name.
    """
    if name not in torchvision.models.list_models(module=torchvision.models):
        raise ValueError(f"torchvision has no network named {name!r}")
    network: nn.Module = torchvision.models.get_model(name, weights=None)
    return network


def _cut(
    network: nn.Module, name: str, preprocessing: PreprocessingConfig
) -> tuple[_Stage, _Stage]:
    """Find the last map of the stride, and the last of all."""
    stages = _stages(network, preprocessing.size)
    near = _of_stride(stages, name, preprocessing, stride=preprocessing.stride)[-1]
    if near == stages[-1]:
        raise ValueError(f"{name!r} has no stage after its patches; it may need a larger size")
    return near, stages[-1]


def _neighbors(
    network: nn.Module, name: str, preprocessing: PreprocessingConfig
) -> tuple[_Stage, _Stage]:
    """Find the last map of the stride and the next: the first of twice the stride."""
    stages, stride = _stages(network, preprocessing.size), preprocessing.stride
    near = _of_stride(stages, name, preprocessing, stride=stride)[-1]
    return near, _of_stride(stages, name, preprocessing, stride=2 * stride)[0]


def _of_stride(
    stages: list[_Stage], name: str, preprocessing: PreprocessingConfig, *, stride: int
) -> list[_Stage]:
    side = math.ceil(preprocessing.size / stride)
    fitting = [stage for stage in stages if stage.side == side]
    if not fitting:
        raise ValueError(
            f"{name!r} has no feature map of stride {stride} at {preprocessing.size} px"
        )
    return fitting


def _stages(network: nn.Module, size: int) -> list[_Stage]:
    """List the network's stages and their blocks that give maps, in the order in which they end."""
    stages: list[_Stage] = []

    def record(name: str, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[-1] > 1:
            stages.append(_Stage(name, output.shape[-1], output.shape[1]))

    candidates = dict(network.named_children())
    if isinstance(features := candidates.pop("features", None), nn.Module):
        candidates |= {f"features.{name}": part for name, part in features.named_children()}
    for stage, part in list(candidates.items()):
        if type(part) is nn.Sequential:  # its subclasses are blocks themselves
            candidates |= {f"{stage}.{name}": block for name, block in part.named_children()}
    handles = [
        part.register_forward_hook(lambda _, __, output, name=name: record(name, output))
        for name, part in candidates.items()
    ]
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    return stages


def _use_group_norm(network: nn.Module) -> None:
    """Put GroupNorm where BatchNorm was: what one image becomes depends on no other image."""
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            groups = math.gcd(32, child.num_features)
            setattr(network, name, nn.GroupNorm(groups, child.num_features))
        else:
            _use_group_norm(child)
