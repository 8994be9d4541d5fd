"""From [model] in config.toml to the parts of a model in memory."""
