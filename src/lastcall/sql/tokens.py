"""The tokens of a DDL statement, and a cursor over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lastcall.sql.operations import fold


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is word, name (quoted), string, dollar, number or mark; ``text`` is without quotes; ``upper`` is empty for what had any."""

    kind: str
    text: str
    start: int
    end: int
    upper: str = ""


END = Token("end", "", 0, 0)
_BEFORE_NAMES = frozenset({"TABLE", "INDEX", "EXISTS", "ON", "REFERENCES", "TO", "COLUMN", "."})


@lru_cache(maxsize=8)
def _lexer(dialect: str) -> re.Pattern[str]:
    if dialect == "mysql":
        string = r"(?:[nNbBxX]|_\w+\s*)?'(?:[^'\\]|\\.|'')*+(?:'|\Z)"
    elif dialect == "postgres":
        string = r"[eE]'(?:[^'\\]|\\.|'')*+(?:'|\Z)|(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*+(?:'|\Z)"
    else:
        string = r"[nNbBxX]?'(?:[^']|'')*+(?:'|\Z)"
    brackets = r"|\[(?:[^\]\n]|\]\]){1,128}+\]" if dialect in {"tsql", "sqlite"} else ""
    return re.compile(
        rf"(?P<blank>\s+)|(?P<string>{string})|(?P<name>\"(?:[^\"]|\"\")*+(?:\"|\Z)|`(?:[^`]|``)*+(?:`|\Z){brackets})"
        r"|(?P<number>\d+(?:\.\d+)?(?!\w)|\.\d+)|(?P<dollar>\$(?:[A-Za-z_]\w*+)?\$)|(?P<word>[\w#@$]+)|(?P<mark>.)",
        re.DOTALL,
    )


def tokens(text: str, dialect: str) -> list[Token]:
    """The tokens of a cleaned statement."""
    lexer, found, at = _lexer(dialect), list[Token](), 0
    while at < len(text) and (match := lexer.match(text, at)):
        kind, whole = match.lastgroup or "mark", match[0]
        at = match.end()
        if kind == "dollar" and dialect == "postgres":
            close = text.find(whole, at)
            inner, at = (text[match.end() :], len(text)) if close < 0 else (text[match.end() : close], close + len(whole))
            found.append(Token("dollar", inner, match.start(), at))
        elif kind == "name":
            quote = whole[-1]
            found.append(Token("name", whole[1:-1].replace(quote * 2, quote), match.start(), at))
        elif kind == "string":
            # SQLite takes a string for a name where nothing but a name can stand.
            named = dialect == "sqlite" and bool(found) and found[-1].upper in _BEFORE_NAMES
            found.append(Token("name" if named else "string", whole[whole.index("'") + 1 : -1], match.start(), at))
        elif kind != "blank":
            found.append(Token("word" if kind == "dollar" else kind, whole, match.start(), at, whole.upper()))
    return found


class StrangeError(Exception):
    """The words do not stand where DDL has them."""


class Reader:
    """A cursor over tokens."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else END

    def next(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def sees(self, *words: str) -> bool:
        return all(self.peek(ahead).upper == word for ahead, word in enumerate(words))

    def take(self, *words: str) -> bool:
        """Go past these words if they come next, one after the other."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def take_any(self, words: frozenset[str] | set[str]) -> str:
        """Go past the next word if it is one of these; it, or nothing."""
        word = self.peek().upper
        if word not in words:
            return ""
        self.at += 1
        return word

    def take_all(self, words: frozenset[str] | set[str]) -> set[str]:
        """Go past as many of these words as come next."""
        taken: set[str] = set()
        while word := self.take_any(words):
            taken.add(word)
        return taken

    def identifier(self) -> str:
        token = self.next()
        if token.text == "?":
            raise StrangeError("a name in it is put in at run time")
        if token.kind not in {"word", "name"}:
            raise StrangeError(f"a name is missing at “{token.text[:20]}”" if token.text else "it ends where a name should stand")
        return token.text.lower()

    def qualified(self) -> str:
        """A name with or without its schema, folded."""
        if self.take("IDENTIFIER", "("):  # a bound name: nobody knows it
            raise StrangeError("its table's name is put in at run time")
        parts = [self.identifier()]
        while self.sees(".") or self.sees(":"):
            self.at += 1
            while self.take("."):  # database..table
                pass
            parts.append(self.identifier())
        return fold(parts)

    def group(self) -> list[Token]:
        """What stands inside the parentheses that open here."""
        if not self.take("("):
            raise StrangeError(f"an opening parenthesis is missing at “{self.peek().text[:20]}”")
        start, depth = self.at, 1
        while not self.done:
            mark = self.next().upper
            depth += (mark == "(") - (mark == ")")
            if not depth:
                return list(self.tokens[start : self.at - 1])
        raise StrangeError("a parenthesis is not closed")

    def skip(self) -> Token:
        """Go past one token, or past a whole group; the token that was there."""
        token = self.peek()
        if token.upper == "(":
            self.group()
        else:
            self.at += 1
        return token

    def copy(self) -> Reader:
        """A cursor of its own at the same place."""
        other = Reader(self.tokens)
        other.at = self.at
        return other

    def rest(self) -> Sequence[Token]:
        return self.tokens[self.at :]


def listed(found: Sequence[Token]) -> list[Sequence[Token]]:
    """Split at the commas outside of parentheses and brackets."""
    parts: list[Sequence[Token]] = []
    start = depth = 0
    for number, token in enumerate(found):
        depth += (token.upper in "([" and token.upper != "") - (token.upper in ")]" and token.upper != "")
        if token.upper == "," and not depth:
            parts.append(found[start:number])
            start = number + 1
    parts.append(found[start:])
    return [part for part in parts if part]


MOST = 5000
"""More columns than this no server takes in a table."""


def few(parts: list[Sequence[Token]]) -> list[Sequence[Token]]:
    """The parts of a statement, unless there are more of them than any server takes."""
    if len(parts) > MOST:
        raise StrangeError(f"it has {len(parts)} parts, more than any server takes")
    return parts


def flat(found: Sequence[Token]) -> list[str]:
    """The words outside of parentheses."""
    reader, words = Reader(found), list[str]()
    while not reader.done:
        words.append(reader.skip().upper)
    return words


def words(text: str) -> frozenset[str]:
    """The words of a text, to ask for membership."""
    return frozenset(text.split())
