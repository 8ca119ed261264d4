"""The dialog that makes a job: what is done, with what, when, and what it will take."""
