// The objects of the wire contract, field by field. More fields may be there; none may be missing or of another type.
import assert from 'node:assert/strict';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/;

const test = (name, holds) => Object.assign(holds, { shape: name });
export const string = test('string', (v) => typeof v === 'string');
export const text = test('non-empty string', (v) => typeof v === 'string' && v.length > 0);
export const bool = test('boolean', (v) => typeof v === 'boolean');
export const int = test('integer', (v) => Number.isInteger(v));
export const number = test('number', (v) => typeof v === 'number');
export const uuid = test('UUID', (v) => typeof v === 'string' && UUID.test(v));
export const time = test('ISO-8601 UTC time', (v) => typeof v === 'string' && TIME.test(v) && !Number.isNaN(Date.parse(v)));
export const anything = test('anything', (v) => v !== undefined);
export const object = test('object', (v) => typeof v === 'object' && v !== null && !Array.isArray(v));
export const bytes = test('bytes', (v) => v instanceof Uint8Array || v instanceof ArrayBuffer);
export const maybe = (inner) => test(`${inner.shape ?? 'object'} or null`, (v) => v === null || (typeof inner === 'function' ? inner(v) : (match(v, inner), true)));
export const oneOf = (...values) => test(`one of ${values.join(', ')}`, (v) => values.includes(v));
export const exactly = (value) => test(JSON.stringify(value), (v) => { assert.deepEqual(v, value); return true; });
export const listOf = (shape) => test('list', (v) => {
  assert.ok(Array.isArray(v), 'not a list');
  v.forEach((item, index) => match(item, shape, `[${index}]`));
  return true;
});

/** Throws unless `value` has every field of `shape`. */
export function match(value, shape, path = '$') {
  if (typeof shape === 'function') {
    assert.ok(shape(value), `${path} should be ${shape.shape}, is ${JSON.stringify(value)}`);
    return value;
  }
  assert.ok(object(value), `${path} should be an object, is ${JSON.stringify(value)}`);
  for (const [field, inner] of Object.entries(shape)) {
    assert.ok(Object.hasOwn(value, field), `${path}.${field} is missing in ${JSON.stringify(value).slice(0, 600)}`);
    match(value[field], inner, `${path}.${field}`);
  }
  return value;
}

const publicUser = {
  id: uuid, name: text, picture: maybe(string), github_username: maybe(string), leetcode_username: maybe(string), codeforces_username: maybe(string),
  created_at: time, updated_at: time, is_active: bool, is_verified: bool,
};
export const user = { ...publicUser, email: maybe(string) };
export const stats = { github_stats: maybe(object), leetcode_stats: maybe(object), codeforces_stats: maybe(object) };
export const profileOfOther = { ...publicUser, public_rooms_created: int };
export { publicUser };

export const participant = {
  id: uuid, room_id: uuid, user_id: uuid, user_name: text, user_picture: maybe(string), role: oneOf('owner', 'moderator', 'participant'), is_active: bool,
  cursor_line: maybe(int), cursor_column: maybe(int), selection_data: anything, joined_at: time, last_seen: time,
};
export const room = {
  id: uuid, name: text, description: maybe(string), is_private: bool, max_participants: int, current_participants: int, language: text, is_active: bool,
  created_by: uuid, created_at: time, updated_at: time, last_activity: time, content_version: int, participants: listOf(participant),
};
export const roomInList = { ...room, owner_name: text, owner_picture: maybe(string) };
export const roomDetails = { ...roomInList, is_participant: bool, user_role: maybe(oneOf('owner', 'moderator', 'participant')) };
export const myRoom = { ...room, user_role: oneOf('owner', 'moderator', 'participant'), joined_at: time };

export const message = {
  id: uuid, room_id: uuid, user_id: uuid, user_name: text, user_picture: maybe(string), content: string, message_type: oneOf('text', 'code', 'system', 'file'),
  is_edited: bool, reply_to: maybe(uuid), created_at: time, edited_at: maybe(time),
};
export const execution = {
  id: uuid, room_id: uuid, user_id: uuid, user_name: text, language: text, source_code: string, input_data: maybe(string), output: maybe(string),
  error_output: maybe(string), compile_output: maybe(string), exit_code: maybe(int), execution_time: maybe(number), memory_usage: maybe(number),
  status: oneOf('pending', 'running', 'completed', 'failed'), created_at: time, started_at: maybe(time), completed_at: maybe(time),
};
export const pagination = { page: int, pages: int, per_page: int, total: int, has_next: bool, has_prev: bool };

/** A successful answer with this status and shape. */
export function ok(reply, shape, status = 200) {
  assert.equal(reply.status, status, reply.what);
  assert.match(reply.headers.get('content-type') ?? '', /^application\/json/, reply.what);
  return match(reply.body, shape, reply.what.slice(0, 60));
}

/** A failure with this status; `error` is the exact text, a pattern, or left out when the contract leaves the wording open. */
export function refused(reply, status, error) {
  assert.ok([status].flat().includes(reply.status), `expected ${status}: ${reply.what}`);
  assert.equal(typeof reply.body?.error, 'string', `no {"error"}: ${reply.what}`);
  assert.ok(reply.body.error.length > 0, reply.what);
  if (error instanceof RegExp) assert.match(reply.body.error, error, reply.what);
  else if (error !== undefined) assert.equal(reply.body.error, error, reply.what);
  assert.doesNotMatch(reply.text, /\bat CodeChill\.|Exception|StackTrace/, 'a stack trace on the wire');
  return reply.body;
}
