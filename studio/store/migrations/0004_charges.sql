        CREATE TABLE charges (
            job       TEXT PRIMARY KEY,
            member_id TEXT NOT NULL,
            server    TEXT,
            seconds   REAL NOT NULL,
            at        REAL NOT NULL
        ) STRICT;
        CREATE INDEX charges_of_member ON charges (member_id, server, at, seconds);
        CREATE INDEX charges_by_age ON charges (at);
