"""Of chats, their documents, imports and exports, and replies."""

from __future__ import annotations

from app.gui.tongue import mark

SENTENCES = (
    mark("The engine stopped unexpectedly and was restarted."),
    mark("The engine was closed before this was done."),
    mark("Another model was chosen meanwhile."),
    mark("The message is empty. Write something first."),
    mark("This chat is being answered. Wait for the reply, or stop it."),
    mark("No model is loaded. Choose a model, then try again."),
    mark("This document is not there any more."),
    mark("There is no document in {name}."),
    mark("{name} makes llama.cpp crash: the file is damaged or not what it says. Choose another model."),
    mark("There is not enough memory for this model's context."),
    mark("This model makes embeddings of texts and can't write. Choose a model that writes."),
    mark("This model's chat template did not come to an end and was stopped. Choose another model file."),
    mark("Reading “{name}”…"),
    mark("Waiting for the summary of “{name}”…"),
    mark("“{name}” has no text in it."),
    mark("“{name}” could not be read. Take it away, or add it again, before you send."),
    mark(
        "What goes in whole has {tokens} tokens, and the model takes {room}. Choose passages or a summary of “{name}”."
    ),
    mark("This document was sent already. Delete its message instead."),
    mark("The model has read this document already. Add it again instead."),
    mark(
        "A summary is made by a job, which is kept on the disk, and a temporary chat keeps nothing there. Choose "
        "passages instead."
    ),
    mark("A chat takes {count} documents at once, and these are more. Add fewer, or make a job of them."),
    mark("This text is empty. Add one that has words in it."),
    mark("“{title}” {why}, so it was left out."),
    mark("Further chats left out: {n}."),
    mark("Images left out: {n}."),
    mark("Recordings and other files left out: {n}."),
    mark("Steps in which a tool was used, left out: {n}."),
    mark("Not on this machine, so the model that is loaded is used instead: {names}."),
    mark("Some settings of the file count from the next start."),
    mark("Another file is being imported. Wait until it is done."),
    mark("“{name}” is damaged or not complete, so nothing was taken over. Export it again."),
    mark("“{name}” was written by a newer Rubato. Update this one to open it."),
    mark("“{name}” has {size} MB of text, more than any export of chats. Import it in parts."),
    mark("“{name}” is protected by a password. Unpack it and import what is in it."),
    mark("“{name}” can't be read ({reason}). Check that it is there, then try again."),
    mark(
        "“{name}” has no chats in it that can be read. Rubato takes its own exports, ChatGPT's "
        "conversations.json or the ZIP that it comes in, and exports of the web page of llama.cpp."
    ),
    mark("“{name}” is larger than {size} MB, the most that a chat takes. Split it into smaller files and add those."),
    mark("This text has more than {count} characters, which is the most. Split it."),
    mark("its job was removed or cancelled."),
    mark("The chat {name} is in the bin. Take it out, or ask in a new one."),
    mark("This message can't be brought back any more."),
    mark("The message before it is deleted too. Bring that one back first."),
    mark("This message is not waiting any more: it was sent or removed."),
    mark("This document was not read, for a reason that is in the log. Add it again."),
    mark("Rubato was closed before this reply was complete."),
    mark("This reply failed for a reason that is in the log. Try again."),
    mark("“{name}” was taken out of your message, for it could not be read: {reason}"),
    mark("There is no summary of “{name}”, so passages of it are used when you try again: {reason}"),
    mark("It had not been read when it was exported. Add it again."),
    mark("A chat"),
    mark("A job"),
    mark("Imported chat"),
    mark("This kind of model can't go back to an earlier place, so {what} was read again."),
    mark(
        "This is {count} tokens long and the model can take {limit} with its answer: {excess} too many. Shorten "
        "it, or choose a model that takes more."
    ),
    mark("There is nothing to answer: the prompt is empty."),
    mark("A reply has at least one token: ask for 1 or more."),
    mark("The model was changed before this was done."),
    mark("This chat is not in memory, so nothing is asked about it."),
    mark("This could not be prepared; the engine's log says why."),
    mark("The engine could not compute this ({reason}). Try it again."),
    mark("This was asked for twice at the same time; wait for its end."),
    mark("This model's chat template is broken ({reason}). Choose another model file."),
    mark("This model's chat template does not take this conversation: {reason}."),
    mark("The model that is loaded offers no embeddings. Choose one that is made for them."),
    mark("An empty text has no embedding. Leave it out."),
    mark("A text to be embedded has {count} tokens, and {limit} are the most. Shorten or divide it."),
    mark("A text to be scored has {count} tokens, and {limit} are the most. Shorten it."),
)
