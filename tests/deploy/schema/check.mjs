// Holds manifests to the published types of Kubernetes 1.30 and KEDA, by TypeScript's own checker:
// unknown fields, wrong types and missing ones are errors.    usage: node check.mjs FILE…
import fs from 'node:fs';
import path from 'node:path';
import yaml from 'js-yaml';
import ts from 'typescript';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

/** The module and name of the type of an object; throws for a kind that nobody publishes. */
function typeOf({apiVersion, kind}) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  if (group === 'keda.sh') return [`@kubernetes-models/keda/${group}/${version}/${kind}`, `I${kind}`];
  return [`kubernetes-types/${group.split('.')[0]}/${version}`, kind];
}

function diagnosticsOf(source) {
  const file = path.join(here, 'manifests.virtual.ts');
  const options = {noEmit: true, strict: true, skipLibCheck: true, types: [],
                   module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022,
                   moduleResolution: ts.ModuleResolutionKind.Node10};
  const host = ts.createCompilerHost(options);
  const [readFile, fileExists, getSourceFile] =
      [host.readFile, host.fileExists, host.getSourceFile].map((f) => f.bind(host));
  host.readFile = (name) => name === file ? source : readFile(name);
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, target, ...rest) =>
      name === file ? ts.createSourceFile(name, source, target)
                    : getSourceFile(name, target, ...rest);
  return ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
}

let source = '';
const owners = [];
for (const file of process.argv.slice(2)) {
  for (const thing of yaml.loadAll(fs.readFileSync(file, 'utf8'))) {
    const [module, name] = typeOf(thing);
    const i = owners.length;
    owners.push({file, line: source.split('\n').length});
    source += `import type {${name} as T${i}} from '${module}';\n` +
              `export const x${i}: T${i} = ${JSON.stringify(thing, null, 1)};\n`;
  }
}
let failed = false;
for (const diagnostic of diagnosticsOf(source)) {
  failed = true;
  const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line ?? 0;
  const owner = owners.findLast(({line}) => line <= at + 1);
  console.log(`${owner?.file}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`);
}
console.log(`${owners.length} objects checked`);
process.exit(failed ? 1 : 0);
