-- A failed job is paid back in full by the schema, so that no crash can come between.
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
