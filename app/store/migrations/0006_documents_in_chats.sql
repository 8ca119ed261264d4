-- Documents in chats: what was read of a file, where it is used and how, and what the model was given of it.
CREATE TABLE chat_documents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    path TEXT NOT NULL,                 -- of the file that was added; '' where it was a text
    source TEXT NOT NULL DEFAULT '',    -- the copy that was made of it, below the profile's attachments; '': none so far
    state TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '[]',   -- JSON: what of it could not be read, a sentence each
    n_pages INTEGER NOT NULL DEFAULT 0,
    n_tokens INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL DEFAULT '',
    job_id TEXT NOT NULL DEFAULT '',    -- that summarises it
    summary TEXT NOT NULL DEFAULT '',
    summary_error TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES chat_documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    place TEXT NOT NULL,                -- "p. 12"
    text TEXT NOT NULL,
    n_tokens INTEGER NOT NULL,
    vector BLOB,                        -- its meaning, as float32 ...
    vector_model TEXT NOT NULL DEFAULT ''  -- ... to this model
) STRICT;
CREATE INDEX passages_of_document ON passages (document_id, position);

-- A document at the composer of a chat (which may not be made so far), in a turn that waits, or sent with a message.
CREATE TABLE attachments (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES chat_documents (id),
    chat_id TEXT NOT NULL,
    message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    queued_id TEXT REFERENCES queued_turns (id) ON DELETE CASCADE,
    use TEXT NOT NULL,
    is_chosen INTEGER NOT NULL DEFAULT 0  -- by the person, so that it stays
) STRICT;
CREATE INDEX attachments_of_chat ON attachments (chat_id);
CREATE INDEX attachments_of_document ON attachments (document_id);
CREATE INDEX attachments_of_message ON attachments (message_id);
CREATE INDEX attachments_of_queued ON attachments (queued_id);

-- What stands before a message's own words in its turn, for as long as the message is there.
CREATE TABLE given_texts (
    message_id TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    passages TEXT NOT NULL              -- JSON: those that are quoted in it
) STRICT;

CREATE TRIGGER document_unused AFTER DELETE ON attachments
WHEN NOT EXISTS (SELECT 1 FROM attachments WHERE document_id = old.document_id) BEGIN
    DELETE FROM chat_documents WHERE id = old.document_id;
END;

CREATE VIRTUAL TABLE passage_index USING fts5 (
    text, content = 'passages', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER passage_added AFTER INSERT ON passages BEGIN
    INSERT INTO passage_index (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER passage_removed AFTER DELETE ON passages BEGIN
    INSERT INTO passage_index (passage_index, rowid, text) VALUES ('delete', old.id, old.text);
END;
