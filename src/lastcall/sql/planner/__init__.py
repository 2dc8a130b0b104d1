"""The judge: a real planner, asked how it would run a query, with and without an index.

PostgreSQL's own planner judges PostgreSQL's schemas, and those of other dialects as far as they can be translated; SQLite's judges
SQLite's.  Nothing of this is loaded unless somebody asks for it.
"""
