-- How many items of a level are in each state, kept by triggers: a job of 100,000 items is counted like one of ten.
CREATE TABLE item_counts (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    level INTEGER NOT NULL,
    state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (job_id, level, state)
) STRICT, WITHOUT ROWID;

INSERT INTO item_counts SELECT job_id, level, state, count(*) FROM items GROUP BY job_id, level, state;

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

-- The next item of a job is found without looking at the others.
DROP INDEX items_to_claim;
CREATE INDEX items_to_claim ON items (job_id, state, is_suspect, level DESC, position);
CREATE INDEX items_in_state ON items (state) WHERE state = 'running';
CREATE INDEX items_suspect ON items (job_id) WHERE is_suspect = 1;

-- What went into a finished job ("36 of 36 pages"), written when it is done.
ALTER TABLE jobs ADD COLUMN coverage TEXT NOT NULL DEFAULT '';

-- Deleting a message looks for those that follow it.
CREATE INDEX messages_by_parent ON messages (parent_id);
