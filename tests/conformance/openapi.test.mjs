// The description of the API against the API: what the server answers has the shape that /openapi/v1.json says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api, guest } from './clients.mjs';
import { sharedServer } from './server.mjs';

let server, document, ada, bob;
const checked = new Set();
before(async () => {
  server = await sharedServer();
  document = (await new Api(server.url).get('/openapi/v1.json')).body;
  [ada, bob] = [await guest(server, 'Ada'), await guest(server, 'Bob')];
});
after(() => server?.dispose());

const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};
const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

/** The part of JSON Schema that the document uses. */
function problems(value, schema, path = '$') {
  if (schema.$ref) return problems(value, document.components.schemas[schema.$ref.split('/').at(-1)], path);
  const found = [];
  if (schema.oneOf && schema.oneOf.filter((one) => problems(value, one, path).length === 0).length !== 1) {
    found.push(`${path} fits none of ${JSON.stringify(schema.oneOf)}: ${JSON.stringify(value)?.slice(0, 200)}`);
  }
  for (const part of schema.allOf ?? []) found.push(...problems(value, part, path));
  const types = [schema.type ?? []].flat();
  const type = typeOf(value);
  if (types.length > 0 && !types.includes(type) && !(type === 'integer' && types.includes('number'))) return [...found, `${path} is ${type}, not ${types.join(' or ')}`];
  if (schema.enum && !schema.enum.includes(value)) found.push(`${path} is ${JSON.stringify(value)}, not one of ${JSON.stringify(schema.enum)}`);
  if (schema.format && type === 'string' && FORMATS[schema.format] && !FORMATS[schema.format].test(value)) found.push(`${path} is no ${schema.format}: ${value}`);
  if (type === 'object') {
    for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) found.push(`${path}.${name} is missing`);
    for (const [name, inner] of Object.entries(schema.properties ?? {})) if (Object.hasOwn(value, name)) found.push(...problems(value[name], inner, `${path}.${name}`));
    if (schema.additionalProperties) for (const [name, inner] of Object.entries(value)) if (!schema.properties?.[name]) found.push(...problems(inner, schema.additionalProperties, `${path}.${name}`));
  }
  if (type === 'array' && schema.items) value.forEach((item, index) => found.push(...problems(item, schema.items, `${path}[${index}]`)));
  return found;
}

/** Calls a described route and compares the answer with its description. */
async function call(person, method, template, { params = {}, query = '', body, status } = {}) {
  const operation = document.paths[template]?.[method.toLowerCase()];
  assert.ok(operation, `${method} ${template} is not described`);
  if (body !== undefined) {
    const schema = operation.requestBody?.content['application/json'].schema;
    assert.ok(schema, `${method} ${template} describes no body`);
    if (status === undefined || status < 400) assert.deepEqual(problems(body, schema), [], `the body of ${method} ${template}`);
  }
  const reply = await person.call(method, template.replaceAll(/\{(\w+)\}/g, (_, name) => params[name]) + query, body);
  if (status !== undefined) assert.equal(reply.status, status, reply.what);
  else assert.ok(reply.status < 300, reply.what);
  const response = operation.responses[reply.status];
  assert.ok(response, `${method} ${template} does not describe ${reply.status}: ${reply.what}`);
  const content = response.content?.['application/json'];
  if (content) assert.deepEqual(problems(reply.body, content.schema), [], reply.what);
  if (reply.status < 300) checked.add(`${method} ${template}`);
  return reply.body;
}

test('the validator finds what is wrong', () => {
  const room = { message: 'x', room: {} };
  assert.ok(problems(room, document.paths['/api/rooms'].post.responses[201].content['application/json'].schema).length > 10);
  assert.deepEqual(problems(1.5, { type: 'integer' }), ['$ is number, not integer']);
  assert.deepEqual(problems(null, { type: ['string', 'null'] }), []);
});

test('accounts and users', async () => {
  const nobody = new Api(server.url);
  await call(nobody, 'GET', '/api/auth/config');
  await call(nobody, 'POST', '/api/auth/guest', { body: { name: 'Eve' } });
  await call(nobody, 'POST', '/api/auth/guest', { body: { name: '' }, status: 400 });
  const mail = `ada-${Date.now()}@example.org`;
  await call(nobody, 'POST', '/api/auth/register', { body: { email: mail, password: 'correct horse', name: 'Ada' } });
  await call(nobody, 'POST', '/api/auth/register', { body: { email: mail, password: 'correct horse', name: 'Ada' }, status: 409 });
  const signedIn = await call(nobody, 'POST', '/api/auth/login', { body: { email: mail, password: 'correct horse' } });
  await call(nobody, 'POST', '/api/auth/login', { body: { email: mail, password: 'wrong' }, status: 401 });
  const me = new Api(server.url, signedIn.access_token);
  await call(new Api(server.url, signedIn.refresh_token), 'POST', '/api/auth/refresh');
  await call(me, 'GET', '/api/auth/profile');
  await call(nobody, 'GET', '/api/auth/profile', { status: 401 });
  await call(me, 'PUT', '/api/auth/profile', { body: { name: 'Ada L.' } });
  await call(me, 'POST', '/api/auth/verify-token');
  await call(me, 'POST', '/api/auth/stats/refresh');
  await call(me, 'GET', '/api/users/profile');
  await call(me, 'PUT', '/api/users/profile', { body: { name: 'Ada' } });
  await call(me, 'GET', '/api/users/{id}/profile', { params: { id: ada.id } });
  await call(me, 'GET', '/api/users/{id}/profile', { params: { id: 'nobody' }, status: 404 });
  await call(me, 'GET', '/api/users/search', { query: '?q=ad' });
  await call(me, 'GET', '/api/users/search', { query: '?q=a', status: 400 });
  await call(me, 'POST', '/api/users/stats/refresh');
  await call(me, 'GET', '/api/users/dashboard');
  await call(me, 'GET', '/api/users/rooms');
  await call(me, 'GET', '/api/users/export');
  await call(me, 'POST', '/api/auth/logout');
  const again = await call(nobody, 'POST', '/api/auth/login', { body: { email: mail, password: 'correct horse' } });
  await call(new Api(server.url, again.access_token), 'DELETE', '/api/auth/delete-account');
});

