"""The autoencoder: diffusers' AutoencoderKL, 256×256×3 to 16×16×12, started as a linear code that already works.

From diffusers' own starting weights training stays grey for a thousand steps and more. So the network is set up to
be, before its first step: mean colours of 8×8 blocks, gathered per 16×16 cell in a Haar basis (mean, left-right,
up-down, diagonal; 3 colours × 4 = 12 latent channels), and a smooth upsampling back. Training only has to add edges.

Two devices carry a plain value through the network. silu(x) − silu(−x) = x, so each value travels as a pair ±x;
and a GroupNorm group that also holds large constants ±K keeps its scale whatever the pair does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

WIDTHS = (16, 16, 48, 96, 160)
LATENT_CHANNELS = 12
GROUPS = 4
CONSTANT = 2.0
HAAR = torch.tensor([[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]]) / 4.0
OPPONENT = torch.tensor([[1.1, 1.1, 1.1], [2.2, 0.0, -2.2], [-1.6, 3.2, -1.6]])
SMOOTH = torch.tensor([1.0, 2.0, 1.0]) / 4
SLOPE = torch.tensor([-0.5, 0.0, 0.5])
# Where a colour's pair ±x sits: the encoder packs them, the decoder gives each colour its GroupNorm group.
ENCODER_PAIRS = tuple((2 * c, 2 * c + 1) for c in range(3))
DECODER_PAIRS = tuple((4 * c, 4 * c + 1) for c in range(3))
DETAIL_PAIRS = tuple((12 + 2 * k, 13 + 2 * k) for k in range(9))


def build(widths: Sequence[int] = WIDTHS) -> AutoencoderKL:
    """A fresh autoencoder with the linear code in it."""
    levels = len(widths)
    network = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=tuple(widths),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=GROUPS,
        sample_size=256,
    )
    with torch.no_grad():
        _quieten(network)
        _start_encoder(network, widths)
        _start_decoder(network, widths)
    return network


def _normal(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="linear")


def _quieten(network: nn.Module) -> None:
    """Residual branches start near nothing, so that what the shortcuts carry arrives unchanged."""
    for module in network.modules():
        kind = type(module).__name__
        parts: Any = module
        if kind == "ResnetBlock2D":
            parts.conv2.weight.mul_(0.02)
            parts.conv2.bias.zero_()
        elif kind == "Attention":
            parts.to_out[0].weight.mul_(0.02)
            parts.to_out[0].bias.zero_()


def _carry(conv: Any, channels: Sequence[int], kernel: Tensor) -> None:
    """`conv` passes `channels` through `kernel`; its other channels start random and do not leak into them."""
    _normal(conv.weight)
    conv.bias.zero_()
    for channel in channels:
        conv.weight[channel] = 0
        conv.weight[channel, channel] = kernel


def _constants(conv: Any, channels: Sequence[int]) -> None:
    """Let `channels` be +K, −K, +K … whatever comes in."""
    for place, channel in enumerate(channels):
        conv.weight[channel] = 0
        conv.bias[channel] = CONSTANT if place % 2 == 0 else -CONSTANT


def _group_scale(constants: int, size: int) -> float:
    """The spread of a group of `size` channels of which `constants` are ±K."""
    return math.sqrt((constants * CONSTANT**2 + (size - constants) * 0.12) / size)


def _start_encoder(network: AutoencoderKL, widths: Sequence[int]) -> None:
    encoder = network.encoder
    one = torch.ones(1, 1)
    quarter = torch.zeros(3, 3)
    quarter[:2, :2] = 0.25
    flat = [channel for pair in ENCODER_PAIRS for channel in pair]
    _normal(encoder.conv_in.weight)
    encoder.conv_in.bias.zero_()
    encoder.conv_in.weight[flat] = 0
    for colour, (plus, minus) in enumerate(ENCODER_PAIRS):
        encoder.conv_in.weight[plus, colour, 1, 1] = 1
        encoder.conv_in.weight[minus, colour, 1, 1] = -1
    blocks = encoder.down_blocks
    for block in blocks[:-1]:
        for resnet in block.resnets:
            if resnet.conv_shortcut is not None:
                _carry(resnet.conv_shortcut, flat, one)
        _carry(block.downsamplers[0].conv, flat, quarter)
    last = blocks[-2].downsamplers[0].conv
    values = 2 * LATENT_CHANNELS
    last.weight[:values] = 0
    for colour, (plus, _) in enumerate(ENCODER_PAIRS):
        for basis in range(4):
            to = 2 * (4 * colour + basis)
            last.weight[to, plus, :2, :2] = HAAR[basis]
            last.weight[to + 1, plus, :2, :2] = -HAAR[basis]
    shortcut = blocks[-1].resnets[0].conv_shortcut
    size = widths[-1] // GROUPS
    _carry(shortcut, range(values), one)
    _constants(shortcut, range(values, size))
    scale = _group_scale(size - values, size)
    encoder.conv_out.weight.zero_()
    encoder.conv_out.bias.zero_()
    _normal(encoder.conv_out.weight[LATENT_CHANNELS:])
    encoder.conv_out.weight[LATENT_CHANNELS:] *= 0.1
    for latent in range(3):
        for basis in range(4):
            for colour in range(3):
                source = 2 * (4 * colour + basis)
                gain = OPPONENT[latent, colour] * scale * (1.0 if basis == 0 else 2.0)
                encoder.conv_out.weight[4 * latent + basis, source, 1, 1] = gain
                encoder.conv_out.weight[4 * latent + basis, source + 1, 1, 1] = -gain
    quant = network.quant_conv
    quant.weight.zero_()
    quant.bias.zero_()
    quant.bias[LATENT_CHANNELS:] = -5.0
    for channel in range(2 * LATENT_CHANNELS):
        quant.weight[channel, channel] = 1


def _start_decoder(network: AutoencoderKL, widths: Sequence[int]) -> None:
    decoder = network.decoder
    colours = torch.linalg.inv(OPPONENT)
    flat = [channel for pair in DECODER_PAIRS for channel in pair]
    network.post_quant_conv.weight.zero_()
    network.post_quant_conv.bias.zero_()
    for channel in range(LATENT_CHANNELS):
        network.post_quant_conv.weight[channel, channel] = 1
    _normal(decoder.conv_in.weight)
    decoder.conv_in.bias.zero_()
    decoder.conv_in.weight[:30] = 0
    for colour in range(3):
        for basis in range(4):
            pair = DECODER_PAIRS[colour] if basis == 0 else DETAIL_PAIRS[3 * colour + basis - 1]
            for latent in range(3):
                gain = colours[colour, latent] * (1.0 if basis == 0 else 0.5)
                decoder.conv_in.weight[pair[0], 4 * latent + basis, 1, 1] = gain
                decoder.conv_in.weight[pair[1], 4 * latent + basis, 1, 1] = -gain
    for block in decoder.up_blocks:
        for resnet in block.resnets:
            if resnet.conv_shortcut is not None:
                _carry(resnet.conv_shortcut, flat, torch.ones(1, 1))
        if block.upsamplers:
            _carry(block.upsamplers[0].conv, flat, torch.outer(SMOOTH, SMOOTH))
    first = decoder.up_blocks[0].upsamplers[0].conv
    # The left-right detail is (left − right): the left half of a cell gets +, the right half −.
    kernels = (torch.outer(SMOOTH, SLOPE), torch.outer(SLOPE, SMOOTH), torch.outer(SLOPE, SLOPE))
    for colour in range(3):
        for basis in range(3):
            source = DETAIL_PAIRS[3 * colour + basis][0]
            first.weight[DECODER_PAIRS[colour][0], source] = kernels[basis]
            first.weight[DECODER_PAIRS[colour][1], source] = -kernels[basis]
    size = widths[0] // GROUPS
    spare = [4 * c + k for c in range(3) for k in range(2, size)]
    _constants(decoder.up_blocks[-2].upsamplers[0].conv, spare)
    scale = _group_scale(size - 2, size)
    decoder.conv_out.weight.mul_(0.1)
    decoder.conv_out.bias.zero_()
    for colour, (plus, minus) in enumerate(DECODER_PAIRS):
        decoder.conv_out.weight[colour, [plus, minus]] = 0
        decoder.conv_out.weight[colour, plus, 1, 1] = scale
        decoder.conv_out.weight[colour, minus, 1, 1] = -scale


def psnr(output: Tensor, target: Tensor) -> float:
    """Mean over pictures of the peak signal-to-noise ratio, in dB; both in −1 … 1."""
    error = (output.clamp(-1, 1) - target).square().mean((1, 2, 3)) / 4
    return float(-10 * error.log10().mean())


def load(folder: Path) -> AutoencoderKL:
    """An exported autoencoder, in float32."""
    return AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)


SCALING_FACTOR = 0.18215


def normalise(network: AutoencoderKL, images: Tensor, evenness: float = 0.5) -> None:
    """Fold the latents' mean and spread into the outermost 1×1 convolutions, so that they suit SCALING_FACTOR.

    Each channel's spread becomes its own to the power 1 − `evenness`, and their mean square 1: the channels that
    carry the composition stay larger than those that carry detail, and noise takes the detail first.
    """
    network.eval()
    with torch.no_grad():
        means = torch.cat([network.encode(part).latent_dist.mean for part in torch.split(images, 16)])
        centre, spread = means.mean((0, 2, 3)), means.std((0, 2, 3))
        target = spread ** (1 - evenness)
        target = target / target.square().mean().sqrt() / SCALING_FACTOR
        gain = target / spread
        channels = len(gain)
        quant, post = network.quant_conv, network.post_quant_conv
        quant.weight[:channels] *= gain[:, None, None, None]
        quant.bias[:channels] = (quant.bias[:channels] - centre) * gain
        quant.bias[channels:] += 2 * gain.log()
        post.bias += post.weight[:, :, 0, 0] @ centre
        post.weight /= gain[None, :, None, None]
    network.register_to_config(scaling_factor=SCALING_FACTOR)
