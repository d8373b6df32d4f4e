"""What Prio keeps in its buckets: names, Avro schemas, and signatures made by openssl.

A batch is three objects: the header, the packets (.avro), and the signature (.sig) over the bytes
of the header; the header holds the SHA-256 digest of the packets. The schemas have the names and
fields of Prio's `org.abetterinternet.prio.v1`. One thing differs: `encrypted_payload` is not
encrypted and no share of a secret, but the client's answers themselves, 32 bits big-endian for
each bin, so that the sum can be checked by eye.
"""

import hashlib
import os
import re
import struct
import subprocess
import tempfile

import avro

PRIME = 4293918721
#: The drop that the tasks work on stands beside the demo's directory.
DROP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "drop")
KEYS = os.path.join(DROP, "keys")
#: What we sign with: the identifier that signatures name, and the private key.
OWN_KEY = ("own-2", os.path.join(KEYS, "own-2.pem"))


def _record(record, /, **fields):
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    namespace = "org.abetterinternet.prio.v1"
    return {"namespace": namespace, "type": "record", "name": record, "fields": listed}


_PARAMETERS = {
    "name": "string",
    "bins": "int",
    "epsilon": "double",
    "prime": "long",
    "number_of_servers": "int",
    "hamming_weight": ["int", "null"],
}
INGESTION_HEADER = _record(
    "PrioIngestionHeader",
    batch_uuid="string",
    **_PARAMETERS,
    batch_start_time="long",
    batch_end_time="long",
    packet_file_digest="bytes",
)
DATA_SHARE_PACKET = _record(
    "PrioDataSharePacket",
    uuid="string",
    encrypted_payload="bytes",
    encryption_key_id="string",
    r_pit="long",
    version_configuration=["null", "string"],
    device_nonce=["null", "bytes"],
)
VALIDITY_HEADER = _record(
    "PrioValidityHeader", batch_uuid="string", **_PARAMETERS, packet_file_digest="bytes"
)
VALIDITY_PACKET = _record("PrioValidityPacket", uuid="string", f_r="long", g_r="long", h_r="long")
SUM_PART = _record(
    "PrioSumPart",
    batch_uuids={"type": "array", "items": "string"},
    **_PARAMETERS,
    sum={"type": "array", "items": "long"},
    aggregation_start_time="long",
    aggregation_end_time="long",
    packet_file_digest="bytes",
    total_individual_clients="long",
)
SIGNATURE = _record("PrioBatchSignature", batch_header_signature="bytes", key_identifier="string")


class Invalid(Exception):
    """A batch that must not be used, and why."""


class Bucket:
    """A directory whose objects appear whole or not at all."""

    def __init__(self, name, drop=DROP):
        self.directory = os.path.join(drop, name)

    def get(self, key):
        """The object's bytes, or Invalid if it is not there."""
        try:
            with open(os.path.join(self.directory, key), "rb") as file:
                return file.read()
        except FileNotFoundError:
            raise Invalid(f"{key} is not there") from None

    def put(self, key, data):
        """Creates or replaces the object; safe to repeat."""
        path = os.path.join(self.directory, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Beside the bucket, not in it: a scan must not see half an object.
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(self.directory), delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)


def pack_bins(bins):
    return struct.pack(f">{len(bins)}I", *bins)


def unpack_bins(payload, bins):
    if len(payload) != 4 * bins:
        raise Invalid(f"a payload of {len(payload)} bytes, expected {4 * bins}")
    return struct.unpack(f">{bins}I", payload)


def parameters(header):
    return {name: header[name] for name in _PARAMETERS}


def sign(data, key_file):
    """ECDSA over SHA-256 by `openssl dgst`."""
    command = ["openssl", "dgst", "-sha256", "-sign", key_file]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def verify(data, signature, public_key_file):
    """Whether the owner of this public key signed these bytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature)
        file.flush()
        command = ["openssl", "dgst", "-sha256", "-verify", public_key_file]
        command += ["-signature", file.name]
        return subprocess.run(command, input=data, capture_output=True, check=False).returncode == 0


def write_batch(bucket, key, header, packets, signer):
    """Writes header, packets and signature of a batch; the signature comes last and makes it whole.

    `key` ends in `.batch`, `.validity_1` or `.sum_1`; `header` is (schema, fields but the digest),
    `packets` (schema, records), `signer` (key identifier, private key file).
    """
    packet_file = avro.write(*packets)
    schema, fields = header
    digest = hashlib.sha256(packet_file).digest()
    header_file = avro.write(schema, [fields | {"packet_file_digest": digest}])
    key_identifier, key_file = signer
    signature = {
        "batch_header_signature": sign(header_file, key_file),
        "key_identifier": key_identifier,
    }
    bucket.put(key, header_file)
    bucket.put(f"{key}.avro", packet_file)
    bucket.put(f"{key}.sig", avro.write(SIGNATURE, [signature]))


def read_batch(bucket, key):
    """Header and packets of a batch whose signature and digest are right; else Invalid says why."""
    header_file = bucket.get(key)
    packet_file = bucket.get(f"{key}.avro")
    try:
        (signature,) = avro.read(bucket.get(f"{key}.sig"))
        key_identifier = signature["key_identifier"]
        if not re.fullmatch(r"[a-z0-9-]+", key_identifier):
            raise Invalid(f"key identifier {key_identifier!r} is not a name")
        public_key = os.path.join(KEYS, f"{key_identifier}.pub.pem")
        if not os.path.exists(public_key):
            raise Invalid(f"no public key {key_identifier}")
        if not verify(header_file, signature["batch_header_signature"], public_key):
            raise Invalid(f"the signature by {key_identifier} is wrong")
        (header,) = avro.read(header_file)
        packets = avro.read(packet_file)
    except (avro.Malformed, KeyError) as error:
        raise Invalid(str(error)) from error
    if hashlib.sha256(packet_file).digest() != header["packet_file_digest"]:
        raise Invalid("the digest of the packets is not the one in the header")
    return header, packets
