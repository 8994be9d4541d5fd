"""How the embedded model is made: a drawing program, an autoencoder, a denoiser, an evaluation. See README.md."""
