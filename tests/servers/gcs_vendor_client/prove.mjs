// Drives the stand-in with Google's own client: node prove.mjs ENDPOINT TOKEN.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Storage} from '@google-cloud/storage';
import {OAuth2Client} from 'google-auth-library';

const [endpoint, token] = process.argv.slice(2);
const ODD = ['sp ace', 'a+b', '100%', '%2F', 'ü/é', '日本', 'q?x=1', 'h#ash', 'a//b', '/led', 'tail/',
  'a&b', '~', 'a=b', '<x>', "'\"", 'tab\tx', '(a)*!', 'a;b:c', '@$,', '\u{1F600}', 'a/../b', './a'];

function storage(bearer) {
  const authClient = new OAuth2Client();
  authClient.setCredentials({access_token: bearer, expiry_date: Date.now() + 3_600_000});
  return new Storage({
    apiEndpoint: endpoint, projectId: 'tests', authClient, useAuthWithCustomEndpoint: true,
    retryOptions: {autoRetry: false},
  });
}

const client = storage(token);
let buckets = 0;
async function bucketWith(names) {
  const [bucket] = await client.createBucket(`proof-${++buckets}`);
  for (const name of names) await bucket.file(name).save(name, {resumable: false});
  return bucket;
}
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const names = files => files.map(file => file.name);
// save() starts sessions without the token where the endpoint is not Google's; this does not.
async function saveResumable(file, body, options = {}) {
  const [uri] = await file.createResumableUpload(options);
  await file.save(body, {resumable: true, uri, ...options});
}
async function rejects(promise, code, message) {
  await assert.rejects(promise, error => {
    assert.equal(error.code, code, error.message);
    if (message) assert.match(error.message, message);
    return true;
  });
}

test('uploads come back byte for byte, by each way, with their hashes', async () => {
  const bucket = await bucketWith([]);
  const body = Buffer.alloc(700_000, 0).map((_, i) => i * 31);
  const ways = [
    (file, options) => file.save(body, {resumable: false, ...options}),
    (file, options) => saveResumable(file, body, options),
    (file, options) => saveResumable(file, body, {chunkSize: 256 * 1024, ...options}),
  ];
  for (const [number, way] of ways.entries()) {
    for (const validation of ['md5', 'crc32c']) {
      const file = bucket.file(`way-${number}/${validation}`);
      await way(file, {validation});
      const [back] = await file.download({validation});
      assert.ok(back.equals(body));
      assert.equal(Number(file.metadata.size), body.length);
    }
  }
  const [part] = await bucket.file('way-0/md5').download({start: 100, end: 199});
  assert.ok(part.equals(body.subarray(100, 200)));
  await bucket.file('empty').save('', {resumable: false});
  assert.equal((await bucket.file('empty').download())[0].length, 0);
});

