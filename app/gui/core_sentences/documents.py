"""Of reading documents."""

from __future__ import annotations

from app.gui.tongue import mark

SENTENCES = (
    mark("“{name}” is not there any more. If it was moved, add it again from its new place."),
    mark("“{name}” may not be read by you. Change its permissions, or add a copy that you own."),
    mark("“{name}” could not be read ({reason}). Check the disk or network folder, and add it again."),
    mark("“{name}” needs more memory than a document may take. Split it into smaller files and add those."),
    mark("“{name}” has no text in it. Check whether it is the right file."),
    mark(
        "“{name}” took longer than {seconds} seconds to read and was given up. Split it into smaller files and "
        "add those."
    ),
    mark(
        "“{name}” is damaged, or needs more memory than a document may take. Save it again in the program that "
        "made it, or split it into smaller files and add those."
    ),
    mark(
        "“{name}” could not be read: the process that read it ended early ({how}). Add it again; if that does "
        "not help, the file is damaged: print it to a new PDF and add that."
    ),
    mark(
        "Reading “{name}” failed because of a mistake in Rubato. The details are in the log; save the document "
        "in another format and add that."
    ),
    mark("“{name}” is not {what}, or it is damaged. {advice}"),
    mark("“{name}” unpacks to {size} MB, more than a document may. Save its text as a new file and add that."),
    mark("“{name}” is damaged or of a kind of its own. {advice}"),
    mark("“{name}” is not text, whatever its name says. Save it as PDF in the program that made it."),
    mark("“{name}” is not text in any encoding that Rubato knows. Save it as UTF-8 text."),
    mark("Open it in Word or LibreOffice and save it as .docx."),
    mark("Save or print it as PDF and add that."),
    mark("“{name}” is a picture. Make a PDF of it, run OCR (for example `ocrmypdf`) and add that."),
    mark("“{name}” is PostScript, which is not read. {advice}"),
    mark("“{name}” is compressed. Unpack it and add what is in it."),
    mark(
        "“{name}” is a Word document of an unknown kind, or it is damaged. Open it in Word and save it again as .docx."
    ),
    mark(
        "“{name}” is a presentation of an unknown kind, or it is damaged. Open it in PowerPoint and save it "
        "again as .pptx."
    ),
    mark("“{name}” is a workbook of an unknown kind, or it is damaged. Open it in Excel and save it again as .xlsx."),
    mark("“{name}” is an OpenDocument file of a kind that is not read. {advice}"),
    mark("“{name}” is in the format of Pages, Numbers or Keynote, which is not read. {advice}"),
    mark("“{name}” is protected by a password. Save a copy without one and add that."),
    mark("“{name}” is in Word's format from before 2007, which is not read. {advice}"),
    mark("“{name}” is in PowerPoint's format from before 2007, which is not read. Save it as .pptx and add that."),
    mark("“{name}” is a message in Outlook's own format, which is not read. Save it as .eml or PDF and add that."),
    mark("“{name}” is in an old Office format, which is not read. {advice}"),
    mark("“{name}” is an archive or an office document, and damaged. Get the file again."),
    mark("“{name}” is an archive. Unpack it and add the documents in it."),
    mark("“{name}” is a folder. Add the files in it instead."),
    mark("“{name}” is a device or a pipe. Copy what is in it to a file and add that."),
    mark("“{name}” is empty. Check whether it was saved or downloaded completely, and add it again."),
    mark("“{name}” is of a kind that is not read. Save it as PDF or text and add that."),
    mark("{count} hidden file or folder was left out."),
    mark("{count} hidden files and folders were left out."),
    mark("{count} empty file was left out: {names}."),
    mark("{count} empty files were left out: {names}."),
    mark("{count} empty files were left out: {names} and {more} more."),
    mark("{count} link that leads to no file was left out."),
    mark("{count} links that lead to no file were left out."),
    mark("{count} file or folder was there twice."),
    mark("{count} files and folders were there twice."),
    mark("“{name}” is or has more than {count} files. Add fewer at a time."),
    mark(
        "“{name}” has a cell of more than {count} characters from line {line} on. If a quote is not closed "
        "there, close it and add the file again."
    ),
    mark("“{name}” has a quote in line {line} that is not closed. Close it and add the file again."),
    mark("Open it in Word or LibreOffice and save it again as .docx."),
    mark("Open it in your mail program, save its text as a new file and add that."),
    mark("“{name}” is larger than a message may be. {advice}"),
    mark("“{name}” is encrypted. {advice}"),
    mark("“{name}” is not a message of e-mail, or it is damaged. {advice}"),
    mark("What is attached was not read: {names}."),
    mark("Get the book again, or save its text as a new file and add that."),
    mark("“{name}” is protected against copying. Add a copy without that protection."),
    mark("The part “{name}” is missing or damaged and was not read."),
    mark("The part “{name}” is protected against copying and was not read."),
    mark(
        "“{name}” has more than {count} characters, the most that one document may have. Split it into smaller "
        "files and add those."
    ),
    mark("{count} characters of “{name}” could not be read and are shown as �."),
    mark("“{name}” has no objects with fields in it. Add a file with one JSON object in each line."),
    mark(
        "“{name}” has a field in line {line} that none of its first {count} lines has (“{field}”). Put a line "
        "that has all fields first, and add it again."
    ),
    mark("“{name}” is not a JSON object in line {line} ({reason}). Correct that line and add the file again."),
    mark("Open it in LibreOffice and save it again."),
    mark("{pages} has no text."),
    mark("{pages} have no text."),
    mark("{pages} is damaged and could not be read."),
    mark("{pages} are damaged and could not be read."),
    mark("Page {number}"),
    mark("Pages {numbers}"),
    mark("Slide {number}"),
    mark("Slides {numbers}"),
    mark("The end of the file is missing; pages may be missing too."),
    mark("“{name}” is not a PDF, or it is damaged. Get the file again, or print it to a new PDF."),
    mark("“{name}” has no pages that can be read. Get the file again, or print it to a new PDF."),
    mark("“{name}” has pictures of pages and no text. Run OCR (for example `ocrmypdf`) and add it again."),
    mark("“{name}” is damaged: none of its pages can be read. Get the file again."),
    mark("“{name}” has no text. If its pages show some, run OCR (for example `ocrmypdf`) and add it again."),
    mark("Open it in PowerPoint or LibreOffice and save it again as .pptx."),
    mark("“{name}” is larger than an RTF document may be. {advice}"),
    mark("Its footnotes, comments and text boxes were not read."),
    mark("The end of the file is missing; text may be missing too."),
    mark("“{name}” has more than {count} columns. Save those that you need as a new file."),
    mark(
        "“{name}” has {count} cells in {place}, but only {columns} columns. If a cell holds the sign that "
        "divides cells, put it in quotes; then add the file again."
    ),
    mark("“{name}” has more than {count} characters in {place}. Leave that row out."),
    mark("“{name}” has no rows below the first, which names the columns. Add some, or another file."),
    mark(
        "“{name}” has no rows in the sheet “{sheet}” below the first, which names the columns. Add some, or "
        "another file."
    ),
    mark("Open it in Excel or LibreOffice and save it again as .xlsx."),
    mark("“{name}” has no sheet called “{sheet}”. Choose one of these: {names}."),
    mark("The sheet “{name}” is hidden and was not read."),
    mark("“{name}” has no sheets with cells. Check whether it is the right file."),
    mark("“{name}” is not a workbook, or it is damaged. {advice}"),
    mark("“{name}” has no files in it. Check whether it is the right one."),
    mark("“{name}” is no table but {kind}. Add it as a document, or add a CSV or XLSX file."),
    mark("“{name}” is not a ZIP archive, or it is damaged. Get the file again."),
    mark("“{name}” has a name that leads out of its archive. Leave it out."),
    mark("“{name}” is damaged in its archive. Get the archive again."),
    mark("“{name}” is protected by a password. Unpack it and add what is in it."),
    mark("“{name}” has more than {count} files in it. Unpack it and add its folders one by one."),
    mark("“{name}” unpacks to {size} MB, more than an archive may. Unpack it and add what you need."),
)
