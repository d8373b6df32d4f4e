// Reads WARC files with warcio, which undoes their chunks and checks their digests, and indexes
// them: prints {records, index}.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { CDXIndexer, WARCParser } from "warcio";

const records = [];
const index = [];
for (const path of process.argv.slice(2)) {
  for await (const record of new WARCParser(createReadStream(path))) {
    const hash = createHash("sha256");
    for await (const chunk of record) hash.update(chunk);
    records.push({
      type: record.warcType,
      url: record.warcTargetURI,
      status: record.httpHeaders ? Number(record.httpHeaders.statusCode) || null : null,
      said: record.warcPayloadDigest,
      payload: `sha256:${hash.digest("hex")}`,
      length: record.warcContentLength,
      refersTo: record.warcHeader("WARC-Refers-To-Target-URI") ?? null,
      truncated: record.warcHeader("WARC-Truncated") ?? null,
    });
  }
  const indexer = new CDXIndexer({ noSort: true });
  const file = { reader: createReadStream(path), filename: path.split("/").pop() };
  for await (const line of indexer.iterIndex([file])) index.push(line);
}
console.log(JSON.stringify({ records, index }));
