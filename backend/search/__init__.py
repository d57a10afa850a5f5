"""Web search and the reading of web pages, behind one interface for every search provider.

What a page says is data: it is shown, quoted and handed to models as text, and can call nothing. Imports nothing of
Django's request handling; chats (by tools) and research jobs use the same functions.
"""
