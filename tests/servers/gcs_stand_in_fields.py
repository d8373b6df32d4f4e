"""Partial answers: what `fields=` selects of a resource.

Source: https://cloud.google.com/storage/docs/json_api#partial-response"""

from gcs_stand_in_buckets import Refusal

OBJECT = {
    name: None
    for name in (
        "kind id selfLink mediaLink name bucket generation metageneration contentType storageClass "
        "size md5Hash crc32c etag timeCreated updated timeStorageClassUpdated timeFinalized "
        "metadata contentEncoding contentDisposition contentLanguage cacheControl"
    ).split()
}
OBJECTS = {"kind": None, "nextPageToken": None, "prefixes": None, "items": OBJECT}


class _Reader:
    """a,b(c,d),e/f as nested dictionaries; None: all of it."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def refuse(self, name):
        return Refusal(400, "invalidParameter", f"Invalid field selection {name}")

    def word(self):
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in ",()/":
            self.at += 1
        if begin == self.at:
            raise self.refuse(self.text)
        return self.text[begin : self.at]

    def takes(self, character):
        taken = self.text[self.at : self.at + 1] == character
        self.at += taken
        return taken

    def selection(self, known):
        selected = {}
        while True:
            name = self.word()
            if name != "*" and name not in known:
                raise self.refuse(name)
            below = known.get(name) or {}
            if self.takes("/"):
                selected[name] = {self.word(): None}
                if not below.keys() >= selected[name].keys():
                    raise self.refuse(name)
            elif self.takes("("):
                selected[name] = self.selection(below)
                if not self.takes(")"):
                    raise self.refuse(self.text)
            else:
                selected[name] = None
            if not self.takes(","):
                return selected


def _keep(resource, selected):
    if selected is None or "*" in selected:
        return resource
    if isinstance(resource, list):
        return [_keep(one, selected) for one in resource]
    return {name: _keep(resource[name], below)
            for name, below in selected.items() if name in resource}


def select(resource, fields, known):
    """The members of `resource` that `fields` names; all where it is empty."""
    if not fields:
        return resource
    reader = _Reader(fields)
    selected = reader.selection(known)
    if reader.at != len(fields):
        raise reader.refuse(fields)
    return _keep(resource, selected)
