        CREATE TABLE jobs (
            id          TEXT PRIMARY KEY,
            recipe      TEXT NOT NULL,
            kind        TEXT NOT NULL,
            member_id   TEXT NOT NULL,
            member_name TEXT NOT NULL,
            server      TEXT,
            answer      TEXT NOT NULL,
            limit_bytes INTEGER NOT NULL,
            state       TEXT NOT NULL,
            settled     INTEGER NOT NULL DEFAULT 0,
            plan        TEXT,
            report      TEXT,
            error       TEXT NOT NULL DEFAULT '',
            created     REAL NOT NULL,
            finished    REAL
        ) STRICT;
        CREATE INDEX jobs_unsettled ON jobs (created) WHERE settled = 0;
        CREATE INDEX jobs_of_member ON jobs (member_id, created);
