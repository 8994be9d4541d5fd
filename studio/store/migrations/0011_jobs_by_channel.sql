CREATE INDEX jobs_of_channel ON jobs (json_extract(answer, '$.channel'), created);
