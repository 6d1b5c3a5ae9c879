"""Small damages to files: bytes, lines and fields, members of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

PIECES = [
    b"", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\n", b"\r", b"\r\n", b"\t", b" ",
    b"\x1b[2J", b"\xe2\x80\xae", b"\xed\xa0\x80", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b",",
    b":", b"=", b";", b"#", b"|t|", b"<", b">", b"&", b"&#0;", b"&x;", b"<!--", b"]]>",
    b"<!DOCTYPE a>", b"<a:b>", b"<:>", b"<a xmlns:e='x'><e:e id='1'/></a>", b"<?a b?>",
    b"<e id=':::X'>", b"</e>", b"-1", b"0", b"1e999", b"nan", b"-inf", b"NaN", b"null", b"true",
    b"\xc2\xb2", b"\xd9\xa1", b"9" * 25, b"9" * 5000, b"[" * 100_000, b'{"a":' * 100_000,
    b"http://[", b"..", b"../../x", b"CON", b"x" * 300, b"${A}", b"%(a)s", b"-DOCSTART-",
    b"a" * 70_000,
]  # fmt: skip
NUMBERS = [0, 1, 127, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308, "", "x", "..", "9" * 5000,
    "\ud800", "\0", "\x1b[2J", "x" * 300, [], {}, [[]], [None], {"": None}, {"a": {}}, [1, 2, 3],
]  # fmt: skip


def mutate(content: bytes, kind: str, draw: Random) -> bytes:
    """Return a damaged copy.

    Args:
        content: a valid file.
        kind: ``json``, ``jsonl``, ``lines`` or ``binary``: which damages to prefer.
        draw: decides everything.
    """
    for _ in range(draw.choice([1, 1, 1, 2, 3, 6])):
        if kind in ("json", "jsonl") and draw.random() < 0.7:
            content = _in_json(content, kind, draw)
        elif kind != "binary" and draw.random() < 0.4:
            content = _in_lines(content, draw)
        else:
            content = _in_bytes(content, draw)
    return content


def _in_bytes(content: bytes, draw: Random) -> bytes:
    start = draw.randint(0, len(content))
    end = min(len(content), start + draw.choice([0, 1, 1, 2, 4, 8, 30, 300]))
    how = draw.randrange(8)
    if how == 0:
        return content[:start]
    if how == 1:
        return content[:start] + content[end:]
    if how == 2:
        return content[:end] + content[start:]
    if how == 3 and start < len(content):
        flipped = content[start] ^ 1 << draw.randrange(8)
        return content[:start] + bytes([flipped]) + content[start + 1 :]
    if how == 4:
        number = draw.choice(
            [0, 1, 127, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
        )
        size = draw.choice([1, 2, 4, 8])
        packed = number.to_bytes(8, "little")[:size]
        return content[:start] + packed + content[start + size :]
    if how == 5:
        other = draw.randint(0, len(content))
        return content[:start] + content[other : other + 40] + content[end:]
    if how == 6:
        return content[:start] + draw.randbytes(draw.randint(1, 8)) + content[end:]
    return content[:start] + draw.choice(PIECES) + content[end:]


def _in_lines(content: bytes, draw: Random) -> bytes:
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    how = draw.randrange(6)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(at, draw.choice(lines))
    elif how == 2:
        other = draw.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif how == 3:
        lines.insert(at, draw.choice(PIECES))
    else:
        mark = draw.choice([b"\t", b" ", b"=", b",", b";", b"|", b":", b'"'])
        fields = lines[at].split(mark)
        place = draw.randrange(len(fields))
        if how == 4:
            fields[place] = draw.choice(PIECES)
        else:
            fields[place : place + 1] = draw.choice([[], [fields[place]] * 2])
        lines[at] = mark.join(fields)
    return b"\n".join(lines)


def _in_json(content: bytes, kind: str, draw: Random) -> bytes:
    if kind == "jsonl":
        lines = content.split(b"\n")
        at = draw.randrange(len(lines))
        lines[at] = _in_json(lines[at], "json", draw)
        return b"\n".join(lines)
    try:
        root = [json.loads(content)]
    except (ValueError, RecursionError):
        return _in_bytes(content, draw)
    node: Any = root
    key: Any = 0
    while True:
        below = node[key]
        if not below or not isinstance(below, (dict, list)) or draw.random() < 0.15:
            break
        node = below
        key = draw.choice(list(node)) if isinstance(node, dict) else draw.randrange(len(node))
    how = draw.randrange(4)
    if how == 0 and node is not root:
        del node[key]
    elif how == 1 and isinstance(node, dict):
        node[draw.choice(["x", "", "type", "id", "a/b", str(key) + "2"])] = node[key]
    else:
        node[key] = draw.choice(VALUES)
    try:
        return json.dumps(root[0], indent=draw.choice([None, 1])).encode("utf-8") if root else b""
    except (ValueError, RecursionError):
        return content


def variants(content: bytes) -> Iterator[bytes]:
    """Yield a JSON file with each member missing, and with each of the odd values.

    Of a list the first two items are members; of a file of JSON lines the first line is changed.
    """
    try:
        root, rest = json.loads(content), b""
    except ValueError:
        first, _, rest = content.partition(b"\n")
        root, rest = json.loads(first), b"\n" + rest

    def encoded() -> bytes:
        return json.dumps(root).encode("utf-8") + rest

    def walk(node: Any) -> Iterator[bytes]:
        keys = list(node) if isinstance(node, dict) else list(range(min(len(node), 2)))
        for key in keys:
            kept = node[key]
            if isinstance(kept, (dict, list)):
                yield from walk(kept)
            for value in VALUES:
                node[key] = value
                yield encoded()
            node[key] = kept
            if isinstance(node, dict):
                items = list(node.items())
                del node[key]
                yield encoded()
                node.clear()
                node.update(items)

    yield from walk(root)
