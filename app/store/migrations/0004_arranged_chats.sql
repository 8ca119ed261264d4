-- Chats are arranged: folders, tags, pins, an archive; each may have a persona and options of its own.
CREATE TABLE folders (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE personas (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    system_prompt TEXT NOT NULL,
    greeting TEXT NOT NULL,
    model TEXT NOT NULL,
    options TEXT NOT NULL               -- JSON, see core/chat_views.py
) STRICT;

CREATE TABLE saved_prompts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- What was typed and not sent. '' is the new chat; a chat that is not made so far may have one too.
CREATE TABLE drafts (
    chat_id TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE queued_turns (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    is_left INTEGER NOT NULL DEFAULT 0  -- waits for the person: a reply did not end well, or the program ended
) STRICT;
CREATE INDEX queued_turns_of_chat ON queued_turns (chat_id);

ALTER TABLE chats ADD COLUMN folder_id TEXT NOT NULL DEFAULT '';
ALTER TABLE chats ADD COLUMN persona_id TEXT NOT NULL DEFAULT '';
ALTER TABLE chats ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE chats ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE chats ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chats ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0;

ALTER TABLE messages ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN deleted_seconds REAL;           -- with what follows it, until the undo is over
ALTER TABLE messages ADD COLUMN model_name TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN thinking_seconds REAL NOT NULL DEFAULT 0;

-- Words of titles and of messages that are not being written. Rows are found by rowid: never VACUUM this file.
CREATE VIRTUAL TABLE title_index USING fts5 (
    title, content = 'chats', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE message_index USING fts5 (
    text, content = 'messages', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO title_index (title_index) VALUES ('rebuild');
INSERT INTO message_index (rowid, text) SELECT rowid, text FROM messages WHERE state <> 'writing';

CREATE TRIGGER title_added AFTER INSERT ON chats BEGIN
    INSERT INTO title_index (rowid, title) VALUES (new.rowid, new.title);
END;
CREATE TRIGGER title_removed AFTER DELETE ON chats BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.rowid, old.title);
END;
CREATE TRIGGER title_changed AFTER UPDATE OF title ON chats BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.rowid, old.title);
    INSERT INTO title_index (rowid, title) VALUES (new.rowid, new.title);
END;
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.state <> 'writing' BEGIN
    INSERT INTO message_index (rowid, text) VALUES (new.rowid, new.text);
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.state <> 'writing' BEGIN
    INSERT INTO message_index (message_index, rowid, text) VALUES ('delete', old.rowid, old.text);
END;
CREATE TRIGGER message_left_index AFTER UPDATE OF text, state ON messages WHEN old.state <> 'writing' BEGIN
    INSERT INTO message_index (message_index, rowid, text) VALUES ('delete', old.rowid, old.text);
END;
CREATE TRIGGER message_went_to_index AFTER UPDATE OF text, state ON messages WHEN new.state <> 'writing' BEGIN
    INSERT INTO message_index (rowid, text) VALUES (new.rowid, new.text);
END;
