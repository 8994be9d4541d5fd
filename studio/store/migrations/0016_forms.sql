-- However many forms a member opens, their latest twenty are kept.
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
