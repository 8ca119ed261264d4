"""Files with chats, of this and of other programs, become rows of the store. Nothing in them is trusted."""
