// Holds the OpenAPI document that a server answers to the OpenAPI Initiative's own schema of 3.1,
// and to what that schema cannot say. usage: lint.mjs URL. Exit status 1: something is wrong.

import { Validator } from "@seriousme/openapi-schema-validator";

const METHODS = new Set(["get", "put", "post", "delete", "patch", "head", "options", "trace"]);

function at(document, reference) {
  return reference.slice(2).split("/").reduce(
    (value, name) => value?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}

function* referencesOf(value, place = "#") {
  if (value === null || typeof value !== "object") return;
  if (typeof value.$ref === "string") yield [place, value.$ref];
  for (const [name, member] of Object.entries(value)) {
    yield* referencesOf(member, `${place}/${name}`);
  }
}

function* operationsOf(document) {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      if (METHODS.has(method)) yield [`${method} ${path}`, path, operation, item.parameters ?? []];
    }
  }
}

function faultsOfOperation(document, place, path, operation, shared) {
  const faults = [];
  for (const field of ["operationId", "summary"]) {
    if (!operation[field]) faults.push(`${place}: it has no ${field}`);
  }
  const parameters = [...shared, ...(operation.parameters ?? [])].map(
    (parameter) => (parameter.$ref ? at(document, parameter.$ref) : parameter) ?? {});
  const declared = parameters.filter((one) => one.in === "path").map((one) => one.name).sort();
  const used = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]).sort();
  if (String(declared) !== String(used)) {
    faults.push(`${place}: the path has {${used}}, the parameters ${declared}`);
  }
  const tags = new Set((document.tags ?? []).map((tag) => tag.name));
  const strange = (operation.tags ?? []).filter((tag) => !tags.has(tag));
  if (strange.length || !operation.tags?.length) faults.push(`${place}: tags are not declared`);
  if (!Object.keys(operation.responses ?? {}).some((status) => /^[123]/.test(status))) {
    faults.push(`${place}: it never succeeds`);
  }
  return faults;
}

async function faultsOf(document) {
  const found = await new Validator().validate(structuredClone(document));
  const faults = found.valid ? [] : [`OpenAPI 3.1: ${JSON.stringify(found.errors).slice(0, 1000)}`];
  for (const [place, reference] of referencesOf(document)) {
    if (!reference.startsWith("#/") || at(document, reference) === undefined) {
      faults.push(`${place}: ${reference} leads nowhere`);
    }
  }
  const ids = new Set();
  for (const [place, path, operation, shared] of operationsOf(document)) {
    faults.push(...faultsOfOperation(document, place, path, operation, shared));
    if (ids.has(operation.operationId)) faults.push(`${place}: its operationId is another's too`);
    ids.add(operation.operationId);
  }
  return faults;
}

const response = await fetch(`${process.argv[2]}/v1/openapi.json`);
const document = await response.json();
const faults = await faultsOf(document);

// What it would say of documents that are wrong.
const plants = {
  title: (copy) => delete copy.info.title,
  reference: (copy) => (copy.paths["/v1/queues"].get.responses["400"] = { $ref: "#/none" }),
  name: (copy) => (copy.paths["/v1/queues"].get.operationId = "listTasks"),
  parameter: (copy) => delete copy.paths["/v1/tasks/{id}"].get.parameters,
  tag: (copy) => (copy.paths["/v1/queues"].get.tags = ["none"]),
  success: (copy) => (copy.paths["/v1/queues"].get.responses = copy.paths["/v1/queues"].get
    .responses.default && { default: copy.paths["/v1/queues"].get.responses.default }),
};
for (const [name, plant] of Object.entries(plants)) {
  const copy = structuredClone(document);
  plant(copy);
  if ((await faultsOf(copy)).length === 0) faults.push(`the planted fault ${name} was not found`);
}
for (const fault of faults) console.log(fault);
const count = [...operationsOf(document)].length;
console.log(`${document.openapi}: ${count} operations, ${faults.length} faults`);
process.exit(faults.length || count === 0 ? 1 : 0);
