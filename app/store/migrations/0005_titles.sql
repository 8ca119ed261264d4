-- Who chose a chat's title: 'words' (the first words of it: a better one is asked for), 'model', 'person'.
ALTER TABLE chats ADD COLUMN title_by TEXT NOT NULL DEFAULT 'person';
