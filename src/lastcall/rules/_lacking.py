"""Why no index of a table serves a look-up, in words that hold where an index on the column is there all the same."""

from __future__ import annotations

from lastcall.model import Access


def lacking(access: Access) -> str:
    """``no index of orders starts with status``, or which one does and why it does not serve."""
    table, columns = access.table.name, " or ".join(access.columns)
    led = [index for index in access.table.indexes if index.columns and index.columns[0] in access.columns]
    if not led:
        return f"no index of {table} starts with {columns}"
    first = min(led, key=lambda index: (not index.where, index.name))
    name = first.name or f"the one on {', '.join(first.columns)}"
    kind = f" ({name} is of the kind {first.method})" if first.method not in ("", "btree") else ""
    why = f" ({name} is for {first.where} alone)" if first.where else kind
    return f"no index of {table} that starts with {columns} serves it{why}"
