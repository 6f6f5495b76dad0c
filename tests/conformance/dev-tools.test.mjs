// `./dev` on a machine without .NET and Node.js: it brings them into .cache, checks what it downloads, and says so when that fails. The makers'
// download places are played by a local HTTP server with the same file names.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from './server.mjs';

const machine = process.arch === 'arm64' ? 'arm64' : 'x64';
const archive = `node-v22.99.0-linux-${machine}.tar.xz`;
const hasXz = ['/usr/bin/xz', '/bin/xz'].some((file) => existsSync(file));
let folder, server, url, files;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'codechill-dev-'));
  // A machine's commands, without the two toolchains.
  mkdirSync(join(folder, 'bin'));
  for (const place of ['/usr/bin', '/bin', '/usr/sbin', '/sbin']) {
    for (const name of existsSync(place) ? readdirSync(place) : []) {
      if (!['dotnet', 'node', 'nodejs', 'npm', 'apt-get'].includes(name) && !existsSync(join(folder, 'bin', name))) {
        try { symlinkSync(join(place, name), join(folder, 'bin', name)); } catch { /* a dangling link of the machine's */ }
      }
    }
  }
  mkdirSync(join(folder, 'node/bin'), { recursive: true });
  writeFileSync(join(folder, 'node/bin/node'), '#!/bin/sh\n[ "$1" = -p ] && echo 22 || echo v22.99.0\n', { mode: 0o755 });
  writeFileSync(join(folder, 'node/bin/npm'), '#!/bin/sh\necho 10\n', { mode: 0o755 });
  const tarball = hasXz ? execFileSync('tar', ['-cJf', '-', '--transform', `s,^node,${archive.replace('.tar.xz', '')},`, 'node'], { cwd: folder }) : Buffer.alloc(0);
  files = {
    '/dotnet-install.sh': '#!/bin/bash\nwhile [ $# -gt 0 ]; do [ "$1" = --install-dir ] && dir=$2; [ "$1" = --channel ] && channel=$2; shift; done\nmkdir -p "$dir"\nprintf \'#!/bin/sh\\necho %s.401\\n\' "$channel" > "$dir/dotnet"\nchmod +x "$dir/dotnet"\n',
    '/node/SHASUMS256.txt': `${'0'.repeat(64)}  node-v22.99.0-linux-other.tar.xz\n${createHash('sha256').update(tarball).digest('hex')}  ${archive}\n`,
    [`/node/${archive}`]: tarball,
  };
  server = createServer((request, response) => {
    const file = files[request.url];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tools(name) {
  const copy = join(folder, name);
  mkdirSync(copy);
  copyFileSync(join(root, 'dev'), join(copy, 'dev'));
  const child = spawn('bash', [join(copy, 'dev'), 'tools'], {
    env: { PATH: join(folder, 'bin'), HOME: folder, CODECHILL_DOTNET_INSTALLER: `${url}/dotnet-install.sh`, CODECHILL_NODE_MIRROR: `${url}/node` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
  const [code] = await once(child, 'close');
  return { code, output, copy };
}

test('missing toolchains are installed into .cache', { skip: hasXz ? false : 'xz is not installed' }, async () => {
  const { code, output, copy } = await tools('fresh');
  assert.equal(code, 0, output);
  assert.match(readFileSync(join(copy, '.cache/dotnet/dotnet'), 'utf8'), /10\.0\.401/);
  assert.ok(existsSync(join(copy, '.cache/node/bin/npm')), output);
});

test('an archive that is not what its maker published is not unpacked', { skip: hasXz ? false : 'xz is not installed' }, async () => {
  files[`/node/${archive}`] = Buffer.concat([files[`/node/${archive}`], Buffer.from('x')]);
  const { code, output, copy } = await tools('tampered');
  assert.notEqual(code, 0);
  assert.match(output, /Node\.js 20 or newer with npm is needed and could not be installed/);
  assert.ok(!existsSync(join(copy, '.cache/node/bin')), output);
});

test('no way to download: the message says what is needed and where it is', async () => {
  delete files['/dotnet-install.sh'];
  const { code, output } = await tools('offline');
  assert.notEqual(code, 0);
  assert.match(output, /The \.NET 10 SDK is needed and could not be installed: https:\/\/dotnet\.microsoft\.com/);
});
