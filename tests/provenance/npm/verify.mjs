// Whether an envelope is signed with a key, by @sigstore/core.
// Usage: node verify.mjs ENVELOPE PUBLIC-KEY

import { readFileSync } from 'node:fs'
import sigstore from '@sigstore/core'

const { crypto, dsse } = sigstore
const [, , file, keyFile] = process.argv
const envelope = JSON.parse(readFileSync(file, 'utf8'))
const payload = Buffer.from(envelope.payload, 'base64')
const verified = crypto.verify(
  dsse.preAuthEncoding(envelope.payloadType, payload),
  crypto.createPublicKey(readFileSync(keyFile, 'utf8')),
  Buffer.from(envelope.signatures[0].sig, 'base64')
)
console.log(JSON.stringify({ verified, type: JSON.parse(payload)._type }))
