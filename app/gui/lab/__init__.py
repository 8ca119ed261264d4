"""The lab in the window: how fast a model is on this machine, what a job takes, which file would be faster."""
