"""Beginning from an earlier model: what both can say is carried over."""

import torch

from training.transplant import fit, transplant_denoiser, transplant_words


def test_a_linear_map_between_latents_is_found():
    torch.manual_seed(0)
    rows, matrix = torch.randn(200, 4), torch.randn(12, 4)
    assert torch.allclose(fit(rows, rows @ matrix.T), matrix, atol=1e-4)


def test_the_denoiser_hears_and_answers_in_the_new_latents():
    torch.manual_seed(0)
    to_new = torch.randn(6, 2)
    to_old = torch.linalg.pinv(to_new)
    old = {
        "conv_in.weight": torch.randn(8, 2, 3, 3),
        "conv_in.bias": torch.randn(8),
        "middle.weight": torch.randn(5),
        "conv_out.weight": torch.randn(2, 8, 3, 3),
        "conv_out.bias": torch.randn(2),
    }
    new = {
        "conv_in.weight": torch.zeros(8, 6, 3, 3),
        "conv_in.bias": torch.zeros(8),
        "middle.weight": torch.zeros(5),
        "conv_out.weight": torch.zeros(6, 8, 3, 3),
        "conv_out.bias": torch.zeros(6),
    }
    transplant_denoiser(old, new, to_old, to_new)
    latents = torch.randn(1, 2, 5, 5)
    turned = torch.einsum("nc,bchw->bnhw", to_new, latents)
    before = torch.conv2d(latents, old["conv_in.weight"], old["conv_in.bias"], padding=1)
    after = torch.conv2d(turned, new["conv_in.weight"], new["conv_in.bias"], padding=1)
    assert torch.allclose(before, after, atol=1e-4)
    answer = torch.conv2d(before, old["conv_out.weight"], old["conv_out.bias"], padding=1)
    turned_answer = torch.conv2d(after, new["conv_out.weight"], new["conv_out.bias"], padding=1)
    assert torch.allclose(torch.einsum("nc,bchw->bnhw", to_new, answer), turned_answer, atol=1e-3)
    assert new["middle.weight"].equal(old["middle.weight"])


def test_words_keep_their_meaning_wherever_they_stand():
    name = "text_model.embeddings.token_embedding.weight"
    old, new = {name: torch.randn(3, 4)}, {name: torch.zeros(4, 4)}
    known = transplant_words(old, new, {"fox": 0, "cat": 1, "sea": 2}, {"sea": 0, "giraffe": 1, "fox": 3})
    assert known == 2
    assert new[name][0].equal(old[name][2])
    assert new[name][3].equal(old[name][0])
    assert not new[name][1].any()
