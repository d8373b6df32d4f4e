#!/usr/bin/env python3
"""schemas/waybill/v1/waybill.proto has what schemas/openapi.json has: an rpc for each operation,
a field for each property, a value for each text of an enum."""

import argparse
import json
import os
import re
import sys
import unittest

OPTIONS = argparse.Namespace()
PROTO = "schemas/waybill/v1/waybill.proto"
# Operations that are no rpc.
ELSEWHERE = {
    "getOpenApi": "the proto file, and reflection",
    "getHealth": "grpc.health.v1",
    "getReadiness": "grpc.health.v1",
    "getMetrics": "HTTP alone, for Prometheus",
    "beginLogin": "for browsers",
    "completeLogin": "for browsers",
    "getTaskArtifact": "bytes go over HTTP",
    "getArtifactContent": "bytes go over HTTP",
    "putArtifactContent": "bytes go over HTTP",
    "logOut": "for browsers: here nobody has a session",
}
# Rpcs that are no operation of their own.
ADDED = {"CreateTask": "createTasks", "StreamClaims": "claimTasks"}
# Messages whose schema has another name.
OTHER_NAMES = {"QueueView": "Queue", "RetryPolicy": "Retry", "TaskPatch": "PatchTaskRequest",
               "Claim": "ClaimTasksRequest", "Beats": "BeatTasksRequest",
               "HostNeeds": "TakeHostTurnsRequest", "HostTurns": "TakeHostTurnsResponse",
               "Finishes": "FinishTasksRequest",
               "TaskSecretsRequest": "ReadTaskSecretsRequest", "TaskPage": "ListTasksResponse",
               "AuditPage": "ListAuditResponse", "ArtifactPage": "ListTaskArtifactsResponse",
               "TaskArtifacts": "RecordTaskArtifactsRequest",
               "MissingContents": "RecordTaskArtifactsResponse", "LogPage": "ReadTaskLogsResponse",
               "TaskProgress": "GetTaskProgressResponse",
               "Stream": "LogStream", "NewSecret": "PutSecretRequest",
               "NewWebhook": "PutWebhookRequest",
               "Pipelines": "ListPipelinesResponse", "NewRun": "CreateRunRequest",
               "RunToPlan": "PlanRunRequest",
               "RunPage": "ListRunsResponse", "RunNodes": "ListRunNodesResponse",
               "CancelRun": "CancelRunRequest", "RetryRun": "RetryRunRequest",
               "RetryTask": "RetryTaskRequest",
               "RunDecision": "ApproveRunRequest",
               "Tokens": "ListTokensResponse", "NewToken": "CreateTokenRequest",
               "MadeToken": "CreateTokenResponse", "Sessions": "ListSessionsResponse",
               "Collections": "ListCollectionsResponse", "NewCollection": "CreateCollectionRequest",
               "MadeCollection": "CreateCollectionResponse",
               "CollectionPatch": "PatchCollectionRequest",
               "NewCollectionItems": "AddCollectionItemsRequest",
               "AddedCollectionItems": "AddCollectionItemsResponse",
               "CollectionUrls": "RemoveCollectionItemsRequest",
               "RemovedCollectionItems": "RemoveCollectionItemsResponse",
               "CollectionItems": "ListCollectionItemsResponse",
               "Scans": "ListScansResponse", "ScanPasses": "ListScanPassesResponse",
               "ScanPlan": "PlanScanResponse",
               "Webhooks": "ListWebhooksResponse", "WebhookTest": "TestWebhookResponse",
               "WebhookReplay": "ReplayWebhookResponse",
               "WebhookDeliveries": "ListWebhookDeliveriesResponse"}
# Properties that no field is for.
NO_FIELDS = {"Me": {"provider", "login", "session"}}


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


