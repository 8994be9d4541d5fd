        CREATE TABLE member_presets (
            member_id TEXT NOT NULL,
            name      TEXT NOT NULL COLLATE NOCASE,
            recipe    TEXT NOT NULL,
            saved     REAL NOT NULL,
            PRIMARY KEY (member_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE member_defaults (
            member_id TEXT PRIMARY KEY,
            choices   TEXT NOT NULL
        ) STRICT;
        CREATE TABLE blocked (
            server    TEXT NOT NULL,
            member_id TEXT NOT NULL,
            since     REAL NOT NULL,
            PRIMARY KEY (server, member_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE flags (
            name   TEXT NOT NULL,
            server TEXT NOT NULL,
            PRIMARY KEY (name, server)
        ) STRICT, WITHOUT ROWID;
