"""The three ways to upload an object: media, multipart and resumable.

Source: https://cloud.google.com/storage/docs/uploads-downloads"""

import json
import re
import secrets

from gcs_stand_in_buckets import bad, Refusal

BOUNDARY = re.compile(r'multipart/related;.*\bboundary="?([^";]+)"?', re.IGNORECASE)
RANGE = re.compile(r"bytes (?:(\d+)-(\d+|\*)|\*)/(\d+|\*)")
CHUNK_UNIT = 256 * 1024


def read_settings(text):
    try:
        settings = json.loads(text or b"{}")
    except ValueError:
        raise bad("Parse Error", "parseError") from None
    if not isinstance(settings, dict):
        raise bad("Parse Error", "parseError")
    return settings


def _part(text):
    """Headers (names in lower case) and body of one part."""
    head, separator, body = text.partition(b"\r\n\r\n")
    if not separator:
        raise bad("Malformed multipart body.")
    headers = dict(line.split(":", 1) for line in head.decode().split("\r\n") if ":" in line)
    return {name.lower(): value.strip() for name, value in headers.items()}, body


def read_multipart(content_type, body):
    """The settings and the media of a body of two parts."""
    match = BOUNDARY.match(content_type)
    if not match:
        raise bad("Multipart must have a boundary.")
    dashes = b"--" + match.group(1).encode()
    parts = (b"\r\n" + body).split(b"\r\n" + dashes)
    if len(parts) != 4 or not parts[3].startswith(b"--"):
        raise bad("Malformed multipart body.")
    (_, settings), (headers, media) = (_part(part.removeprefix(b"\r\n")) for part in parts[1:3])
    return {"contentType": headers.get("content-type"), **read_settings(settings)}, media


class Session:
    """A resumable upload under way."""

    def __init__(self, bucket, settings, query):
        self.bucket, self.settings, self.query = bucket, settings, query
        self.received = b""
        self.made = None  # the object, once it is whole

    def take(self, content_range, body):
        """Whether it is whole now."""
        match = RANGE.fullmatch(content_range or f"bytes 0-*/{len(body)}")
        if not match:
            raise bad(f"Failed to parse Content-Range header: {content_range}")
        begin, _, total = match.groups()
        if begin is not None:
            if int(begin) > len(self.received):
                raise Refusal(503, "backendError", "Bytes are missing before this chunk.")
            self.received = self.received[: int(begin)] + body
        # A range that ends in a star is all that there is, whatever its total says.
        is_open = total == "*" and match.group(2) != "*"
        if is_open and begin is not None and len(body) % CHUNK_UNIT:
            raise bad("A chunk that is not the last has a multiple of 256 KiB.")
        return not is_open and (total == "*" or len(self.received) == int(total))


class Sessions:
    def __init__(self):
        self.sessions = {}

    def start(self, bucket, settings, query):
        upload_id = secrets.token_urlsafe(24)
        self.sessions[upload_id] = Session(bucket, settings, query)
        return upload_id

    def find(self, upload_id):
        if upload_id not in self.sessions:
            raise Refusal(404, "notFound", "No such upload session.")
        return self.sessions[upload_id]