test('a wrong hash is refused and nothing is stored', async () => {
  const bucket = await bucketWith([]);
  const save = metadata => bucket.file('k').save('hello', {resumable: false, metadata});
  await rejects(save({md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA=='}), 400, /MD5/);
  await rejects(save({crc32c: 'AAAAAA=='}), 400, /CRC32C/);
  assert.deepEqual(await bucket.file('k').exists(), [false]);
  await save({md5Hash: 'XUFAKrxLKna5cZ2REBfFkg==', crc32c: 'mnG7TA=='});
});

test('listings obey prefix, delimiter and offsets', async () => {
  const bucket = await bucketWith(['b/3', 'a-b/c', 'a/0', 'a.c', 'b/1', 'b/2', 'c', 'A']);
  const list = async query => names((await bucket.getFiles(query))[0]);
  assert.deepEqual(await list({}), ['A', 'a-b/c', 'a.c', 'a/0', 'b/1', 'b/2', 'b/3', 'c']);
  assert.deepEqual(await list({prefix: 'a'}), ['a-b/c', 'a.c', 'a/0']);
  assert.deepEqual(await list({startOffset: 'b/2'}), ['b/2', 'b/3', 'c']);
  assert.deepEqual(await list({endOffset: 'b/1'}), ['A', 'a-b/c', 'a.c', 'a/0']);
  assert.deepEqual(await list({startOffset: 'b/1', endOffset: 'b/3'}), ['b/1', 'b/2']);
  assert.deepEqual(await list({prefix: 'b/', startOffset: 'b/2', endOffset: 'c'}), ['b/2', 'b/3']);
  const [files, , answer] = await bucket.getFiles({delimiter: '/', autoPaginate: false});
  assert.deepEqual(names(files), ['A', 'a.c', 'c']);
  assert.deepEqual(answer.prefixes, ['a-b/', 'a/', 'b/']);
});

test('pages together give each name and prefix once, in order', async () => {
  const all = Array.from({length: 23}, (_, i) => `d${i % 5}/k${i}`).concat(['a', 'z']);
  const bucket = await bucketWith(all);
  for (const maxResults of [1, 2, 7, 25, 1000]) {
    const seen = [];
    const prefixes = [];
    for (let query = {maxResults, delimiter: '/', autoPaginate: false}; query;) {
      const [files, next, answer] = await bucket.getFiles(query);
      assert.ok(files.length + (answer.prefixes ?? []).length <= maxResults);
      seen.push(...names(files));
      prefixes.push(...(answer.prefixes ?? []));
      query = next;
    }
    assert.deepEqual(seen, ['a', 'z']);
    assert.deepEqual(prefixes, ['d0/', 'd1/', 'd2/', 'd3/', 'd4/']);
    const paged = [];
    for (let query = {maxResults, autoPaginate: false}; query;) {
      const [files, next] = await bucket.getFiles(query);
      paged.push(...names(files));
      query = next;
    }
    assert.deepEqual(paged, [...all].sort(byBytes));
  }
  await rejects(bucket.getFiles({pageToken: 'nonsense', autoPaginate: false}), 400);
});

test('partial answers hold what was asked for', async () => {
  const bucket = await bucketWith(['a', 'b']);
  const ask = fields => bucket.getFiles({fields, maxResults: 1, autoPaginate: false});
  const [, , answer] = await ask('nextPageToken,items(name,size)');
  assert.deepEqual(Object.keys(answer), ['nextPageToken', 'items']);
  assert.deepEqual(answer.items, [{name: 'a', size: '1'}]);
  assert.deepEqual((await ask('items/name'))[2], {items: [{name: 'a'}]});
  await rejects(ask('items(nonsense)'), 400, /field selection/);
});

test('a put for generation 0 is carried out once', async () => {
  const bucket = await bucketWith([]);
  const put = body => bucket.file('lock').save(body, {
    resumable: false, preconditionOpts: {ifGenerationMatch: 0}});
  await put('first');
  await rejects(put('second'), 412);
  assert.equal(String((await bucket.file('lock').download())[0]), 'first');
  const once = {resumable: false, preconditionOpts: {ifGenerationMatch: 0}};
  const rivals = await Promise.allSettled(Array.from({length: 8}, (_, i) => i % 2
    ? saveResumable(bucket.file('race'), String(i), {preconditionOpts: {ifGenerationMatch: 0}})
    : bucket.file('race').save(String(i), once)));
  assert.equal(rivals.filter(rival => rival.status === 'fulfilled').length, 1);
  await bucket.file('lock').delete();
  await put('third');
});

test('generations and metagenerations are counted and compared', async () => {
  const bucket = await bucketWith(['k']);
  const file = bucket.file('k');
  const [first] = await file.getMetadata();
  await file.save('again', {resumable: false, preconditionOpts: {
    ifGenerationMatch: first.generation}});
  const [second] = await file.getMetadata();
  assert.ok(BigInt(second.generation) > BigInt(first.generation));
  await rejects(file.delete({ifGenerationMatch: first.generation}), 412);
  await rejects(file.save('x', {resumable: false, preconditionOpts: {
    ifGenerationNotMatch: second.generation}}), 412);
  await file.setMetadata({metadata: {owner: 'me'}}, {ifMetagenerationMatch: 1});
  const [third] = await file.getMetadata();
  assert.equal(third.metageneration, '2');
  assert.equal(third.generation, second.generation);
  assert.deepEqual(third.metadata, {owner: 'me'});
  await rejects(file.setMetadata({metadata: {owner: 'you'}}, {ifMetagenerationMatch: 1}), 412);
});

test('odd names are put, listed, read and removed', async () => {
  const bucket = await bucketWith(ODD);
  const [files] = await bucket.getFiles();
  assert.deepEqual(names(files), [...ODD].sort(byBytes));
  for (const file of files) {
    assert.equal(String((await file.download())[0]), file.name);
    await file.delete();
    await rejects(file.download(), 404);
  }
  assert.deepEqual((await bucket.getFiles())[0], []);
  for (const name of ['a\nb', 'a\rb', 'x'.repeat(1025)]) {
    await rejects(bucket.file(name).save('x', {resumable: false}), 400);
  }
});

test('what is not there is not found', async () => {
  const bucket = await bucketWith(['k']);
  await rejects(bucket.file('none').download(), 404);
  await rejects(bucket.file('none').getMetadata(), 404, /No such object/);
  await rejects(bucket.file('none').delete(), 404);
  const missing = client.bucket('never-made');
  await rejects(missing.getFiles(), 404, /bucket does not exist/);
  await rejects(missing.file('k').save('x', {resumable: false}), 404);
  assert.deepEqual(await missing.exists(), [false]);
  assert.deepEqual(await bucket.exists(), [true]);
  await rejects(client.createBucket(bucket.name), 409);
  await rejects(bucket.delete(), 409);
  await bucket.file('k').delete();
  await bucket.delete();
  assert.deepEqual(await bucket.exists(), [false]);
});

test('a wrong token is refused', async () => {
  const bucket = await bucketWith(['k']);
  const stranger = storage('wrong').bucket(bucket.name);
  await rejects(stranger.getFiles(), 401);
  await rejects(stranger.file('k').download(), 401);
  await rejects(stranger.file('k').save('x', {resumable: false}), 401);
  await rejects(stranger.file('k').createResumableUpload(), 401);
  await rejects(stranger.file('k').delete(), 401);
  const nobody = await fetch(`${endpoint}/storage/v1/b/${bucket.name}/o`);
  assert.equal(nobody.status, 401);
});
