"""The buckets of the Cloud Storage stand-in: objects, generations, preconditions, listings.

Source: https://cloud.google.com/storage/docs/json_api/v1"""

import base64
import bisect
import hashlib
import json
import re
import threading
import time

RESULTS_MAX = 1000
NAME_BYTES_MAX = 1024
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


def bad(message, reason="invalid"):
    return Refusal(400, reason, message)


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC32C_TABLE = _crc32c_table()


def crc32c(body):
    """Castagnoli's, big-endian in base64, as the service writes it."""
    value = 0xFFFFFFFF
    for byte in body:
        value = CRC32C_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return base64.b64encode((value ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


def md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def now_text():
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1000) % 1000:03}Z"


class Object:
    """One generation of an object. Immutable but for its metadata."""

    def __init__(self, name, body, settings, generation):
        self.name, self.body, self.generation = name, body, generation
        self.metageneration = 1
        self.content_type = settings.get("contentType", "application/octet-stream")
        self.metadata = settings.get("metadata")
        self.created = self.updated = now_text()
        self.md5 = md5(body)
        self._crc32c = None

    @property
    def crc32c(self):
        if self._crc32c is None:
            self._crc32c = crc32c(self.body)
        return self._crc32c

    def resource(self, bucket):
        resource = {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "contentType": self.content_type,
            "storageClass": "STANDARD",
            "size": str(len(self.body)),
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            "etag": base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode(),
            "timeCreated": self.created,
            "updated": self.updated,
        }
        if self.metadata:
            resource["metadata"] = self.metadata
        return resource


def check_name(name):
    if not name:
        raise bad("Required", "required")
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise bad("Invalid UTF-8 in an object name.")
    if len(name.encode()) > NAME_BYTES_MAX:
        raise bad("The maximum object length is 1024 characters, but got a name with more.")
    reserved = name in (".", "..") or name.startswith(".well-known/acme-challenge/")
    if reserved or "\r" in name or "\n" in name:
        raise bad(f"Invalid object name: {name!r}")


def check_hashes(settings, body):
    """What an upload says of its body must be so."""
    if "md5Hash" in settings and settings["md5Hash"] != md5(body):
        raise bad(f'Provided MD5 hash "{settings["md5Hash"]}" doesn\'t match calculated MD5 hash '
                  f'"{md5(body)}".')
    if "crc32c" in settings and settings["crc32c"] != crc32c(body):
        raise bad(f'Provided CRC32C "{settings["crc32c"]}" doesn\'t match calculated CRC32C '
                  f'"{crc32c(body)}".')


def check_preconditions(found, query, reading):
    """Generation 0: there is none."""
    numbers = {
        "Generation": found.generation if found else 0,
        "Metageneration": found.metageneration if found else None,
    }
    for kind, number in numbers.items():
        for negation in ("", "Not"):
            name = f"if{kind}{negation}Match"
            if name not in query:
                continue
            if not re.fullmatch(r"-?\d+", query[name]):
                raise bad(f"Invalid value for {name}")
            if (int(query[name]) == number) == (negation == "Not"):
                if negation and reading:
                    raise Refusal(304, "notModified", "")
                raise Refusal(412, "conditionNotMet",
                              "At least one of the pre-conditions you specified did not hold.")


class Bucket:
    def __init__(self, name, generations):
        self.name, self.generations = name, generations
        self.objects, self.names = {}, []  # names: sorted; by code points is by UTF-8's bytes
        self.created = now_text()

    def resource(self):
        return {"kind": "storage#bucket", "id": self.name, "name": self.name,
                "location": "US", "storageClass": "STANDARD", "metageneration": "1",
                "timeCreated": self.created, "updated": self.created}

    def get(self, name, query):
        found = self.objects.get(name)
        if found is None or query.get("generation", str(found.generation)) != str(found.generation):
            raise Refusal(404, "notFound", f"No such object: {self.name}/{name}")
        check_preconditions(found, query, reading=True)
        return found

    def insert(self, body, settings, query):
        name = settings.get("name", "")
        check_name(name)
        check_hashes(settings, body)
        check_preconditions(self.objects.get(name), query, reading=False)
        if name not in self.objects:
            bisect.insort(self.names, name)
        made = self.objects[name] = Object(name, body, settings, self.generations())
        return made

    def patch(self, name, changes, query):
        found = self.get(name, {})
        check_preconditions(found, query, reading=False)
        if "metadata" in changes:
            merged = {**(found.metadata or {}), **(changes["metadata"] or {})}
            found.metadata = {key: value for key, value in merged.items() if value is not None}
        found.content_type = changes.get("contentType", found.content_type)
        found.metageneration += 1
        found.updated = now_text()
        return found

    def delete(self, name, query):
        found = self.get(name, {})
        check_preconditions(found, query, reading=False)
        del self.objects[name]
        del self.names[bisect.bisect_left(self.names, name)]

    def list(self, query, fold_first):
        entries, next_token = Walk(self.names, query, fold_first).take(_results_max(query))
        page = {"kind": "storage#objects"}
        if next_token:
            page["nextPageToken"] = next_token
        prefixes = [name for kind, name in entries if kind == "prefix"]
        items = [name for kind, name in entries if kind == "item"]
        if prefixes:
            page["prefixes"] = prefixes
        if items:
            page["items"] = [self.objects[name].resource(self.name) for name in items]
        return page


