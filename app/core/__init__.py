"""The program without a face: chats, jobs, documents and models. Runs on one asyncio thread; knows no Qt."""
