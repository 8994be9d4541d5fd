"""Leaner versions of diffusers' modules for a CPU, which compute the same with less work.

Graphics cards are served by `speed.acceleration`. On a CPU, where a small model is bound by arithmetic, memory and
Python, four changes are worth it:

- Repeating pixels and then convolving 3×3 multiplies the same value several times. Summing the weights that meet one
  pixel gives a transposed convolution of 4×4 with stride 2: four ninths of the multiplications, and no larger picture
  in between (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?").
- A residual block divides by 1, and allocates memory for each activation and sum.
- An attention block inspects its own signature in every call, and projects three times instead of once.
- A convolution reorders its weights for oneDNN in every call, or, for one small picture on one thread, unfolds the
  picture instead. Reordered once, a UNet call takes a seventh to a quarter less, and a small picture's result no longer
  depends on the number of threads.

Only the order of additions changes; `tests/engine/diffusion/loading/test_lean.py` states to how many digits results
agree.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn import functional


def make_lean(model: nn.Module) -> None:
    """Replace modules inside a UNet or a VAE, in evaluation mode and with its final weights, by leaner ones."""
    for name, child in list(model.named_children()):
        lean = _lean_version(child)
        setattr(model, name, lean)
        if lean is child or isinstance(lean, LeanResnet):  # the others hold what they have replaced
            make_lean(lean)


def _lean_version(module: nn.Module) -> nn.Module:
    if isinstance(module, Upsample2D) and LeanUpsample.can_replace(module):
        return LeanUpsample(module)
    if isinstance(module, ResnetBlock2D) and LeanResnet.can_replace(module):
        return LeanResnet(module)
    if isinstance(module, Attention) and LeanAttention.can_replace(module):
        return LeanAttention(module)
    if isinstance(module, nn.Conv2d) and LeanConvolution.can_replace(module):
        return LeanConvolution(module)
    return module


class LeanConvolution(nn.Module):
    """`Conv2d` with its weights in oneDNN's own order, as `torch.compile` arranges them on a CPU."""

    def __init__(self, original: nn.Conv2d) -> None:
        super().__init__()
        self.weight: Tensor | None = original.weight
        self.bias = original.bias
        self._geometry = original.padding, original.stride, original.dilation, original.groups
        self._packed: Tensor | None = None

    @staticmethod
    def can_replace(module: nn.Conv2d) -> bool:
        """Whether it pads with zeros, if at all, and oneDNN takes its dtype."""
        plain = type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
        is_there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        return plain and module.weight.dtype == torch.float32 and is_there

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Convolve pictures of any size; the order of the weights suits the first."""
        if self._packed is None:
            assert self.weight is not None
            weight = self.weight.detach().to_mkldnn()
            reordered = torch.ops.aten.mkldnn_reorder_conv2d_weight
            self._packed = reordered(weight, *self._geometry, hidden_states.shape)
            self.weight = None  # it lies in memory once
        # A private operator: pyproject.toml bounds torch's versions, and a test holds it to the public convolution.
        convolved: Tensor = torch.ops.mkldnn._convolution_pointwise(
            hidden_states, self._packed, self.bias, *self._geometry, "none", [], ""
        )
        return convolved


class LeanUpsample(nn.Module):
    """`Upsample2D`, its doubling and its convolution in one."""

    def __init__(self, original: Upsample2D) -> None:
        super().__init__()
        conv: nn.Conv2d = original.conv
        self._original = original
        self.weight = nn.Parameter(_sum_weights(conv.weight.detach()), requires_grad=False)
        self.bias = conv.bias

    @staticmethod
    def can_replace(module: Upsample2D) -> bool:
        """Whether it doubles and then convolves 3×3."""
        plain = module.norm is None and module.use_conv and not module.use_conv_transpose and module.interpolate
        conv = getattr(module, "conv", None)
        return plain and type(conv) is nn.Conv2d and conv.kernel_size == (3, 3) and conv.padding == (1, 1)

    def forward(self, hidden_states: Tensor, output_size: Any = None) -> Tensor:
        if output_size is not None:
            enlarged: Tensor = self._original(hidden_states, output_size)
            return enlarged
        return functional.conv_transpose2d(hidden_states, self.weight, self.bias, stride=2, padding=1)


def _sum_weights(weight: Tensor) -> Tensor:
    """Return the transposed convolution's weights, shape (in, out, 4, 4), from those of a 3×3 convolution."""
    for axis in (2, 3):
        first, middle, last = weight.unbind(axis)
        weight = torch.stack([last, middle + last, first + middle, first], axis)
    return weight.transpose(0, 1).contiguous()


