"""config.toml: its schema, the file, and what holds where."""
