"""The application: accounts, models, chat, prompts and jobs on top of `realtime`."""
