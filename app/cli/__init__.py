"""The same Core as text. Answers go to standard output, everything else to standard error; imports no Qt."""
