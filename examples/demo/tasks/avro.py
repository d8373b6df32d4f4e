"""Avro object container files (Avro 1.11, "Object Container Files") with the null codec.

Enough for Prio's schemas: records of string, bytes, int, long, double, arrays and unions.
"""

import hashlib
import io
import json
import struct

MAGIC = b"Obj\x01"
META = {"type": "map", "values": "bytes"}


class Malformed(ValueError):
    """The bytes are not an Avro file, or not of a kind that this module reads."""


def write(schema, records):
    """The file that holds these records (dictionaries), as bytes. Equal input gives equal bytes."""
    text = json.dumps(schema, separators=(",", ":")).encode()
    body = b"".join(_encode(schema, record) for record in records)
    # 16 bytes that are unlikely in the data; a digest keeps the file reproducible.
    sync = hashlib.md5(text + body).digest()
    header = MAGIC + _encode(META, {"avro.schema": text, "avro.codec": b"null"}) + sync
    block = _encode("long", len(records)) + _encode("long", len(body)) + body + sync
    return header + block


def read(data):
    """All records of a file. Raises Malformed, never anything else."""
    try:
        return _read(io.BytesIO(data), len(data))
    except (LookupError, TypeError, ValueError, struct.error) as error:
        raise Malformed(f"not an Avro file: {error}") from error


def _read(stream, size):
    if _take(stream, 4) != MAGIC:
        raise Malformed("it does not begin with Obj 1")
    meta = _decode(META, stream)
    if meta.get("avro.codec", b"null") != b"null":
        raise Malformed(f"codec {meta['avro.codec']!r}, only null is read")
    schema = json.loads(meta["avro.schema"])
    sync = _take(stream, 16)
    records = []
    while stream.tell() < size:
        count, _ = _decode("long", stream), _decode("long", stream)
        records += [_decode(schema, stream) for _ in range(count)]
        if _take(stream, 16) != sync:
            raise Malformed("a block does not end with the sync marker")
    return records


def _take(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise Malformed(f"ends {size - len(data)} bytes early")
    return data


def _kind(schema):
    if isinstance(schema, list):
        return "union"
    return schema["type"] if isinstance(schema, dict) else schema


def _encode(schema, value):
    kind = _kind(schema)
    if kind in ("int", "long"):
        return _zigzag(value)
    if kind == "double":
        return struct.pack("<d", value)
    if kind in ("string", "bytes"):
        data = value.encode() if kind == "string" else value
        return _zigzag(len(data)) + data
    if kind == "null":
        return b""
    if kind == "union":
        branch = next(i for i, name in enumerate(schema) if (name == "null") == (value is None))
        return _zigzag(branch) + _encode(schema[branch], value)
    if kind == "record":
        return b"".join(_encode(field["type"], value[field["name"]]) for field in schema["fields"])
    if kind == "array":
        items = [_encode(schema["items"], item) for item in value]
    elif kind == "map":
        items = [_encode("string", k) + _encode(schema["values"], v) for k, v in value.items()]
    else:
        raise ValueError(f"a schema of type {kind!r}, which this module does not know")
    return (_zigzag(len(items)) + b"".join(items) if items else b"") + _zigzag(0)


def _decode(schema, stream):
    kind = _kind(schema)
    if kind in ("int", "long"):
        return _unzigzag(stream)
    if kind == "double":
        return struct.unpack("<d", _take(stream, 8))[0]
    if kind in ("string", "bytes"):
        data = _take(stream, _unzigzag(stream))
        return data.decode() if kind == "string" else data
    if kind == "null":
        return None
    if kind == "union":
        return _decode(schema[_unzigzag(stream)], stream)
    if kind == "record":
        return {field["name"]: _decode(field["type"], stream) for field in schema["fields"]}
    if kind == "array":
        return [_decode(schema["items"], stream) for _ in _items(stream)]
    if kind == "map":
        values = schema["values"]
        return {_decode("string", stream): _decode(values, stream) for _ in _items(stream)}
    raise Malformed(f"a schema of type {kind!r}, which this module does not know")


def _items(stream):
    """As many turns as the blocks of an array or a map hold items."""
    while count := _unzigzag(stream):
        if count < 0:
            _unzigzag(stream)
        yield from range(abs(count))


def _zigzag(number):
    value = (number << 1) ^ (number >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _unzigzag(stream):
    value, shift = 0, 0
    while True:
        byte = _take(stream, 1)[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7