test('rooms, chat, history, test cases and runs', async () => {
  const { room } = await call(ada, 'POST', '/api/rooms', { body: { name: 'Described', language: 'python', max_participants: 3 } });
  const params = { id: room.id };
  await call(ada, 'POST', '/api/rooms', { body: { name: 'x' }, status: 400 });
  await call(bob, 'GET', '/api/rooms', { query: '?search=Described' });
  await call(bob, 'GET', '/api/rooms/{id}', { params });
  await call(bob, 'GET', '/api/rooms/{id}/participants', { params, status: 403 });
  await call(bob, 'POST', '/api/rooms/{id}/join', { params, body: {} });
  await call(bob, 'GET', '/api/rooms/{id}/participants', { params });
  for (const role of ['moderator', 'participant']) {
    await call(ada, 'PUT', '/api/rooms/{id}/participants/{userId}', { params: { ...params, userId: bob.id }, body: { role } });
  }
  await call(bob, 'PUT', '/api/rooms/{id}', { params, body: { name: 'Mine' }, status: 403 });
  await call(ada, 'PUT', '/api/rooms/{id}', { params, body: { description: 'described' } });
  await call(ada, 'GET', '/api/rooms/my-rooms');

  const { data } = await call(ada, 'POST', '/api/chat/room/{id}/messages', { params, body: { content: 'hello' } });
  await call(bob, 'GET', '/api/chat/room/{id}/messages', { params });
  await call(bob, 'GET', '/api/chat/room/{id}/search', { params, query: '?q=hello' });
  await call(ada, 'PUT', '/api/chat/messages/{id}', { params: { id: data.id }, body: { content: 'hello there' } });
  await call(bob, 'PUT', '/api/chat/messages/{id}', { params: { id: data.id }, body: { content: 'no' }, status: 403 });
  await call(ada, 'DELETE', '/api/chat/messages/{id}', { params: { id: data.id } });

  await call(new Api(server.url), 'GET', '/api/execution/languages');
  const run = await call(ada, 'POST', '/api/execution/submit', { body: { room_id: room.id, language: 'python', source_code: 'print(1)' } });
  await call(ada, 'GET', '/api/execution/{id}/result', { params: { id: run.execution_id } });
  await call(ada, 'GET', '/api/execution/room/{id}/history', { params });

  if (document.paths['/api/rooms/{id}/history']) {
    const history = await call(bob, 'GET', '/api/rooms/{id}/history', { params });
    const version = history.versions[0].version;
    await call(bob, 'GET', '/api/rooms/{id}/history/{version}', { params: { ...params, version } });
    await call(bob, 'GET', '/api/rooms/{id}/history/{version}', { params: { ...params, version: 999_999 }, status: 404 });
    await call(ada, 'POST', '/api/rooms/{id}/history/{version}/restore', { params: { ...params, version } });
    await call(bob, 'GET', '/api/rooms/{id}/replay', { params });
  }

  if (document.paths['/api/rooms/{id}/cases']) {
    const made = await call(ada, 'POST', '/api/rooms/{id}/cases', { params, body: { name: 'one', input: '1', expected_output: '1' } });
    await call(bob, 'GET', '/api/rooms/{id}/cases', { params });
    await call(ada, 'PUT', '/api/rooms/{id}/cases/{caseId}', { params: { ...params, caseId: made.case.id }, body: { name: 'two' } });
    const ran = await call(ada, 'POST', '/api/rooms/{id}/cases/run', { params, body: { source_code: 'print(input())', language: 'python' } });
    await call(ada, 'GET', '/api/rooms/{id}/cases/runs', { params });
    await call(ada, 'GET', '/api/rooms/{id}/cases/runs/{runId}', { params: { ...params, runId: ran.run_id } });
    await call(ada, 'DELETE', '/api/rooms/{id}/cases/{caseId}', { params: { ...params, caseId: made.case.id } });
  }

  await call(bob, 'POST', '/api/rooms/{id}/leave', { params });
  await call(bob, 'POST', '/api/rooms/{id}/leave', { params, status: 400 });
  await call(bob, 'POST', '/api/rooms/{id}/join', { params, body: {} });
  await call(ada, 'DELETE', '/api/rooms/{id}/participants/{userId}', { params: { ...params, userId: bob.id } });
  await call(ada, 'DELETE', '/api/rooms/{id}', { params });
  await call(ada, 'GET', '/api/rooms/{id}', { params, status: 404 });
});

test('operations', async () => {
  const nobody = new Api(server.url);
  for (const path of ['/api', '/health', '/health/live', '/health/ready', '/metrics']) await call(nobody, 'GET', path);
});

test('every described route was called', () => {
  // Signing in with the identity provider is tested where there is one (auth.test.mjs).
  checked.add('POST /api/auth/sync');
  const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
  assert.deepEqual(described.filter((route) => !checked.has(route)), []);
});
