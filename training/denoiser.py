"""Train the denoiser and its text encoder: python -m training.denoiser --latents DIR --autoencoder DIR --folder DIR"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from training import autoencoder_net, loop, text
from training.drawing.captions import caption
from training.drawing.facts import sample
from training.guidance import SCALE_WIDTH, SCALES, guided, scale_embedding, untold
from training.latents import Latents
from training.pictures import sheet

CHANNELS = (64, 128, 192)
TIMESTEPS = 1000
MIN_SNR = 5.0
DROPOUT = 0.1
CAPTIONS = 4  # ready for each picture
# What a small part of a picture shows, or only its plan: learnt last, so a share of each batch may be about it alone.
HARD = ("tree_side", "sea_side", "jersey", "weather")
PLAN = frozenset(("tree_side", "sea_side", "jersey"))
WORN = (0.2, 0.85)  # where on the way from picture to noise a worn picture may be begun from
LOOK_PROMPTS = (
    "a wide street in a rural town in Tuscany, springtime",
    "a country road in Tuscany with cypress trees",
    "a road by the sea, trees on the right, sunny day",
    "a road going up a mountain in the Dolomites",
    "a road going down a mountain",
    "a narrow street in a medieval town at night",
    "a cyclist in a pink jersey on a country road",
    "a tree-lined avenue in autumn",
    "a picture of a skunk",
    "a picture of a puppy",
    "a rabbit in a meadow",
    "a frog on stilts on a stage",
    "a fox in winter",
    "a giraffe at sunset",
)


def build_scheduler() -> DDIMScheduler:
    """The noise schedule of training and of the packed model: cosine, ending in pure noise, velocity predicted."""
    return DDIMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # means nothing to trailing spacing; StableDiffusionPipeline warns about any other value
    )


def build_denoiser() -> UNet2DConditionModel:
    """About nine million parameters on 16×16 latents; the words come in at 16×16, 8×8 and 4×4."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=autoencoder_net.LATENT_CHANNELS,
        out_channels=autoencoder_net.LATENT_CHANNELS,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=text.WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        time_cond_proj_dim=SCALE_WIDTH,
    )


