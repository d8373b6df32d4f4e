// Calls a server over gRPC, as stdin says it, a line of JSON each:
//   {"call": N, "method": "waybill.v1.Tasks/GetTask", "message": {…}, "metadata": {…},
//    "deadline_ms": …}   begins a call; a stream of the client stays open for
//   {"write": N, "message": {…}}, {"close": N}; {"cancel": N} is for any call.
//   {"learn": N, "service": "waybill.v1.Tasks"}   asks the server's reflection for the service,
//    and calls it from then on as it was told, no longer as the proto file says.
// What comes of it goes to stdout: {"call": N, "message": {…}}, and at last {"call": N, "end": …}.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [address, schemas, certificate] = process.argv.slice(2);
const loading = { keepCase: true, longs: Number, enums: String, oneofs: true };
const channelOptions = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.max_receive_message_length": -1,
};
const channel = new grpc.Client(
  address,
  certificate
    ? grpc.credentials.createSsl(fs.readFileSync(certificate))
    : grpc.credentials.createInsecure(),
  channelOptions,
);
const calls = new Map();

function servicesOf(definition) {
  const all = Object.entries(definition).filter(([, value]) => !("format" in value));
  return new Map(all.map(([name, methods]) => [name, methods]));
}

const here = path.dirname(new URL(import.meta.url).pathname);
let services = servicesOf(
  protoLoader.loadSync(["waybill/v1/waybill.proto", "health.proto", "reflection.proto"], {
    ...loading,
    includeDirs: [schemas, here],
  }),
);

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function start({ call: id, method: name, message, metadata = {}, deadline_ms: deadline }) {
  const [service, rpc] = name.split("/");
  const method = services.get(service)[rpc];
  const sent = new grpc.Metadata({ waitForReady: true });
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  const options = deadline === undefined ? {} : { deadline: Date.now() + deadline };
  const types = [method.path, method.requestSerialize, method.responseDeserialize];
  let call;
  if (method.requestStream) {
    call = channel.makeBidiStreamRequest(...types, sent, options);
    if (message !== undefined) call.write(message);
  } else if (method.responseStream) {
    call = channel.makeServerStreamRequest(...types, message, sent, options);
  } else {
    call = channel.makeUnaryRequest(...types, message, sent, options, (error, answer) => {
      if (!error) tell({ call: id, message: answer });
    });
  }
  calls.set(id, call);
  call.on("metadata", () => tell({ call: id, open: true }));
  call.on("data", (data) => tell({ call: id, message: data }));
  call.on("error", () => {}); // it comes as a status too
  call.on("status", ({ code, details, metadata: trailing }) => {
    // After the answer of a unary call, which comes in the same turn.
    setImmediate(() =>
      tell({ call: id, end: grpc.status[code], details, trailing: trailing.getMap() }),
    );
  });
}

// A FileDescriptorSet is nothing but its files, each as field 1.
function setOf(files) {
  const parts = [];
  for (const file of files) {
    const head = [0x0a];
    let length = file.length;
    for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
    parts.push(Buffer.from([...head, length]), file);
  }
  return Buffer.concat(parts);
}

function learn({ learn: id, service }) {
  const method = services.get("grpc.reflection.v1alpha.ServerReflection").ServerReflectionInfo;
  const call = channel.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    new grpc.Metadata(),
    {},
  );
  call.on("error", (error) => tell({ call: id, end: grpc.status[error.code] }));
  call.on("data", (data) => {
    const files = data.file_descriptor_response.file_descriptor_proto;
    services = servicesOf(protoLoader.loadFileDescriptorSetFromBuffer(setOf(files), loading));
    call.end();
    tell({ call: id, end: "OK", details: "", trailing: {}, services: [...services.keys()] });
  });
  call.write({ file_containing_symbol: service });
}

readline.createInterface({ input: process.stdin }).on("line", (text) => {
  const line = JSON.parse(text);
  if ("call" in line) start(line);
  else if ("write" in line) calls.get(line.write).write(line.message);
  else if ("close" in line) calls.get(line.close).end();
  else if ("cancel" in line) calls.get(line.cancel).cancel();
  else if ("learn" in line) learn(line);
});
process.stdin.on("end", () => process.exit(0));
