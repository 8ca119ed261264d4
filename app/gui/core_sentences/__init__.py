"""What Core and all below it say, as the window knows it: one English sentence each, with names for its places."""