class LeanResnet(nn.Module):
    """`ResnetBlock2D` without its idle branches."""

    def __init__(self, original: ResnetBlock2D) -> None:
        super().__init__()
        self.norm1, self.conv1 = original.norm1, original.conv1
        self.time_emb_proj = original.time_emb_proj
        self.norm2, self.conv2 = original.norm2, original.conv2
        self.conv_shortcut = original.conv_shortcut

    @staticmethod
    def can_replace(module: ResnetBlock2D) -> bool:
        """Whether it is of the kind in Stable Diffusion's models."""
        resized = module.upsample is not None or module.downsample is not None
        untimed = module.time_emb_proj is None and isinstance(module.norm2, nn.GroupNorm)
        plain = untimed or (module.time_embedding_norm == "default" and not module.skip_time_act)
        return plain and not resized and module.output_scale_factor == 1 and isinstance(module.nonlinearity, nn.SiLU)

    def forward(self, input_tensor: Tensor, temb: Tensor | None = None) -> Tensor:
        """Return the block's output; the input is left as it is."""
        hidden: Tensor = self.conv1(functional.silu(self.norm1(input_tensor), inplace=True))
        if temb is not None and self.time_emb_proj is not None:
            hidden += self.time_emb_proj(functional.silu(temb))[:, :, None, None]
        hidden = self.conv2(functional.silu(self.norm2(hidden), inplace=True))
        hidden += input_tensor if self.conv_shortcut is None else self.conv_shortcut(input_tensor)
        return hidden


class LeanAttention(nn.Module):
    """`Attention` as in a UNet's transformer blocks; the keys and values of prompts are kept until others come."""

    def __init__(self, original: Attention) -> None:
        super().__init__()
        self.heads = original.heads
        query, key, value = (part.weight.detach() for part in (original.to_q, original.to_k, original.to_v))
        self._crosses = original.is_cross_attention
        first, second = ([query], [key, value]) if self._crosses else ([query, key, value], [])
        self.first = nn.Parameter(torch.cat(first), requires_grad=False)
        self.second = nn.Parameter(torch.cat(second), requires_grad=False) if second else None
        self.to_out = original.to_out[0]
        self._cached_prompt: tuple[Tensor, Tensor, Tensor] | None = None

    @staticmethod
    def can_replace(module: Attention) -> bool:
        """Whether it does nothing but attend: no norms, no residual of its own, no bias, no adapter."""
        parts = (module.to_q, module.to_k, module.to_v)
        simple = all(type(part) is nn.Linear and part.bias is None for part in parts)
        extras = (module.group_norm, module.spatial_norm, module.norm_cross, module.norm_q, module.norm_k)
        bare = not any(extras) and not module.residual_connection and module.rescale_output_factor == 1
        return (
            bare and simple and type(module.processor) is AttnProcessor2_0 and module.inner_dim == module.inner_kv_dim
        )

    def forward(
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        """Attend to the prompts, or to `hidden_states` themselves, of shape (rows, places, channels)."""
        assert attention_mask is None
        if self._crosses:
            assert encoder_hidden_states is not None
            query = self._split_heads(functional.linear(hidden_states, self.first))
            key, value = self._keys_and_values(encoder_hidden_states)
        else:
            query, key, value = map(self._split_heads, functional.linear(hidden_states, self.first).chunk(3, -1))
        attended = functional.scaled_dot_product_attention(query, key, value)
        projected: Tensor = self.to_out(attended.transpose(1, 2).flatten(2))
        return projected

    def _keys_and_values(self, states: Tensor) -> tuple[Tensor, Tensor]:
        if self._cached_prompt is None or self._cached_prompt[0] is not states:
            assert self.second is not None
            key, value = map(self._split_heads, functional.linear(states, self.second).chunk(2, -1))
            self._cached_prompt = states, key, value
        return self._cached_prompt[1:]

    def _split_heads(self, states: Tensor) -> Tensor:
        """Return states of shape (rows, heads, places, channels per head)."""
        rows, places, channels = states.shape
        return states.view(rows, places, self.heads, channels // self.heads).transpose(1, 2)
