CREATE INDEX jobs_by_age ON jobs (created, server) WHERE settled = 1;