def _results_max(query):
    text = query.get("maxResults", str(RESULTS_MAX))
    if not text.isdigit():
        raise bad(f"Invalid value for maxResults: {text}")
    return min(int(text) or RESULTS_MAX, RESULTS_MAX)


class Walk:
    """A listing's way over the sorted names.

    It is not written down whether the service looks at the bounds before or after it folds;
    fold_first has it compare the folded prefix."""

    def __init__(self, names, query, fold_first):
        self.names, self.fold_first = names, fold_first
        self.prefix, self.delimiter = query.get("prefix", ""), query.get("delimiter", "")
        self.start, self.end = query.get("startOffset", ""), query.get("endOffset", "")
        self.position = bisect.bisect_left(
            names, self.prefix if fold_first else max(self.prefix, self.start))
        if query.get("pageToken"):
            self._go_behind(*_read_token(query["pageToken"]))

    def _go_behind(self, kind, name):
        after = self._behind_prefix(name) if kind == "prefix" else bisect.bisect_right(
            self.names, name)
        self.position = max(self.position, after)

    def _behind_prefix(self, prefix):
        position = bisect.bisect_left(self.names, prefix)
        while position < len(self.names) and self.names[position].startswith(prefix):
            position += 1
        return position

    def _next(self):
        """The next (kind, name) within the prefix and the bounds, or None."""
        while self.position < len(self.names):
            name = self.names[self.position]
            if not name.startswith(self.prefix):
                return None
            kind, shown = "item", name
            cut = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
            if cut >= 0:
                kind, shown = "prefix", name[: cut + len(self.delimiter)]
            compared = shown if self.fold_first else name
            if self.end and compared >= self.end:
                return None
            self._go_behind(kind, shown)
            if compared >= self.start:
                return kind, shown
        return None

    def take(self, count):
        entries = []
        while len(entries) < count and (entry := self._next()):
            entries.append(entry)
        more = len(entries) == count and self._next()
        return entries, _write_token(*entries[-1]) if more else None


def _write_token(kind, name):
    return base64.urlsafe_b64encode(json.dumps([kind, name]).encode()).decode()


def _read_token(token):
    try:
        kind, name = json.loads(base64.urlsafe_b64decode(token))
        return kind, name
    except ValueError:
        raise bad("Invalid argument.") from None


class Buckets:
    """All of them. Each call is atomic."""

    def __init__(self, names=()):
        self.lock = threading.RLock()
        self.buckets = {}
        self.generation = int(time.time() * 1_000_000)
        for name in names:
            self.create(name)

    def _next_generation(self):
        self.generation = max(self.generation + 1, int(time.time() * 1_000_000))
        return self.generation

    def create(self, name):
        with self.lock:
            if not BUCKET_NAME.fullmatch(name):
                raise bad(f"Invalid bucket name: '{name}'")
            if name in self.buckets:
                raise Refusal(409, "conflict", "Your previous request to create the named bucket "
                              "succeeded and you already own it.")
            made = self.buckets[name] = Bucket(name, self._next_generation)
            return made

    def find(self, name):
        found = self.buckets.get(name)
        if found is None:
            raise Refusal(404, "notFound", "The specified bucket does not exist.")
        return found

    def delete(self, name):
        with self.lock:
            if self.find(name).objects:
                raise Refusal(409, "conflict", "The bucket you tried to delete is not empty.")
            del self.buckets[name]
