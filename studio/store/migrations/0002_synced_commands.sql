        CREATE TABLE synced (
            target TEXT PRIMARY KEY,
            digest TEXT NOT NULL
        ) STRICT;
