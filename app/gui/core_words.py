"""What Core says, in the language of the window. GUI thread only.

Core and the engine speak English, and what they said may have been stored: their sentences are known by their form. One
that is not listed here stays as it is. A test sees that each is still said so.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QLocale

from app.gui.tongue import apart, is_english, mark, tr

SENTENCES = (
    mark("The engine stopped unexpectedly and was restarted."),
    mark("The engine was closed before this was done."),
    mark("Another model was chosen meanwhile."),
    mark("The model is at work. Unload it when that is done."),
    mark("The message is empty. Write something first."),
    mark("This chat is being answered. Wait for the reply, or stop it."),
    mark("This chat is not there any more."),
    mark("This message is not there any more."),
    mark("No model is loaded. Choose a model, then try again."),
    mark("This part is not there any more."),
    mark("This job is not there any more."),
    mark("This document is not there any more."),
    mark("{title} is not finished yet."),
    mark("{title} has nothing to be tried again."),
    mark("There is nothing to work on. Name at least one file or folder."),
    mark("There is no column “{name}”. Choose from: {columns}."),
    mark('The schema is not one of an object. Begin it with {{"type": "object"}}.'),
    mark("The schema names no fields. Name them in its “properties”."),
    mark("Give the language of the summary by its name, such as “German”."),
    mark("This model reads only {tokens} tokens at a time, too few to summarise documents. Choose another."),
    mark(
        "There is no model on this machine yet. Run “rubato models get” for the starter model, or choose a GGUF file."
    ),
    mark("{path} can't be written ({reason}). Choose another place, and try again."),
    mark("There is no document in {name}."),
    mark("{name} is not UTF-8. Save it as UTF-8."),
    mark("{name} can't be read ({reason}). Check that it is there."),
    mark("The model file {path} can't be opened (it is not there). Choose another one."),
    mark("The model file {path} can't be opened ({reason}). Choose another one."),
    mark("{name} makes llama.cpp crash: the file is damaged or not what it says. Choose another model."),
    mark(
        "{name} could not be loaded: it is damaged, or of a kind that this version does not know (“{kind}”). "
        "Download it again or choose another model."
    ),
    mark("There is not enough memory for this model's context."),
    mark("This model makes embeddings of texts and can't write. Choose a model that writes."),
    mark("This model's chat template did not come to an end and was stopped. Choose another model file."),
    mark("Summary of {name}"),
    mark("{done} of {total} documents"),
    mark("{done} of {total} pages"),
    mark("{done} of {total} parts"),
    mark("{name} could not be summarised: {reason}"),
    mark("Waits until {time}."),
    mark("Waits until the machine is on mains power."),
    mark("Waits until this machine has been measured."),
    mark("Waits until nobody has chatted for a minute."),
    mark("Waits until other programs leave the machine alone."),
    mark("Its model, {name}, is gone. Let the job use the one that is loaded."),
    mark("Loading its model, {name}."),
    mark("This part makes the engine crash each time."),
    mark("This machine is being measured already. Wait, or stop that."),
    mark("This model was not measured on this machine so far. Measure it in the lab, or run “rubato tune”."),
    mark("{name} is there already. Choose it, or another kind."),
    mark("Give at least one document, and pages with text on them."),
    mark("This takes {size} GB on the disk of {folder}, and {free} GB are free. Make room, and try again."),
    mark("page {page}"),
    mark("pages {first}–{last}"),
    mark("part {number}"),
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
    mark("is damaged in the file"),
    mark("has no text"),
    mark("has messages that are here in another chat"),
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
        "“{name}” has no chats in it that can be read. Rubato takes its own exports, ChatGPT's conversations.json or "
        "the ZIP that it comes in, and exports of the web page of llama.cpp."
    ),
    mark("This download is not there any more."),
    mark("Asking the hub for its files."),
    mark("The hub asks to wait. It goes on in {seconds} s."),
    mark("The connection broke off. It goes on in {seconds} s."),
    mark("{name} needs {needed} of free space in {folder}, and {free} are free. Free some space and try again."),
    mark("{name} is being downloaded already. Cancel this one."),
    mark("{repository} has no {kind} any more. Choose one of its files: {kinds}."),
    mark(
        "What came for {name} has another checksum than the hub says, so it was thrown away. Try again, or another "
        "network."
    ),
    mark("What came for {name} is no model file, so it was thrown away. Try again, or another network."),
    mark("{name} did not come: a web page came in its place. Sign in to this network in a browser, and try again."),
    mark("{name} could not be fetched ({reason}). What came is kept: try again later."),
    mark("{name} could not be fetched: there is no connection to {hub}. Check the network, and try again."),
    mark("{name} could not be fetched: {hub} did not answer in time. Check the network, and try again."),
    mark("{name} was not fetched because HF_HUB_OFFLINE is set. Unset it and try again."),
    mark("{name} is not at {hub} any more. Choose another one."),
    mark("{name} is not at {hub}, or only for people with a token. Check its name, or give Rubato a token of yours."),
    mark(
        "{name} is given only to people who agreed to its terms. Agree to them on its page, and give Rubato a token of "
        "yours."
    ),
    mark("{name} is given only to people who agreed to its terms. Agree to them on its page with your account."),
    mark("The download of {name} broke off ({how}). Nothing that was there is lost; try again."),
    mark("{repository} has no model in the GGUF format. Search for the name of the model and “GGUF”."),
    mark("“{name}” is no repository. Name it as OWNER/NAME, as the hub does."),
    mark("This is no token. Copy it anew from the hub, and paste it whole."),
    mark("{hub} does not take this token. Make a new one there, with the right to read, and paste it whole."),
    mark("The token is for {agreed}, and is not sent to {hub}."),
    mark("There is no GGUF file in {path}. Choose a folder that has models in it."),
    mark("This model is not there any more."),
    mark("This file belongs to {owner}. Delete it there."),
    mark("This file came with the program, or is another profile's: it stays."),
    mark("{name} is in {folder}, a folder that was added. Remove the folder instead."),
    mark("{name} is the model in use. Choose another one first, then delete it."),
    mark("Fits: it takes {need} ({parts}) of {free} that are free."),
    mark(
        "Slow: it takes {need} ({parts}), and {free} are free, so that weights are read from the disk again and again. "
        "Choose a smaller file of this model."
    ),
    mark("Does not fit: it takes {need} ({parts}), and {free} are free."),
    mark("{weights} weights, {context} context, {rest} to compute in"),
    mark("{name} was not loaded. {reason}"),
    mark("Fits: it takes about {size} by the size of its file, and {free} are free."),
    mark(
        "Slow: it takes about {size} by the size of its file, and {free} are free, so that weights are read from the "
        "disk again and again."
    ),
    mark("Does not fit: it takes about {size} by the size of its file, and {free} are free."),
)


def retold(sentence: str) -> str:
    """A sentence of Core's, or a title that it made."""
    if is_english() or not sentence:
        return sentence
    if (known := tr(sentence)) != sentence:
        return known
    for form, text in _forms():
        if found := form.fullmatch(sentence):
            return tr(text, **{name: _value(part) for name, part in found.groupdict().items()})
    return sentence


def retold_parts(said: str) -> str:
    """What is said with commas between: "38 of 40 documents, 312 of 312 pages"."""
    return said if is_english() else tr(", ").join(retold(part) for part in said.split(", "))


@cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_form(text), text) for text in SENTENCES)


def _form(text: str) -> re.Pattern[str]:
    parts = re.split(r"(?<!\{)\{(\w+)\}", text)  # every other one is the name of a place
    plain = [re.escape(part.replace("{{", "{").replace("}}", "}")) for part in parts[::2]]
    places = [f"(?P<{name}>.+?)" for name in parts[1::2]]
    return re.compile("".join(part for pair in zip(plain, [*places, ""], strict=True) for part in pair), re.DOTALL)


def _value(part: str) -> str:
    is_number = bool(re.fullmatch(r"\d{1,3}(,?\d{3})*", part))
    return QLocale().toString(int(part.replace(",", ""))) if is_number else apart(retold(part))
