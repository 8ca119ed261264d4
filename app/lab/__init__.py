"""Measuring this machine: the bench, each figure beside its limit and its peers, in one run."""
