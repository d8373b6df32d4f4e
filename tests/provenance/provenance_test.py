#!/usr/bin/env python3
"""Statements of provenance, verified by openssl and by sigstore's core, and refused where they, the
key or an artifact are others."""

import base64
import concurrent.futures
import json
import os
import stat
import subprocess
import unittest
import urllib.request

from place import ODD, Place, ask_npm, main


def pae(kind, body):
    """Pre-authentication encoding, as protocol.md of DSSE has it."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def statement_in(envelope):
    return json.loads(base64.b64decode(envelope["payload"]))


class ProvenanceTest(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def signed(self, **params):
        task = self.place.a_task(**params)
        envelope = json.loads(self.place.run("provenance", "show", task[:13]))
        self.place.write("p.json", json.dumps(envelope))
        self.place.write("key.pub", self.place.run("provenance", "key"))
        return task, envelope

    def openssl(self, envelope, key="key.pub"):
        for name, content in (("body", pae(envelope["payloadType"],
                                           base64.b64decode(envelope["payload"]))),
                              ("sig", base64.b64decode(envelope["signatures"][0]["sig"]))):
            with open(self.place.path(name), "wb") as file:
                file.write(content)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", "body",
             "-sigfile", "sig"], cwd=self.place.directory, capture_output=True, check=False,
            timeout=60).returncode == 0

    def test_openssl_and_sigstore_take_what_we_sign_and_nothing_else(self):
        _, envelope = self.signed()
        self.assertTrue(self.openssl(envelope))
        changed = dict(envelope, payload=base64.b64encode(b"{}").decode())
        self.assertFalse(self.openssl(changed))
        changed = self.place.write("changed.json", json.dumps(changed))
        key = self.place.path("key.pub")
        self.assertEqual(ask_npm("verify.mjs", self.place.path("p.json"), key),
                         {"verified": True, "type": "https://in-toto.io/Statement/v1"})
        self.assertEqual(ask_npm("verify.mjs", changed, key)["verified"], False)

    def test_a_statement_says_what_was_made_of_what(self):
        task, envelope = self.signed(url="https://ann:hunter2@example.org/x")
        statement = statement_in(envelope)
        names = {subject["name"]: subject["digest"] for subject in statement["subject"]}
        self.assertEqual(names[ODD]["sha256"],
                         "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        run = statement["predicate"]["runDetails"]
        self.assertEqual(run["metadata"]["invocationId"], f"urn:uuid:{task}")
        self.assertEqual(run["metadata"]["waybill_state"], "succeeded")
        self.assertEqual(json.loads(base64.b64decode(run["byproducts"][0]["content"])), {"n": 1})
        params = statement["predicate"]["buildDefinition"]["externalParameters"]["params"]
        self.assertEqual(params["url"], "https://ann:***@example.org/x")
        again = json.loads(self.place.run("provenance", "show", task))
        self.assertEqual(again, envelope, "the same, whenever it is asked for")

    def test_it_is_verified_offline_with_its_artifacts(self):
        task, _ = self.signed()
        os.makedirs(self.place.path("files", "out"))
        self.place.run("artifact", "get", task, ODD, "--output", f"files/{ODD}")
        self.place.write("files/more", "x")
        os.rename(self.place.path("waybill-data"), self.place.path("gone"))
        said = self.place.json("provenance", "verify", "p.json", "--key", "key.pub",
                               "--artifacts", "files")
        self.assertEqual((said["invocation"], said["artifacts"], said["unsaid"]),
                         (f"urn:uuid:{task}", 1, ["more"]))
        self.place.write(f"files/{ODD}", "jello")
        refused = self.place.run("provenance", "verify", "p.json", "--key", "key.pub",
                                 "--artifacts", "files", status=1)
        self.assertIn("is another one: its SHA-256 is", refused)
        os.unlink(self.place.path("files", *ODD.split("/")))
        refused = self.place.run("provenance", "verify", "p.json", "--key", "key.pub",
                                 "--artifacts", "files", status=1)
        self.assertIn("is not in files", refused)

    def test_a_change_another_key_and_what_is_none_are_told_apart(self):
        _, envelope = self.signed()
        statement = statement_in(envelope)
        statement["subject"][0]["digest"]["sha256"] = "0" * 64
        forged = base64.b64encode(json.dumps(statement).encode()).decode()
        self.place.write("forged.json", json.dumps(dict(envelope, payload=forged)))
        refused = self.place.run("provenance", "verify", "forged.json", "--key", "key.pub",
                                 status=1)
        self.assertIn("was changed after it was signed", refused)
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "other.key"],
                       cwd=self.place.directory, check=True, timeout=60)
        other = {"WAYBILL_PROVENANCE_KEY_FILE": self.place.path("other.key")}
        self.place.write("other.pub", self.place.run("provenance", "key", environment=other))
        refused = self.place.run("provenance", "verify", "p.json", "--key", "other.pub", status=1)
        self.assertIn(f"signed with key {envelope['signatures'][0]['keyid']}, and not with",
                      refused)
        self.place.write("none.json", '{"payload": "e30="}')
        refused = self.place.run("provenance", "verify", "none.json", "--key", "key.pub", status=1)
        self.assertIn("no signed statement of provenance", refused)
        refused = self.place.run("provenance", "verify", "p.json", status=2)
        self.assertIn("--key", refused)
        refused = self.place.run("provenance", "verify", "p.json", "--key", "other.key", status=2)
        self.assertIn("private key", refused)

    def test_a_key_is_made_once_for_its_owner_alone_and_may_be_exchanged(self):
        task, envelope = self.signed()
        path = self.place.path("waybill-data", "provenance.key")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual([name for name in os.listdir(self.place.path("waybill-data"))
                          if "unfinished" in name], [])
        old = self.place.read("waybill-data", "provenance.key")
        new = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True,
                             capture_output=True, text=True, timeout=60).stdout
        self.place.write("waybill-data/provenance.key", new + old)
        keys = self.place.json("provenance", "key")["keys"]
        self.assertEqual([key["signs"] for key in keys], [True, False])
        self.assertEqual(keys[1]["keyid"], envelope["signatures"][0]["keyid"])
        now = json.loads(self.place.run("provenance", "show", task))
        self.assertEqual(now["signatures"][0]["keyid"], keys[0]["keyid"])
        self.assertEqual(now["payload"], envelope["payload"])
        self.place.write("now.json", json.dumps(now))
        self.place.write("both.pub", self.place.run("provenance", "key"))
        for name in ("p.json", "now.json"):
            self.place.run("provenance", "verify", name, "--key", "both.pub")
        os.chmod(path, 0o644)
        self.assertIn("chmod 600", self.place.run("provenance", "show", task, status=69))

    def test_many_that_need_a_key_at_once_get_the_same(self):
        self.place.a_task()
        programs = [subprocess.Popen(  # pylint: disable=consider-using-with
            [self.waybill(), "provenance", "key"], cwd=self.place.directory,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(8)]
        keys = {program.communicate(timeout=60)[0] for program in programs}
        self.assertEqual(len(keys), 1)

    def test_requests_at_once_that_need_a_key_are_signed_with_the_one_that_is_kept(self):
        task = self.place.a_task()
        key = self.place.path("waybill-data", "provenance.key")
        with self.place.serving() as url:
            for _ in range(10):
                if os.path.exists(key):
                    os.unlink(key)
                with concurrent.futures.ThreadPoolExecutor(16) as threads:
                    answers = list(threads.map(
                        lambda _: urllib.request.urlopen(  # pylint: disable=consider-using-with
                            f"{url}/v1/tasks/{task}/provenance", timeout=60).read(), range(16)))
                self.assertEqual(len(set(answers)), 1)
                kept = self.place.json("provenance", "key")["keys"][0]["keyid"]
                self.assertEqual(json.loads(answers[0])["signatures"][0]["keyid"], kept)

    @staticmethod
    def waybill():
        from place import OPTIONS  # pylint: disable=import-outside-toplevel
        return OPTIONS.waybill

    def test_what_is_not_finished_has_none(self):
        task = self.place.json("task", "create", "leave", "--param", "text=x", "--param",
                               "name=a")["task"]["id"]
        said = self.place.run("provenance", "show", task, status=1)
        self.assertIn("no provenance before it is finished", said)
        self.assertIn("no task and no run",
                      self.place.run("provenance", "show", "ffffffff", status=1))

    def test_a_run_has_that_of_all_its_tasks(self):
        run = self.place.a_run()
        statement = statement_in(json.loads(self.place.run("provenance", "show", run)))
        self.assertEqual([subject["name"] for subject in statement["subject"]],
                         ["first/a.txt", "second/out/b.txt", f"waybill://run/{run}/outputs"])
        steps = statement["predicate"]["runDetails"]["byproducts"][1:]
        self.assertEqual([step["name"] for step in steps], ["first", "second"])


if __name__ == "__main__":
    main()
