"""The index that a query lacks, as a statement that makes it, named as the repository names its others."""

from __future__ import annotations

from functools import cached_property
from itertools import count

from lastcall.model import Catalog, MissingIndex

HABITS = ("{table}_{columns}_idx", "idx_{table}_{columns}", "ix_{table}_{columns}", "index_{table}_on_{columns}", "{table}_{columns}_index")
"""How people name indexes: PostgreSQL's own way, by hand, SQLAlchemy's, Rails', Laravel's."""


class Naming:
    """Suggests the indexes that are missing in one catalog; many queries lack the same one, which is named once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._suggested: dict[tuple[str, tuple[str, ...]], MissingIndex] = {}

    def suggested(self, table: str, columns: tuple[str, ...]) -> MissingIndex:
        """The index to make, built without a lock where the dialect can."""
        found = self._suggested.get((table, columns))
        if found is None:
            found = self._suggested[table, columns] = MissingIndex(table, columns, self._statement(table, columns))
        return found

    def _statement(self, table: str, columns: tuple[str, ...]) -> str:
        name = self._habit.format(table=table.rpartition(".")[2], columns="_".join(columns))
        name = next(each for number in count(1) if (each := name if number == 1 else f"{name}_{number}") not in self._taken)
        dialect = self._catalog.dialect
        how = "CREATE INDEX CONCURRENTLY" if dialect == "postgres" else "CREATE INDEX"
        online = " WITH (ONLINE = ON)" if dialect == "tsql" else " ONLINE" if dialect == "oracle" else ""
        return f"{how} {name} ON {table} ({', '.join(columns)}){online};"

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(index.name for table in self._catalog.tables.values() for index in table.indexes)

    @cached_property
    def _habit(self) -> str:
        """The way of naming that most indexes of the catalog follow."""
        followed = dict.fromkeys(HABITS, 0)
        for table in self._catalog.tables.values():
            for index in table.indexes:
                for habit in HABITS:
                    if index.name.lower() == habit.format(table=table.name.rpartition(".")[2], columns="_".join(index.columns)):
                        followed[habit] += 1
        return max(HABITS, key=lambda habit: followed[habit])
