-- What a job was made from: documents, tables, a batch file. A job has as many as were given.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,                     -- as a person sees it
    state TEXT NOT NULL,                    -- see store/jobs.py
    error TEXT NOT NULL DEFAULT '',
    facts TEXT NOT NULL DEFAULT '{}',       -- JSON: pages, notes
    n_items INTEGER NOT NULL DEFAULT 0,     -- of level 0
    n_tokens INTEGER NOT NULL DEFAULT 0,    -- of their own texts
    UNIQUE (job_id, position)
) STRICT;
CREATE INDEX sources_in_state ON sources (job_id, state);

INSERT INTO sources (job_id, position, path, name, state, error, facts, n_items)
SELECT id, 0, source, coalesce(json_extract(params, '$.document'), source),
    CASE WHEN state = 'reading' THEN 'waiting'
         WHEN NOT EXISTS (SELECT 1 FROM items WHERE items.job_id = jobs.id) THEN
             CASE state WHEN 'failed' THEN 'failed' ELSE 'waiting' END
         WHEN state IN ('done', 'failed') THEN 'done' ELSE 'read' END,
    CASE state WHEN 'failed' THEN error ELSE '' END,
    json_object('n_pages', json_extract(params, '$.n_pages'),
                'notes', json(coalesce(json_extract(params, '$.notes'), '[]')),
                'unread_pages', json(coalesce(json_extract(params, '$.unread_pages'), '[]'))),
    (SELECT count(*) FROM items WHERE items.job_id = jobs.id AND level = 0)
FROM jobs;

UPDATE jobs SET state = 'queued' WHERE state = 'reading';
ALTER TABLE jobs DROP COLUMN source;
ALTER TABLE jobs ADD COLUMN model TEXT NOT NULL DEFAULT '';         -- the file it was made with; '': any
ALTER TABLE jobs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';     -- JSON: when it may run, where results go
ALTER TABLE jobs ADD COLUMN is_first INTEGER NOT NULL DEFAULT 0;    -- before all others
ALTER TABLE jobs ADD COLUMN n_expected INTEGER NOT NULL DEFAULT 0;  -- items of all levels, of what has been read
ALTER TABLE jobs ADD COLUMN prompt_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;

CREATE TABLE new_items (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    source_id INTEGER REFERENCES sources (id) ON DELETE CASCADE,  -- NULL: it was made from several
    level INTEGER NOT NULL,                 -- 0 is what the documents were cut into; results of one level feed the next
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    input TEXT NOT NULL,                    -- JSON, see core/kinds/item_input.py
    output TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    is_suspect INTEGER NOT NULL DEFAULT 0,  -- was running when the engine crashed: goes alone
    crashes INTEGER NOT NULL DEFAULT 0,     -- crashes while it was alone
    lease TEXT NOT NULL DEFAULT '',         -- the run of the program that works on it
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0
) STRICT;
INSERT INTO new_items (id, job_id, source_id, level, position, state, input, output, error, is_suspect, crashes)
SELECT id, job_id, (SELECT sources.id FROM sources WHERE sources.job_id = items.job_id),
    level, position, state, input, output, error, is_suspect, crashes
FROM items;
DROP TABLE items;
ALTER TABLE new_items RENAME TO items;
CREATE UNIQUE INDEX items_of_source ON items (source_id, level, position) WHERE source_id IS NOT NULL;
CREATE UNIQUE INDEX items_of_all ON items (job_id, level, position) WHERE source_id IS NULL;
CREATE INDEX items_of_job ON items (job_id, id);
CREATE INDEX items_to_claim ON items (job_id, state, is_suspect, level DESC, id);
CREATE INDEX items_of_level ON items (source_id, level, state) WHERE state IN ('queued', 'running');
CREATE INDEX items_in_state ON items (state) WHERE state = 'running';
CREATE INDEX items_suspect ON items (job_id) WHERE is_suspect = 1;
UPDATE jobs SET n_expected = (SELECT count(*) FROM items WHERE items.job_id = jobs.id);

CREATE TRIGGER item_added AFTER INSERT ON items BEGIN
    INSERT INTO item_counts VALUES (new.job_id, new.level, new.state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER item_moved AFTER UPDATE OF state ON items WHEN old.state <> new.state BEGIN
    UPDATE item_counts SET n = n - 1 WHERE job_id = old.job_id AND level = old.level AND state = old.state;
    INSERT INTO item_counts VALUES (new.job_id, new.level, new.state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN
    UPDATE item_counts SET n = n - 1 WHERE job_id = old.job_id AND level = old.level AND state = old.state;
END;

-- How fast a model does bulk work on this machine, measured while it did: for estimates.
CREATE TABLE speeds (
    model TEXT PRIMARY KEY,
    read_tokens REAL NOT NULL,
    read_seconds REAL NOT NULL,
    written_tokens REAL NOT NULL,
    written_seconds REAL NOT NULL
) STRICT;
