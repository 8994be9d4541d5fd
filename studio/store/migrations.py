"""The database's schema, as the steps that lead to it. A step that has been released is never edited."""

from __future__ import annotations

import time

import aiosqlite

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "jobs",
        """
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
        """,
    ),
    (
        "synced commands",
        """
        CREATE TABLE synced (
            target TEXT PRIMARY KEY,
            digest TEXT NOT NULL
        ) STRICT;
        """,
    ),
    (
        "jobs of a community",
        """
        ALTER TABLE jobs ADD COLUMN parent TEXT;
        ALTER TABLE jobs ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE jobs ADD COLUMN cost REAL NOT NULL DEFAULT 0.0;
        ALTER TABLE jobs ADD COLUMN nsfw INTEGER NOT NULL DEFAULT 0;
        """,
    ),
    (
        "charges",
        """
        CREATE TABLE charges (
            job       TEXT PRIMARY KEY,
            member_id TEXT NOT NULL,
            server    TEXT,
            seconds   REAL NOT NULL,
            at        REAL NOT NULL
        ) STRICT;
        CREATE INDEX charges_of_member ON charges (member_id, server, at, seconds);
        CREATE INDEX charges_by_age ON charges (at);
        """,
    ),
    (
        "members",
        """
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
        """,
    ),
    (
        # What hangs together with a share is kept so by triggers: a share is added, voted for and deleted by one
        # statement each, and index, counts and suggestions can never disagree with the shares themselves.
        "gallery",
        """
        CREATE TABLE shares (
            number       INTEGER PRIMARY KEY,
            id           TEXT NOT NULL UNIQUE,
            server       TEXT NOT NULL,
            member_id    TEXT NOT NULL,
            member_name  TEXT NOT NULL,
            recipe       TEXT NOT NULL,
            model        TEXT NOT NULL,
            width        INTEGER NOT NULL,
            height       INTEGER NOT NULL,
            frames       INTEGER NOT NULL,
            created      REAL NOT NULL,
            shared       REAL NOT NULL,
            votes        INTEGER NOT NULL DEFAULT 0,
            parent       TEXT,
            parent_maker TEXT,
            channel      TEXT NOT NULL,
            message      TEXT,
            nsfw         INTEGER NOT NULL,
            shuffle      INTEGER NOT NULL,
            words        TEXT NOT NULL,
            prompts      TEXT NOT NULL
        ) STRICT;
        CREATE INDEX shares_by_age ON shares (server, shared);
        CREATE INDEX shares_by_votes ON shares (server, votes, shared);
        CREATE INDEX shares_shuffled ON shares (server, shuffle);
        CREATE INDEX shares_of_member ON shares (server, member_id, shared);

        CREATE TABLE gallery_totals (
            server TEXT PRIMARY KEY,
            shares INTEGER NOT NULL
        ) STRICT;
        CREATE TRIGGER shares_counted AFTER INSERT ON shares BEGIN
            INSERT INTO gallery_totals VALUES (new.server, 1)
                ON CONFLICT (server) DO UPDATE SET shares = shares + 1;
        END;
        CREATE TRIGGER shares_uncounted AFTER DELETE ON shares BEGIN
            UPDATE gallery_totals SET shares = shares - 1 WHERE server = old.server;
        END;

        CREATE VIRTUAL TABLE share_words USING fts5 (
            words, content = 'shares', content_rowid = 'number', detail = none, columnsize = 0,
            tokenize = "ascii tokenchars '_'"
        );
        CREATE TRIGGER shares_indexed AFTER INSERT ON shares BEGIN
            INSERT INTO share_words (rowid, words) VALUES (new.number, new.words);
        END;
        CREATE TRIGGER shares_unindexed AFTER DELETE ON shares BEGIN
            INSERT INTO share_words (share_words, rowid, words) VALUES ('delete', old.number, old.words);
        END;

        CREATE TABLE votes (
            share     TEXT NOT NULL,
            member_id TEXT NOT NULL,
            at        REAL NOT NULL,
            PRIMARY KEY (share, member_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX votes_by_age ON votes (at);
        CREATE TRIGGER votes_counted AFTER INSERT ON votes BEGIN
            UPDATE shares SET votes = votes + 1 WHERE id = new.share;
        END;
        CREATE TRIGGER votes_uncounted AFTER DELETE ON votes BEGIN
            UPDATE shares SET votes = votes - 1 WHERE id = old.share;
        END;
        CREATE TRIGGER shares_votes AFTER DELETE ON shares BEGIN
            DELETE FROM votes WHERE share = old.id;
        END;

        CREATE TABLE saves (
            member_id TEXT NOT NULL,
            server    TEXT NOT NULL,
            share     TEXT NOT NULL,
            at        REAL NOT NULL,
            PRIMARY KEY (member_id, share)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX saves_by_age ON saves (member_id, server, at);
        CREATE INDEX saves_of_share ON saves (share);
        CREATE TRIGGER shares_saves AFTER DELETE ON shares BEGIN
            DELETE FROM saves WHERE share = old.id;
        END;

        CREATE TABLE prompts (
            number INTEGER PRIMARY KEY,
            scope  TEXT NOT NULL,
            folded TEXT NOT NULL,
            text   TEXT NOT NULL,
            words  TEXT NOT NULL,
            uses   INTEGER NOT NULL DEFAULT 1
        ) STRICT;
        CREATE UNIQUE INDEX prompts_by_text ON prompts (scope, folded);
        CREATE INDEX prompts_by_use ON prompts (scope, uses, folded);
        CREATE VIRTUAL TABLE prompt_words USING fts5 (
            words, content = 'prompts', content_rowid = 'number', detail = none, columnsize = 0,
            tokenize = "ascii tokenchars '_'"
        );
        CREATE TRIGGER prompts_indexed AFTER INSERT ON prompts BEGIN
            INSERT INTO prompt_words (rowid, words) VALUES (new.number, new.words);
        END;
        CREATE TRIGGER prompts_unindexed AFTER DELETE ON prompts BEGIN
            INSERT INTO prompt_words (prompt_words, rowid, words) VALUES ('delete', old.number, old.words);
        END;
        CREATE TRIGGER prompts_used AFTER INSERT ON shares BEGIN
            INSERT INTO prompts (scope, folded, text, words)
                SELECT value ->> 'scope', value ->> 'folded', value ->> 'text', value ->> 'words'
                FROM json_each(new.prompts) WHERE true
                ON CONFLICT (scope, folded) DO UPDATE SET uses = uses + 1;
        END;
        CREATE TRIGGER prompts_unused AFTER DELETE ON shares BEGIN
            UPDATE prompts SET uses = uses - 1 WHERE (scope, folded) IN
                (SELECT value ->> 'scope', value ->> 'folded' FROM json_each(old.prompts));
            DELETE FROM prompts WHERE uses = 0 AND (scope, folded) IN
                (SELECT value ->> 'scope', value ->> 'folded' FROM json_each(old.prompts));
        END;

        CREATE TABLE announcements (
            purpose TEXT NOT NULL,
            server  TEXT NOT NULL,
            subject TEXT NOT NULL,
            since   REAL NOT NULL,
            channel TEXT,
            message TEXT,
            PRIMARY KEY (purpose, server, subject)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "errors as sentences",
        """
        UPDATE jobs SET error = json_object('text', '{words}', 'values', json_object('words', error)) WHERE error <> '';
        """,
    ),
    (
        # A failed job is paid back in full by the schema, so that no crash can come between.
        "rules",
        """
        ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN nsfw_rule TEXT NOT NULL DEFAULT 'blur';
        CREATE TABLE paces (
            model   TEXT PRIMARY KEY,
            seconds REAL NOT NULL,
            work    REAL NOT NULL
        ) STRICT;
        CREATE TRIGGER charges_of_failed_jobs AFTER UPDATE OF state ON jobs WHEN NEW.state = 'failed' BEGIN
            UPDATE charges SET seconds = 0.0 WHERE job = NEW.id;
        END;
        """,
    ),
    (
        # ... unless it failed over what was asked for, such as pictures that are refused: those would be free to try.
        "failures that cost",
        """
        ALTER TABLE jobs ADD COLUMN costs INTEGER NOT NULL DEFAULT 0;
        DROP TRIGGER charges_of_failed_jobs;
        CREATE TRIGGER charges_of_failed_jobs AFTER UPDATE OF state ON jobs
            WHEN NEW.state = 'failed' AND NEW.costs = 0
        BEGIN
            UPDATE charges SET seconds = 0.0 WHERE job = NEW.id;
        END;
        """,
    ),
    ("shares for adults", "ALTER TABLE shares ADD COLUMN adults_only INTEGER NOT NULL DEFAULT 0;"),
    (
        "jobs by channel",
        "CREATE INDEX jobs_of_channel ON jobs (json_extract(answer, '$.channel'), created);",
    ),
    (
        "what members were told",
        """
        CREATE TABLE told (
            member_id TEXT NOT NULL,
            what      TEXT NOT NULL,
            PRIMARY KEY (member_id, what)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    ("names of the blocked", "ALTER TABLE blocked ADD COLUMN name TEXT NOT NULL DEFAULT '';"),
    ("homes of shares", "ALTER TABLE shares ADD COLUMN home TEXT NOT NULL DEFAULT '';"),
    ("shares of digests", "ALTER TABLE announcements ADD COLUMN about TEXT NOT NULL DEFAULT '[]';"),
    (
        # However many forms a member opens, their latest are kept.
        "forms",
        """
        CREATE TABLE forms (
            key       TEXT PRIMARY KEY,
            member_id TEXT NOT NULL,
            text      TEXT NOT NULL,
            kept      REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX forms_of_member ON forms (member_id, kept);
        CREATE TRIGGER forms_in_number AFTER INSERT ON forms BEGIN
            DELETE FROM forms WHERE key IN (
                SELECT key FROM forms WHERE member_id = NEW.member_id ORDER BY kept DESC LIMIT -1 OFFSET 20
            );
        END;
        """,
    ),
    ("jobs by age", "CREATE INDEX jobs_by_age ON jobs (created, server) WHERE settled = 1;"),
    ("ceilings", "ALTER TABLE jobs ADD COLUMN ceiling TEXT NOT NULL DEFAULT '{}';"),
)


async def migrate(connection: aiosqlite.Connection) -> None:
    """Bring the schema up to date; each step happens once, whole or not at all."""
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL) STRICT"
    )
    rows = await connection.execute_fetchall("SELECT name FROM migrations")
    applied = {row[0] for row in rows}
    for name, script in MIGRATIONS:
        if name not in applied:
            note = f"INSERT INTO migrations VALUES ('{name}', {time.time()});"
            await connection.executescript(f"BEGIN; {script} {note} COMMIT;")


async def is_migrated(connection: aiosqlite.Connection) -> bool:
    """Return whether every step, and no other, has been done; changes nothing."""
    tables = await connection.execute_fetchall("SELECT 1 FROM sqlite_master WHERE name = 'migrations'")
    rows = await connection.execute_fetchall("SELECT name FROM migrations") if list(tables) else []
    return {row[0] for row in rows} == {name for name, _ in MIGRATIONS}
