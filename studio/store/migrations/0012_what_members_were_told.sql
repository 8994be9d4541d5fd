        CREATE TABLE told (
            member_id TEXT NOT NULL,
            what      TEXT NOT NULL,
            PRIMARY KEY (member_id, what)
        ) STRICT, WITHOUT ROWID;
