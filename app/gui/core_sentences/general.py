"""Of the program as a whole: its disk, its folders, its other self."""

from __future__ import annotations

from app.gui.tongue import mark

SENTENCES = (
    mark("This chat is not there any more."),
    mark("This message is not there any more."),
    mark("{name} is not UTF-8. Save it as UTF-8."),
    mark("{name} can't be read ({reason}). Check that it is there."),
    mark("page {page}"),
    mark("pages {first}–{last}"),
    mark("part {number}"),
    mark("Rubato could not {doing}: the disk is full{where}. Free some space and try again."),
    mark(
        "Rubato could not {doing}: the folder is not writable{where}. Change its permissions, or choose another "
        "one with --profile."
    ),
    mark(
        "Rubato could not {doing}: {reason}{where}. Check that this place is there and can be written, then try again."
    ),
    mark(
        "The settings could not be saved: the name of the chosen model file is not valid UTF-8. Rename it, and "
        "choose it again."
    ),
    mark("The data in {path} was written by a newer Rubato. Update this one to open it."),
    mark("The disk is full, so nothing can be saved. Free some space and try again."),
    mark("Rubato can't write to {folder}. Change its permissions, or choose another one with --profile."),
    mark("The disk with {folder} could not be read or written. Check that it is there and sound, then try again."),
    mark(
        "The file {path} is damaged. Copy it somewhere safe, then put back the newest file from the folder "
        "backups beside it, or start with a new profile."
    ),
    mark("The running Rubato was closed before this was done. Start it again."),
    mark("Another Rubato uses this profile and does not answer. Close it, or choose another folder with --profile."),
    mark("The name of {name} is not valid UTF-8: rename it, and try again."),
    mark("This file is Rubato's own. Choose another name."),
    mark("It needs a name. Write one."),
    mark("Something went wrong inside Rubato. The details are in its log."),
    mark("The core did not start."),
)
