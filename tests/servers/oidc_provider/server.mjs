// An issuer on a free port of loopback, which it prints, with everybody's consent given. What it
// issues can be bent: POST /control {"account", "bend", "claims", "key"}.
import crypto from 'node:crypto';
import http from 'node:http';
import {Provider} from 'oidc-provider';

const [redirectUri] = process.argv.slice(2);
const PEOPLE = {
  'sub-ann': {preferred_username: 'ann', email: 'ann@example.org', email_verified: true, groups: ['ops']},
  'sub-bob': {preferred_username: 'bob', email: 'bob@example.org', email_verified: false, groups: []},
  'sub-cy': {preferred_username: 'ann', email: 'cy@example.org', email_verified: true, groups: []},
};
const state = {account: 'sub-ann', bend: '', claims: {}, key: 'rsa-1'};

const keys = {};
function makeKey(kid, type, options) {
  const {privateKey, publicKey} = crypto.generateKeyPairSync(type, options);
  keys[kid] = {privateKey, jwk: {...publicKey.export({format: 'jwk'}), kid, use: 'sig'},
               secret: {...privateKey.export({format: 'jwk'}), kid, use: 'sig'}};
}
makeKey('rsa-1', 'rsa', {modulusLength: 2048});
makeKey('rsa-2', 'rsa', {modulusLength: 2048});
makeKey('ec-1', 'ec', {namedCurve: 'P-256'});
makeKey('small', 'rsa', {modulusLength: 1024});

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function sign(alg, kid, claims) {
  const text = `${base64({alg, kid, typ: 'JWT'})}.${base64(claims)}`;
  const {privateKey} = keys[kid];
  const options = {
    RS256: {key: privateKey},
    PS256: {key: privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32},
    ES256: {key: privateKey, dsaEncoding: 'ieee-p1363'},
  }[alg];
  return `${text}.${crypto.sign('sha256', Buffer.from(text), options).toString('base64url')}`;
}

// What hostile or broken issuers send; the claims are bent by state.claims.
function bent(token) {
  const claims = {...JSON.parse(Buffer.from(token.split('.')[1], 'base64url')), ...state.claims};
  for (const name of Object.keys(claims)) if (claims[name] === null) delete claims[name];
  switch (state.bend) {
    case 'none': return `${base64({alg: 'none'})}.${base64(claims)}.`;
    case 'hs256': {
      const text = `${base64({alg: 'HS256', kid: 'rsa-1'})}.${base64(claims)}`;
      const pem = crypto.createPublicKey({key: keys['rsa-1'].jwk, format: 'jwk'})
        .export({type: 'spki', format: 'pem'});
      return `${text}.${crypto.createHmac('sha256', pem).update(text).digest('base64url')}`;
    }
    case 'unsigned': return token.replace(/[^.]+$/, '');
    case 'tampered': {
      const [head, , signature] = token.split('.');
      return `${head}.${base64({...claims, sub: 'sub-admin'})}.${signature}`;
    }
    case 'crit': {
      const text = `${base64({alg: 'RS256', kid: 'rsa-1', crit: ['x']})}.${base64(claims)}`;
      return `${text}.${crypto.sign('sha256', Buffer.from(text), keys['rsa-1'].privateKey).toString('base64url')}`;
    }
    case 'es256': return sign('ES256', 'ec-1', claims);
    case 'ps256': return sign('PS256', state.key, claims);
    default: return sign('RS256', state.key, claims);
  }
}

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{client_id: 'waybill', client_secret: 'sec/ret+of waybill', redirect_uris: [redirectUri],
               grant_types: ['authorization_code'], response_types: ['code']}],
    jwks: {keys: [keys['rsa-1'].secret]},
    claims: {openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['preferred_username']},
    pkce: {methods: ['S256'], required: () => true},
    features: {devInteractions: {enabled: false}},
    cookies: {keys: ['of this test']},
    interactions: {url: (ctx, interaction) => `/interaction/${interaction.uid}`},
    findAccount: (ctx, id) => ({accountId: id, claims: () => ({sub: id, ...PEOPLE[id]})}),
    async loadExistingGrant(ctx) {
      const {client, session, params} = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({clientId: client.clientId, accountId: session.accountId});
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === '/token' && ctx.body && ctx.body.id_token) ctx.body.id_token = bent(ctx.body.id_token);
    if (ctx.path === '/jwks') ctx.body = {keys: [keys[state.key].jwk, keys['ec-1'].jwk, {kty: 'oct', k: 'AA'}]};
    if (ctx.path === '/me' && state.bend === 'userinfo') ctx.body = {sub: 'sub-admin', groups: ['ops']};
    if (ctx.path.startsWith('/.well-known') && state.bend === 'issuer') {
      ctx.body = {...ctx.body, issuer: 'https://evil.example'};
    }
  });
  const callback = provider.callback();
  server.on('request', async (request, response) => {
    if (request.url === '/control') {
      let body = '';
      for await (const part of request) body += part;
      Object.assign(state, JSON.parse(body));
      response.end('{}');
    } else if (request.url.startsWith('/interaction/')) {
      await provider.interactionFinished(request, response, {login: {accountId: state.account}});
    } else if (state.bend === 'away') {
      response.statusCode = 503;
      response.end('away');
    } else {
      callback(request, response);
    }
  });
  console.log(issuer);
});
