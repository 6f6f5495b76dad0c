// docs/protocol.md names every socket event there is, and no other: handlers and emits are read from the server's source.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './server.mjs';

const source = join(root, 'src/CodeChill.Server');
const files = readdirSync(source, { recursive: true }).filter((file) => file.endsWith('.cs') && !/^(bin|obj)\//.test(file));
const code = files.map((file) => readFileSync(join(source, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')).join('\n');
const doc = readFileSync(join(root, 'docs/protocol.md'), 'utf8');

const all = (pattern) => new Set([...code.matchAll(pattern)].map((match) => match[1]));
const rows = (heading) => {
  const section = doc.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section, `docs/protocol.md has no section "${heading}"`);
  return new Set([...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1]));
};

function compare(inCode, inDoc, what) {
  assert.deepEqual([...inCode].filter((name) => !inDoc.has(name)).sort(), [], `${what} in the server, without a row in docs/protocol.md`);
  assert.deepEqual([...inDoc].filter((name) => !inCode.has(name)).sort(), [], `${what} in docs/protocol.md, but not in the server`);
}

test('every event a client may send has a row', () => {
  const handled = all(/\.On\(\s*socket,\s*"([a-z_]+)"/g);
  assert.ok(handled.size >= 11, `only ${handled.size} handlers were found: has the way of registering them changed?`);
  compare(handled, rows('What clients send'), 'handled');
});

test('every event the server sends has a row', () => {
  const sent = all(/\b(?:Emit|Broadcast|Tell\w*)\(\s*(?:\w+(?:\.\w+)*,\s*)?"([a-z_]+)"/g);
  // A socket that is put out is told why by a name handed over: PutOut(user, "name", …), Remove(socket, "name", …).
  for (const name of all(/\b(?:PutOut|Remove)\(\s*\w+,\s*"([a-z_]+)"/g)) sent.add(name);
  // Reports that name themselves.
  for (const name of all(/\bstring EventName => "([a-z_]+)"/g)) sent.add(name);
  assert.ok(sent.size >= 20, `only ${sent.size} emits were found: has the way of emitting changed?`);
  compare(sent, rows('What the server sends'), 'sent');
});
