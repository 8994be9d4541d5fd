"""The morph is the seed notebook's algorithm.

`notebook_frames` is that notebook written out for the models of today, step by step: a word's token embedding is
replaced by a mixture, position embeddings are added, the sum goes through the encoder's layers and the final layer
norm; LMS with 30 steps; the first picture from noise, each later one from the picture before, re-noised at step 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import LMSDiscreteScheduler, StableDiffusionPipeline
from torch import Tensor

from engine.backend import Picture
from engine.recipe.recipe import Morph
from engine.recipe.settings import Settings
from engine.storyboard import morph
from engine.storyboard.shot import frame_seed
from tests.embedded import denoise_through, embedded_model, guided_embedded, numpy_deprecation, request

pytestmark = numpy_deprecation

SIZE = 64
SEED = 4
LAST = 2
STEPS = 30
START_STEP = 10
GUIDANCE = 7.5


@torch.no_grad()
def notebook_frames() -> Iterator[tuple[Tensor, Picture]]:
    """Yield each frame as floats in 0…1 and as the picture it is rounded to."""
    pipeline: Any = StableDiffusionPipeline.from_pretrained(guided_embedded(), dtype=torch.float32, safety_checker=None)
    tokenizer, text_encoder, unet, vae = pipeline.tokenizer, pipeline.text_encoder, pipeline.unet, pipeline.vae
    scheduler = LMSDiscreteScheduler.from_config(pipeline.scheduler.config)

    token_emb_layer = text_encoder.embeddings.token_embedding
    position_embeddings = text_encoder.embeddings.position_embedding(torch.arange(77))[None]
    causal_mask = torch.full((77, 77), float("-inf")).triu(1)[None, None]

    def tokenize(text: str) -> Tensor:
        return tokenizer(text, padding="max_length", max_length=77, return_tensors="pt").input_ids

    def output_embeds(token_embeddings: Tensor) -> Tensor:
        hidden = text_encoder.encoder(
            inputs_embeds=token_embeddings + position_embeddings, attention_mask=causal_mask
        ).last_hidden_state
        return text_encoder.final_layer_norm(hidden)

    (puppy,) = tokenizer("puppy", add_special_tokens=False).input_ids
    (skunk,) = tokenizer("skunk", add_special_tokens=False).input_ids
    input_ids = tokenize("A picture of a puppy")
    uncond_embeddings = output_embeds(token_emb_layer(tokenize("")))

    side = SIZE // 2 ** (len(vae.config.block_out_channels) - 1)
    picture: np.ndarray | None = None
    for i in range(LAST + 1):
        puppy_factor = i / LAST
        token_embeddings = token_emb_layer(input_ids)
        token_embeddings[0, torch.where(input_ids[0] == puppy)[0]] = puppy_factor * token_emb_layer(
            torch.tensor(puppy)
        ) + (1 - puppy_factor) * token_emb_layer(torch.tensor(skunk))
        text_embeddings = torch.cat([uncond_embeddings, output_embeds(token_embeddings)])

        scheduler.set_timesteps(STEPS)
        # The notebook draws from one running generator; here every frame's begins with the frame's own seed.
        torch.manual_seed(frame_seed(SEED, i))
        if picture is None:
            latents = torch.randn((1, unet.config.in_channels, side, side)) * scheduler.init_noise_sigma
            start_step = 0
        else:
            pixels = torch.tensor(picture).permute(2, 0, 1)[None] / 255
            encoded = vae.config.scaling_factor * vae.encode(pixels * 2 - 1).latent_dist.sample()
            noise = torch.randn_like(encoded)
            start_step = START_STEP
            latents = scheduler.add_noise(encoded, noise, timesteps=scheduler.timesteps[start_step][None])

        for step, t in enumerate(scheduler.timesteps):
            if step >= start_step:
                latent_model_input = scheduler.scale_model_input(torch.cat([latents] * 2), t)
                noise_pred = unet(latent_model_input, t, encoder_hidden_states=text_embeddings).sample
                noise_pred_uncond, noise_pred_text = noise_pred.chunk(2)
                noise_pred = noise_pred_uncond + GUIDANCE * (noise_pred_text - noise_pred_uncond)
                latents = scheduler.step(noise_pred, t, latents).prev_sample

        image = (vae.decode(latents / vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1)
        picture = (image[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        yield image, picture


def test_every_frame_of_a_morph_is_the_notebooks():
    model = embedded_model()
    strength = 1 - START_STEP / STEPS
    settings = Settings(
        size=SIZE, scheduler="lms", steps=STEPS, strength=strength, guidance=GUIDANCE, morphing="feedback"
    )
    recipe = Morph(seed=SEED, source="skunk", target="puppy", frames=LAST + 1)
    pictures: dict[int, Picture] = {}

    for shot, (expected_image, expected_picture) in zip(morph.shots(recipe, settings), notebook_frames(), strict=True):
        lanes = model.open([request(shot, scheduler="lms", size=SIZE, sources=pictures)])
        denoise_through(model, lanes, width=1)
        (developed,) = model.decode(lanes)
        picture = developed.picture()

        assert decode(model, lanes[0].latents) == pytest.approx(expected_image.numpy(), abs=1e-4)
        assert np.abs(picture.astype(int) - expected_picture.astype(int)).max() <= 1
        pictures[shot.index] = expected_picture  # a value that rounds the other way must not count again and again


def decode(model: Any, latents: Tensor) -> np.ndarray:
    """Return the picture before it is rounded, 0…1."""
    vae = model._parts.vae
    with torch.no_grad():
        return (vae.decode(latents.clone() / vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1).numpy()
