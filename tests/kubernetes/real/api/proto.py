"""As much of protocol buffers as `kubectl` speaks where JSON would not do."""

MAGIC = b"k8s\0"


def message(number, content):
    """A field of a protocol buffer: a message, or a text."""
    data = content.encode() if isinstance(content, str) else content

    def count(value):
        found = b""
        while value > 127:
            found += bytes([value & 127 | 128])
            value >>= 7
        return found + bytes([value])

    return count(number << 3 | 2) + count(len(data)) + data


def fields(data):
    """The messages and texts of a message, by their numbers."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        if tag & 7 == 2:
            size = number()
            found[tag >> 3] = data[at : at + size]
            at += size
        else:
            found[tag >> 3] = number()
    return found


def review(data):
    """A SelfSubjectAccessReview, which `kubectl` from 1.33 on does not send as
    JSON. (k8s.io/api, authorization/v1/generated.proto.)"""
    raw = fields(data[len(MAGIC) :])[2]
    asked = fields(fields(fields(raw)[2])[1])
    names = {
        1: "namespace",
        2: "verb",
        3: "group",
        4: "version",
        5: "resource",
        6: "subresource",
        7: "name",
    }
    attributes = {name: asked[key].decode() for key, name in names.items() if asked.get(key)}
    kind = {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
    }
    return dict(kind, spec={"resourceAttributes": attributes})
