"""What every operation and schema of schemas/openapi.json has to have."""

RIGHTS = ("none", "read", "submit", "work", "operate", "admin")
METHODS = ("get", "post", "put", "patch", "delete")
WITH_BODY = ("post", "put", "patch")
PROBLEM = {"$ref": "#/components/schemas/Problem"}
# Whatever reads these names elsewhere takes them for what they are in JSON Schema or OpenAPI.
FORMATS = ("uuid", "date-time", "cron", "time-zone", "waybill-duration", "waybill-label")


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def walk(value, where="#"):
    """Every object of the document, with its place."""
    if isinstance(value, dict):
        yield where, value
        for key, inner in value.items():
            yield from walk(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{where}/{index}")


def target(document, reference):
    """What a reference leads to, or None."""
    value = document
    for name in reference.removeprefix("#/").split("/"):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def resolve(document, value):
    while isinstance(value, dict) and "$ref" in value:
        value = target(document, value["$ref"])
    return value


def is_closed(document, schema):
    """Whether a schema of a request takes the fields that it names and no others."""
    schema = resolve(document, schema)
    if "oneOf" in schema and "properties" not in schema:
        return all(is_closed(document, form) for form in schema["oneOf"])
    if schema.get("additionalProperties") is not False:
        return False
    for inner in schema.get("properties", {}).values():
        inner = resolve(document, inner)
        inner = resolve(document, inner.get("items", inner))
        if "properties" in inner and not is_closed(document, inner):
            return False
    return True


def references(document):
    for where, value in walk(document):
        reference = value.get("$ref")
        if isinstance(reference, str) and target(document, reference) is None:
            yield f"{where}: {reference} leads nowhere"


def unused(document):
    used = {value["$ref"] for _, value in walk(document) if isinstance(value.get("$ref"), str)}
    for kind in ("schemas", "parameters", "headers", "responses"):
        for name in document["components"][kind]:
            if f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name} is used nowhere"


def names(document):
    seen = set()
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        identity = operation.get("operationId", "")
        here = f"{method} {path}"
        if method not in METHODS:
            yield f"{here}: no such method is served"
        if not identity or identity in seen:
            yield f"{here}: operationId {identity!r} is missing or there twice"
        seen.add(identity)
        if not operation.get("summary") or operation["summary"].endswith("."):
            yield f"{here}: wants a summary without a full stop"
        if len(operation.get("tags", [])) != 1 or operation["tags"][0] not in tags:
            yield f"{here}: wants one tag that is described"
        right = operation.get("x-waybill-right")
        if right not in RIGHTS:
            yield f"{here}: {right!r} is no right"
        if (right == "none") != (operation.get("security") == []):
            yield f"{here}: open to everybody, or not: right and security do not agree"


def answers(document):
    for path, method, operation in operations(document):
        here = f"{method} {path}"
        codes = operation.get("responses", {})
        if not any(code.startswith("2") or code == "302" for code in codes):
            yield f"{here}: has no answer for success"
        if "default" not in codes:
            yield f"{here}: has no answer for any other problem"
        for code, answer in codes.items():
            answer = resolve(document, answer)
            content = answer.get("content", {})
            schemas = [media.get("schema") for media in content.values()]
            if not answer.get("description") or None in schemas:
                yield f"{here}: {code} wants a description, and a schema for what it has"
            is_problem = content.get("application/problem+json", {}).get("schema") == PROBLEM
            is_error = code == "default" or code[0] in "45"
            if is_error and not is_problem and "text/plain" not in content:
                yield f"{here}: {code} is no Problem"


def parameters(document):
    for path, method, operation in operations(document):
        here = f"{method} {path}"
        every = [resolve(document, entry) for entry in operation.get("parameters", [])]
        places = [(entry["in"], entry["name"]) for entry in every]
        if len(set(places)) != len(places):
            yield f"{here}: has a parameter twice"
        in_path = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        if in_path != {name for place, name in places if place == "path"}:
            yield f"{here}: the parameters of its path are not those in braces"
        if (method == "post") != (("header", "Idempotency-Key") in places):
            yield f"{here}: a POST takes Idempotency-Key, and nothing else does"
        if any("schema" not in entry for entry in every):
            yield f"{here}: has a parameter without a schema"


def bodies(document):
    for path, method, operation in operations(document):
        here = f"{method} {path}"
        if (method in WITH_BODY) != ("requestBody" in operation):
            yield f"{here}: each of POST, PUT and PATCH has a body, and nothing else"
        content = operation.get("requestBody", {}).get("content", {})
        for media, body in content.items():
            if media == "application/octet-stream":
                continue  # bytes are what they are
            if media != "application/json":
                yield f"{here}: {media} is not JSON"
            if not is_closed(document, body["schema"]):
                yield f"{here}: its body takes fields that have no name"
            if "example" not in body and not body.get("examples"):
                yield f"{here}: its body has no example"


def formats(document):
    for where, value in walk(document["components"]["schemas"]):
        name = value.get("format")
        if isinstance(name, str) and name not in FORMATS:
            yield f"{where}: the format {name} is not one of {', '.join(FORMATS)}"


CHECKS = (references, unused, names, answers, parameters, bodies, formats)


def lint(document):
    """Everything that is wrong with the document."""
    dangling = list(references(document))
    if dangling:  # the other checks follow references
        return dangling
    return [complaint for check in CHECKS for complaint in check(document)]
