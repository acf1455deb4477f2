// Tokens and sign-ins of a running demo, checked by the software of others. Usage: node clients.mjs demo.json
// Each check runs against every region; one line a check; exits 1 at the first that does not hold.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import assert from 'node:assert/strict';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { JwtVerifier } from 'aws-jwt-verify';
import {
  CognitoIdentityProviderClient,
  GetUserCommand,
  InitiateAuthCommand,
  NotAuthorizedException,
} from '@aws-sdk/client-cognito-identity-provider';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const demo = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const agent = new https.Agent({ ca: readFileSync(demo.caFile), keepAlive: true });

// A GET that trusts the demo's authority alone.
function get(url) {
  return new Promise((resolve, reject) => {
    https.get(url, { agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks), headers: answer.headers }));
    }).on('error', reject);
  });
}

const fetchWithAuthority = async (url) => {
  const answer = await get(url);
  return new Response(answer.body, { status: answer.status, headers: { 'content-type': 'application/json' } });
};

function cognito(endpoint) {
  return new CognitoIdentityProviderClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
    requestHandler: new NodeHttpHandler({ httpsAgent: agent }),
  });
}

// The demo's own pool, and the one whose tokens are signed with ES256.
const pools = {
  RS256: { pool: demo.pool, issuer: demo.issuer, clientId: demo.clients.web.clientId, user: demo.user },
  ES256: demo.es256,
};

async function signIn(client, { clientId, user } = pools.RS256) {
  const answer = await client.send(new InitiateAuthCommand({
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: clientId,
    AuthParameters: { USERNAME: user.username, PASSWORD: user.password },
  }));
  return answer.AuthenticationResult;
}

async function verifyWithJose(token, region, use, algorithm = 'RS256') {
  const { pool, issuer } = pools[algorithm];
  const keys = createRemoteJWKSet(new URL(`${region.public}/${pool}/.well-known/jwks.json`), { [customFetch]: fetchWithAuthority });
  const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, algorithms: [algorithm] });
  assert.equal(protectedHeader.alg, algorithm);
  assert.equal(payload.token_use, use);
  return payload;
}

async function verifyWithAws(token, region) {
  const jwks = JSON.parse((await get(`${region.public}/${demo.pool}/.well-known/jwks.json`)).body);
  const verifier = JwtVerifier.create({ issuer: demo.issuer, audience: null, jwksUri: `${region.public}/${demo.pool}/.well-known/jwks.json` });
  verifier.cacheJwks(jwks);
  const payload = await verifier.verify(token);
  assert.equal(payload.client_id, demo.clients.web.clientId);
}

async function check(name, run) {
  const begin = performance.now();
  await run();
  console.log(`ok ${name} (${Math.round(performance.now() - begin)} ms)`);
}

let passed = 0;
const tokens = {};
for (const region of demo.regions) {
  await check(`AWS SDK signs in at ${region.name}`, async () => {
    const client = cognito(region.public);
    tokens[region.name] = await signIn(client);
    const user = await client.send(new GetUserCommand({ AccessToken: tokens[region.name].AccessToken }));
    assert.equal(user.Username, demo.user.username);
  });
  await check(`AWS SDK is told of a wrong password at ${region.name}`, async () => {
    await assert.rejects(cognito(region.public).send(new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: demo.clients.web.clientId,
      AuthParameters: { USERNAME: demo.user.username, PASSWORD: 'wrong' },
    })), (error) => error instanceof NotAuthorizedException && error.message === 'Incorrect username or password.');
  });
  await check(`AWS SDK refreshes at ${region.name} what ${region.name} issued`, async () => {
    const answer = await cognito(region.public).send(new InitiateAuthCommand({
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      ClientId: demo.clients.web.clientId,
      AuthParameters: { REFRESH_TOKEN: tokens[region.name].RefreshToken },
    }));
    assert.ok(answer.AuthenticationResult.AccessToken);
  });
  passed += 3;
}
for (const issued of demo.regions) {
  for (const region of demo.regions) {
    const { AccessToken, IdToken } = tokens[issued.name];
    await check(`jose: tokens of ${issued.name} with the keys of ${region.name}`, async () => {
      const access = await verifyWithJose(AccessToken, region, 'access');
      const id = await verifyWithJose(IdToken, region, 'id');
      assert.equal(access.sub, id.sub);
      assert.equal(id.aud, demo.clients.web.clientId);
    });
    await check(`aws-jwt-verify: an access token of ${issued.name} with the keys of ${region.name}`, () => verifyWithAws(AccessToken, region));
    passed += 2;
  }
}
for (const issued of demo.regions) {
  const elliptic = await signIn(cognito(issued.public), pools.ES256);
  for (const region of demo.regions) {
    await check(`jose: ES256 tokens of ${issued.name} with the keys of ${region.name}`, async () => {
      const access = await verifyWithJose(elliptic.AccessToken, region, 'access', 'ES256');
      const id = await verifyWithJose(elliptic.IdToken, region, 'id', 'ES256');
      assert.equal(access.sub, id.sub);
      assert.equal(id.aud, pools.ES256.clientId);
    });
    passed += 1;
  }
}
await check('jose refuses a token whose signature was changed', async () => {
  const [head, body, signature] = tokens[demo.regions[0].name].AccessToken.split('.');
  const changed = `${head}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
  await assert.rejects(verifyWithJose(changed, demo.regions[0], 'access'));
});
console.log(`${passed + 1} passed, 0 failed`);
process.exit(0);
