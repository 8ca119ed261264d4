"""The formats that can be read, one file each. `formats.py` knows them all."""
