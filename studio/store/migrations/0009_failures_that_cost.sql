-- A failed job is paid back in full unless it failed over what was asked for, such as pictures that are refused: those
-- would be free to try.
        ALTER TABLE jobs ADD COLUMN costs INTEGER NOT NULL DEFAULT 0;
        DROP TRIGGER charges_of_failed_jobs;
        CREATE TRIGGER charges_of_failed_jobs AFTER UPDATE OF state ON jobs
            WHEN NEW.state = 'failed' AND NEW.costs = 0
        BEGIN
            UPDATE charges SET seconds = 0.0 WHERE job = NEW.id;
        END;
