"""Documents become blocks of text with their pages, tables rows, folders and archives files. All of it happens in
killable task processes; `reading.py`, `tables.py` and `gathering.py` are the ways in.
"""
