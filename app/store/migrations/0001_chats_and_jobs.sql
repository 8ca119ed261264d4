CREATE TABLE chats (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    leaf_id TEXT,                       -- the last message of the branch that is shown
    created_seconds REAL NOT NULL,
    updated_seconds REAL NOT NULL,
    deleted_seconds REAL                -- in the bin until the undo is over
) STRICT;

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    figures TEXT,                       -- JSON, once the reply has ended
    created_seconds REAL NOT NULL
) STRICT;
CREATE INDEX messages_of_chat ON messages (chat_id, parent_id);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    source TEXT NOT NULL,               -- the file it was made from
    params TEXT NOT NULL,               -- JSON of the kind
    error TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL,
    created_seconds REAL NOT NULL
) STRICT;

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    level INTEGER NOT NULL,             -- 0 is what the documents were cut into; results of one level feed the next
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    input TEXT NOT NULL,                -- JSON of the kind
    output TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    is_suspect INTEGER NOT NULL DEFAULT 0,  -- was running when the engine crashed: goes alone
    crashes INTEGER NOT NULL DEFAULT 0,     -- crashes while it was alone
    UNIQUE (job_id, level, position)
) STRICT;
CREATE INDEX items_to_claim ON items (state, is_suspect, job_id);
