-- What hangs together with a share is kept so by triggers: a share is added, voted for and deleted by one statement
-- each, and index, counts and suggestions can never disagree with the shares themselves.
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
