// Signing in through an organisation's identity provider: authorization code with PKCE, at the certified npm oidc-provider.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../conformance/server.mjs';
import { Stage } from './people.mjs';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../identity');

describe('identity provider', () => {
  let stage;
  let port;
  let tenant;

  before(async () => {
    if (!existsSync(join(folder, 'node_modules/oidc-provider'))) {
      const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' });
      assert.equal(npm.status, 0, npm.stderr);
    }
    port = await freePort();
    stage = await Stage.open({ env: { AUTH0_DOMAIN: `http://127.0.0.1:${port}`, AUTH0_AUDIENCE: 'https://api.codechill.test', AUTH0_CLIENT_ID: 'web-client' } });
  });
  after(async () => {
    tenant?.stdin.end();
    await stage?.close();
  });

  /** The tenant sends people back to one address only: that of this person. */
  async function startTenant(person) {
    tenant = spawn('node', ['tenant.js'], {
      cwd: folder, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PORT: String(port), AUDIENCE: 'https://api.codechill.test', REDIRECT_URI: `${person.base}/sign-in/callback` },
    });
    for await (const line of createInterface({ input: tenant.stdout })) return assert.match(line, /issuer/);
  }

  test('there and back again with PKCE, to the room that was asked for', async () => {
    const ada = await stage.guest('Ada');
    const id = await ada.createRoom({ name: 'Behind the provider' });
    const ann = await stage.person('ann');
    // Not there yet: the page says so, and goes on working.
    await ann.page.goto(`${ann.base}/room/${id}`);
    await ann.at('provider-sign-in').click();
    await ann.page.getByText('The identity provider can’t be reached').waitFor();
    await startTenant(ann);
    const asked = [];
    ann.page.on('request', (request) => asked.push(request));
    await ann.at('provider-sign-in').click();
    await ann.inRoom();
    assert.equal(new URL(ann.page.url()).pathname, `/room/${id}`);
    assert.equal(new URL(ann.page.url()).search, '', 'the code is not left in the address');
    await ada.at('participants').getByText('ann').waitFor();
    const authorization = new URL(asked.find((request) => request.url().includes(`:${port}/auth?`)).url()).searchParams;
    assert.equal(authorization.get('code_challenge_method'), 'S256');
    assert.ok(authorization.get('code_challenge').length >= 43 && authorization.get('state').length >= 32);
    const exchange = asked.find((request) => request.url().endsWith(':' + port + '/token'));
    const sent = new URLSearchParams(exchange.postData());
    assert.ok(sent.get('code_verifier').length >= 43);
    assert.equal(sent.has('client_secret'), false);
    assert.equal(await ann.page.evaluate(() => sessionStorage.getItem('codechill.provider-trip')), null, 'nothing of the trip is left');
    ann.noTroubles();
  });

  test('an answer that was not asked for here is refused', async () => {
    const bob = await stage.person('Bob');
    await bob.page.goto(`${bob.base}/sign-in/callback?code=stolen&state=made-up`);
    await bob.at('sign-in-message').filter({ hasText: 'not started here' }).waitFor();
    await bob.page.goto(`${bob.base}/sign-in/callback?error=access_denied&error_description=${encodeURIComponent('<b>No</b> way')}`);
    await bob.at('sign-in-message').filter({ hasText: '<b>No</b> way' }).waitFor();
    assert.equal(await bob.page.evaluate(() => localStorage.getItem('codechill.session')), null);
    bob.noTroubles();
  });
});