@dataclass
class DenoiserTask:
    """Predict the velocity of noised latents from a caption; weighted by min-SNR; some captions left out.

    A share of each batch, `guided_share`, learns to give in one call what guidance makes of two (Meng et al. 2022, "On
    Distillation of Guided Diffusion Models"): the denoiser is told a guidance scale, and its target is what a teacher
    says untold, with and without the caption. The teacher is the model that the run begins from, and stays as it is: a
    network that follows its own guided answers can run away with them (at a rate of 1.2e-3 one did, within 20 steps).

    Another share, `worn_share`, begins from latents of worn pictures (`latents.Encoder.worn`) and is asked for the
    picture as it was drawn. An image-to-image step at little strength so mends what encoding, decoding and moving took
    away, and a feedback chain keeps its edges and colours.

    A third, `hard_share`, is spread over the others but the worn: pictures whose captions speak of a side, a jersey or
    the weather, each as often. Their errors weigh the same at all noises, and of those about a side only the noisier
    half is learnt: min-SNR counts little where a picture is still nearly noise, and that is where its plan is made.
    (`training.contrasts` is what first teaches left, right and a jersey's colour; this keeps and refines it.)
    """

    latents: Latents
    autoencoder: Path
    device: str
    batch_size: int = 16
    vocabulary_captions: int = 20_000
    guided_share: float = 0.0
    worn_share: float = 0.0
    hard_share: float = 0.0
    name: str = "denoiser"
    start: Path | None = None  # a model in diffusers' layout, with these latents, to go on from
    teacher: Path | None = None  # such a model, needed where a share is guided
    tokenizer: Any = field(init=False)
    captions: Tensor = field(init=False)  # N×CAPTIONS×77, int16, where the latents are
    hard: dict[str, NDArray[np.int64]] = field(init=False)  # by concept, M×2: pictures and captions about it
    _nothing: Tensor = field(init=False)  # the empty caption, 1×77
    alphas: Tensor = field(init=False)
    _teacher: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        if self.start is None:
            rng = np.random.default_rng(0)
            self.tokenizer = text.build_tokenizer(caption(sample(rng), rng) for _ in range(self.vocabulary_captions))
        else:  # the words keep their numbers
            self.tokenizer = text.load_tokenizer(self.start / "tokenizer")
        captions = text.captions_of(self.tokenizer, self.latents.facts[: self.latents.training], CAPTIONS, HARD)
        self.captions = captions.ids.to(self.device)  # only now: what a GPU holds must not be forked
        self.hard = {name: pairs for name, says in captions.says.items() if len(pairs := np.argwhere(says))}
        self.latents.move(self.device)
        self._nothing = text.token_ids(self.tokenizer, [""]).to(self.device)
        self.alphas = build_scheduler().alphas_cumprod.float().to(self.device)
        if self.guided_share:
            if self.teacher is None:
                raise ValueError("a share that learns guidance needs a teacher")
            self._teacher = self._built(self.teacher).to(self.device, memory_format=loop.layout(self.device)).eval()  # type: ignore[call-overload]

    def network(self) -> nn.Module:
        return self._built(self.start)

    def _built(self, start: Path | None) -> nn.Module:
        denoiser = build_denoiser()
        if self.device == "cpu":  # the fused attention is slow to differentiate here: 47 ms a sample against 31
            denoiser.set_attn_processor(AttnProcessor())
        encoder = text.build_encoder(self.tokenizer)
        if start is not None:
            load_weights(denoiser, load_file(start / "unet" / "diffusion_pytorch_model.safetensors"))
            encoder.load_state_dict(load_file(start / "text_encoder" / "model.safetensors"))
        return nn.ModuleDict({"denoiser": denoiser, "text": encoder})

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        """Rows of the latents with one of their captions; those told a scale come first, those that are worn last."""
        count, told, worn = self.batch_size, round(self.batch_size * self.guided_share), self._worn_rows
        rows = rng.integers(0, self.latents.training, count)
        rows[count - worn :] = rng.integers(0, max(1, min(len(self.latents.worn), self.latents.training)), worn)
        chosen = rng.integers(0, CAPTIONS, count)
        hard = self._hard_rows(count - worn, count)
        spread = rng.permutation((np.arange(count) + rng.random(count)) / count)
        for row in np.flatnonzero(hard):
            concept = str(rng.choice(list(self.hard)))
            pairs = self.hard[concept]
            rows[row], chosen[row] = pairs[int(rng.integers(len(pairs)))]
            if concept in PLAN:
                spread[row] = (1 + spread[row]) / 2
        spread[count - worn :] = WORN[0] + (WORN[1] - WORN[0]) * spread[count - worn :]
        scales = np.ones(count, np.float32)
        scales[:told] = rng.uniform(*SCALES, told)
        where = self._there(rows)
        unsaid = self._there((scales == 1) & (rng.random(count) < DROPOUT))
        clean = self.latents.values[where].float()
        seen = clean.clone()
        if worn:
            share = self._there(rng.uniform(0, 1.3, worn).astype(np.float32)).view(-1, 1, 1, 1)
            seen[count - worn :].lerp_(self.latents.worn[where[count - worn :]].float(), share)
        return {
            "latents": clean,
            "seen": seen,
            "ids": torch.where(unsaid[:, None], self._nothing, self.captions[where, self._there(chosen)].long()),
            "timesteps": self._there((spread * TIMESTEPS).astype(np.int64)),
            "scales": self._there(scales),
            "hard": self._there(hard),
        }

    def _hard_rows(self, among: int, count: int) -> NDArray[np.bool_]:
        """Which of `count` rows are about a hard concept: the share, evenly over the first `among`."""
        reached = np.floor(np.arange(among + 1) * (self.hard_share if self.hard else 0.0))
        return np.pad(np.diff(reached) > 0, (0, count - among))

    @property
    def _worn_rows(self) -> int:
        return round(self.batch_size * self.worn_share) if len(self.latents.worn) else 0

    def _there(self, values: Any) -> Tensor:
        return torch.from_numpy(values).to(self.device)

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        noise = torch.randn_like(batch["latents"])
        return self._velocity_loss(network, batch, noise, told=round(len(noise) * self.guided_share))

    def _velocity_loss(self, network: nn.Module, batch: loop.Batch, noise: Tensor, *, told: int) -> Tensor:
        """The weighted error; the first `told` rows learn guidance in one call."""
        timesteps, scales = batch["timesteps"], batch["scales"]
        alpha = self.alphas[timesteps].view(-1, 1, 1, 1)
        noised = alpha.sqrt() * batch["seen"] + (1 - alpha).sqrt() * noise
        # The velocity that leads from where it is to the picture as it was drawn; for a row that is not worn it is
        # √ᾱ·noise − √(1−ᾱ)·latents. Without noise there is nothing to divide by, and nothing is worn.
        velocity = (alpha.sqrt() * noised - batch["latents"]) / (1 - alpha).sqrt().clamp_min(1e-4)
        plain = alpha.sqrt() * noise - (1 - alpha).sqrt() * batch["latents"]
        velocity = torch.where(alpha > 0.999, plain, velocity)
        parts: Any = network
        with loop.half(self.device):
            states = parts["text"](batch["ids"]).last_hidden_state
            if told:
                velocity[:told] = self._guided_velocity(noised[:told], timesteps[:told], batch["ids"][:told], scales)
            output = parts["denoiser"](noised, timesteps, states, timestep_cond=scale_embedding(scales)).sample
        error = (output.float() - velocity).square().mean((1, 2, 3))
        ratio = (alpha / (1 - alpha).clamp_min(1e-8)).flatten()
        weight = (ratio.clamp_max(MIN_SNR) + 0.25) / (ratio + 1)
        weight = torch.where(batch["hard"], weight.clamp_min(0.8), weight)
        loss: Tensor = (weight * error).mean() / weight.mean()
        return loss

    @torch.no_grad()
    def _guided_velocity(self, noised: Tensor, timesteps: Tensor, ids: Tensor, scales: Tensor) -> Tensor:
        """What guidance makes of the teacher's two answers, float32; `scales` begins with those of the rows."""
        parts: Any = self._teacher
        states, nothing = (parts["text"](words).last_hidden_state for words in (ids, self._nothing))
        rows = len(noised)
        answers = parts["denoiser"](
            torch.cat([noised, noised]),
            torch.cat([timesteps, timesteps]),
            torch.cat([states, nothing.expand(rows, -1, -1)]),
            timestep_cond=scale_embedding(torch.ones_like(scales[:rows])).repeat(2, 1),
        ).sample.float()
        with_prompt, without = answers.chunk(2)
        return guided(with_prompt, without, scales[:rows])

    def measure(self, network: nn.Module) -> dict[str, float]:
        """The plain velocity error on held-out latents, the same noise every time."""
        values, facts = self.latents.held_out()
        rng, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
        errors = []
        for start in range(0, 256, 64):
            batch = {
                "latents": values[start : start + 64],
                "seen": values[start : start + 64],
                "ids": text.token_ids(self.tokenizer, [caption(one, rng) for one in facts[start : start + 64]]),
                "timesteps": torch.linspace(0, TIMESTEPS - 1, 64).long(),
                "scales": torch.ones(64),
                "hard": torch.zeros(64, dtype=torch.bool),
            }
            noise = torch.randn(batch["latents"].shape, generator=generator).to(self.device)
            moved = {name: value.to(self.device) for name, value in batch.items()}
            errors.append(self._velocity_loss(network, moved, noise, told=0).item())
        return {"held_out": float(np.mean(errors))}

    def look(self, network: nn.Module, path: Path) -> None:
        pipeline = self.pipeline(network)
        if not self.guided_share:  # it has not learnt what a scale is
            pipeline.unet = untold(pipeline.unet)
        pipeline.set_progress_bar_config(disable=True)
        images = pipeline(
            list(LOOK_PROMPTS),
            num_inference_steps=12,
            guidance_scale=3.0,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        ).images
        rows = [(part * 255).round().astype(np.uint8) for part in np.split(images, 2)]
        Image.fromarray(sheet(rows)).save(path)

    def pipeline(self, network: nn.Module) -> Any:
        parts: Any = network
        return StableDiffusionPipeline(
            vae=autoencoder_net.load(self.autoencoder).to(self.device),
            text_encoder=parts["text"],
            tokenizer=self.tokenizer,
            unet=parts["denoiser"],
            scheduler=build_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    def export(self, network: nn.Module, folder: Path) -> None:
        self.pipeline(network).save_pretrained(folder)


def load_weights(denoiser: UNet2DConditionModel, weights: dict[str, Tensor]) -> None:
    """Take a packed model's weights; one that was never told a guidance scale begins by not listening to it."""
    if "time_embedding.cond_proj.weight" not in weights:
        weights["time_embedding.cond_proj.weight"] = torch.zeros_like(denoiser.time_embedding.cond_proj.weight)
    denoiser.load_state_dict(weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="the exported autoencoder of the latents")
    parser.add_argument("--batch-size", type=int, default=16, help="a process: 16 suits a CPU core, 512 a GPU")
    parser.add_argument(
        "--start", type=Path, help="a packed model with these latents, to go on from without a checkpoint"
    )
    parser.add_argument(
        "--guided", type=float, default=0.0, metavar="SHARE", help="share of a batch that learns guidance in one call"
    )
    parser.add_argument("--teacher", type=Path, help="the model whose guided answers are learnt, with --guided")
    parser.add_argument(
        "--worn", type=float, default=0.2, metavar="SHARE", help="share of a batch that begins from worn pictures"
    )
    parser.add_argument(
        "--hard",
        type=float,
        default=0.4,
        metavar="SHARE",
        help="share of a batch about sides, jerseys and weather alone",
    )
    loop.add_arguments(parser, learning_rate=6e-4)
    arguments = parser.parse_args()
    task = DenoiserTask(
        Latents(arguments.latents),
        arguments.autoencoder,
        arguments.device,
        arguments.batch_size,
        start=arguments.start,
        guided_share=arguments.guided,
        teacher=arguments.teacher,
        worn_share=arguments.worn,
        hard_share=arguments.hard,
    )
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
