"""Documents become blocks of text with their pages. Reading happens in a killable task process."""
