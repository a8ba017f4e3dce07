"""Ids, routings and sources that readers have gone wrong with."""

import string

IDS = [
    # numbers, which versions from 6 on pack two digits a byte, and what only looks like numbers
    *("0", "1", "42", "007", "123", "1234567890123456789012345", "-5", "1.5", "+1"),
    # what versions from 6 on take for base64 of bytes, with each remainder, and first bytes that have a meaning of their own
    *("a", "ab", "abc", "abcd", "AAAA", "____", "_-_-", "_w", "_f__", "-_v8", "zz", "Zz9_", "YQ==", "wGtqT0mJTzKpWk1wX5p9qQ"),
    # text
    *("é", "名前", "😀", "a\u0301", "\ufeffbom", "\u007f", "\u0001", "\u2028"),
    *("a/b", "a b", " a", "a ", "a+b", "a%2Fb", "a?b&c=d", "a#b", 'a"b', "a\\b", "a\nb", "a\tb", "a,b", "a*", "a:b", ".", "..", "null", "true"),
    "x" * 512,
    "é" * 256,  # 512 bytes
    string.ascii_letters * 9,
    "7" * 511,
]

ROUTINGS = ["a", "b", "c", "1", "é", "名前", "with space", "a/b", "-"]

# Each is a whole source. None has a line end, so that they can go by bulk.
SOURCES = [
    b"{}",
    b"{ }",
    b'  {"leading":1}',
    b'{"trailing":1}  ',
    b'{ "blanks" :\t[ 1 ,  2 ] }',
    b'{"float":1.10,"exponent":1.0E+2,"small":1e-7,"minus":-0,"minus_zero":-0.0}',
    b'{"digits":1234567890123456789012345,"fraction":0.1234567890123456789012345}',
    b'{"long":9223372036854775807,"more":9223372036854775808,"least":-9223372036854775808}',
    b'{"huge":1e400}',
    b'{"null":null,"true":true,"false":false,"array":[],"object":{},"arrays":[[[]],[1,[2]]]}',
    b'{"escapes":"\\u0041\\n\\t\\"\\\\\\/\\b\\f\\r","pair":"\\ud83d\\ude00","nul":"\\u0000"}',
    b'{"lone":"\\ud83d"}',
    '{"utf8":"é 名前 😀 \u2028 \ufeff","é":"key"}'.encode(),
    b'{"twice":1,"twice":2}',
    b'{"deep":{"twice":1,"twice":{"x":1}}}',
    b'{"":"empty key"}',
    b'{"dotted.key":1,"dotted":{"other":2}}',
    b'{"_source":{"_id":"inner"},"index":{"_id":"like a bulk line"}}',
    b'{"nested":' + b'{"n":' * 15 + b"1" + b"}" * 16,
    b"{" + b",".join(b'"key%d":%d' % (n, n) for n in range(300)) + b"}",
]

# These have line ends: each needs a request of its own.
SOURCES_OF_LINES = [
    b'{\n  "pretty": true,\n  "inner": {\n    "n": 1.10\n  }\n}\n',
    b'{\r\n"windows":1\r\n}',
    b'\n\n{"after":"lines"}\n\n',
]

# {"a":1} in the other encodings that the server takes, and keeps as they came.
BINARY_SOURCES = {
    "application/smile": b":)\n\x00\xfa\x80a\xc2\xfb",
    "application/cbor": b"\xd9\xd9\xf7\xbf\x61a\x01\xff",
}


def big(size_bytes, seed):
    """A source of this size that compresses badly enough to span many blocks of the stored fields."""
    words = []
    state, length = seed, 0
    while length < size_bytes - 40:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        words.append(f"{state:016x}")
        length += 17
    return b'{"seed":%d,"text":"%s"}' % (seed, " ".join(words).encode())