class Drift(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(OPTIONS.schemas, "openapi.json"), encoding="utf-8") as file:
            cls.document = json.load(file)
        with open(os.path.join(OPTIONS.schemas, "waybill/v1/waybill.proto"),
                  encoding="utf-8") as file:
            text = re.sub(r"//.*", "", file.read())
        cls.rpcs = set(re.findall(r"rpc (\w+)\(", text))
        blocks = re.findall(r"^(message|enum) (\w+) \{(.*?)\}\n(?=\n|\Z)", text, re.M | re.S)
        cls.fields = {name: set(re.findall(r"(\w+) = \d+;", body))
                      for kind, name, body in blocks if kind == "message"}
        cls.values = {name: set(re.findall(r"(\w+) = \d+;", body))
                      for kind, name, body in blocks if kind == "enum"}
        cls.operations = {operation["operationId"]: (method, path)
                          for path, methods in cls.document["paths"].items()
                          for method, operation in methods.items() if method != "parameters"}

    def complain(self, sentences):
        if sentences:
            self.fail("\n" + "\n".join(sorted(sentences)))

    def test_each_operation_is_an_rpc(self):
        missing = []
        for name, (method, path) in self.operations.items():
            rpc = name[0].upper() + name[1:]
            if rpc in self.rpcs or name in ELSEWHERE:
                continue
            missing.append(f"{name} ({method.upper()} {path}) has no rpc: add `rpc {rpc}("
                           f"{rpc}Request) returns (…)` to a service of {PROTO}, with a field for "
                           "each parameter and property; no code is needed. If it is for browsers "
                           "alone, name it in ELSEWHERE of tests/rpc/drift_test.py.")
        self.complain(missing)
        self.assertLessEqual(set(ELSEWHERE), set(self.operations), "ELSEWHERE names what is gone")

    def test_each_rpc_is_an_operation(self):
        self.complain([
            f"rpc {rpc} of {PROTO} is no operation of schemas/openapi.json: give it the name of "
            "one, or name its operation in kOtherNames of src/rpc/method.cc and in ADDED of "
            "tests/rpc/drift_test.py."
            for rpc in self.rpcs
            if ADDED.get(rpc, rpc[0].lower() + rpc[1:]) not in self.operations])

    def test_each_property_has_its_field(self):
        sentences = []
        seen = 0
        for name, schema in self.document["components"]["schemas"].items():
            message = OTHER_NAMES.get(name, name)
            if message not in self.fields or "properties" not in schema:
                continue
            seen += 1
            missing = set(schema["properties"]) - self.fields[message] - NO_FIELDS.get(name, set())
            sentences += [f"{field} of schema {name} has no field: add it to message {message} of "
                          f"{PROTO} with a new number." for field in missing]
        self.assertGreater(seen, 25)
        self.complain(sentences)

    def test_each_parameter_has_its_field(self):
        sentences = []
        for path, methods in self.document["paths"].items():
            for operation in methods.values():
                rpc = operation["operationId"][0].upper() + operation["operationId"][1:]
                if rpc not in self.rpcs:
                    continue
                for parameter in operation.get("parameters", []):
                    if "$ref" in parameter:
                        kind = parameter["$ref"].rsplit("/", 1)[-1]
                        parameter = self.document["components"]["parameters"][kind]
                    is_field = parameter["in"] in ("path", "query")
                    if is_field and parameter["name"] not in self.fields[f"{rpc}Request"]:
                        sentences.append(f"{parameter['name']} of {path} has no field: add it to "
                                         f"message {rpc}Request of {PROTO} with a new number.")
        self.complain(sentences)

    def test_each_text_of_an_enum_has_its_value(self):
        sentences = []
        schemas = self.document["components"]["schemas"]
        enums = {OTHER_NAMES.get(name, name): schema["enum"]
                 for name, schema in schemas.items() if "enum" in schema}
        enums["ConditionReason"] = schemas["Condition"]["properties"]["reason"]["enum"]
        enums["Role"] = schemas["Me"]["properties"]["role"]["enum"]
        enums["WebhookState"] = schemas["Webhook"]["properties"]["state"]["enum"]
        enums["TokenState"] = schemas["Token"]["properties"]["state"]["enum"]
        enums["SessionState"] = schemas["Session"]["properties"]["state"]["enum"]
        enums["CameBy"] = schemas["Me"]["properties"]["came_by"]["enum"]
        enums["AuditOutcome"] = schemas["AuditEntry"]["properties"]["outcome"]["enum"]
        enums["BeatState"] = schemas["BeatAnswer"]["properties"]["state"]["enum"]
        enums["Outcome"] = schemas["Finish"]["properties"]["outcome"]["enum"]
        for name, texts in enums.items():
            for text in texts:
                value = f"{snake(name)}_{text.upper()}"
                if value not in self.values.get(name, set()):
                    sentences.append(f'"{text}" has no value: add {value} to enum {name} of '
                                     f"{PROTO} with a new number.")
        self.complain(sentences)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", required=True, help="schemas/")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
