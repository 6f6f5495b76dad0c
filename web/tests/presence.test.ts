import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { cleanState, Presence } from '../src/presence';

describe('cleanState', () => {
  it('lets no style through in a colour', () => {
    const state = cleanState({ user: { id: 'u', name: 'x', color: 'red;position:fixed;inset:0', colorLight: 'url(//evil)' } });
    expect(state!.user.color).toMatch(/^#[0-9a-f]{6}$/);
    expect(state!.user.colorLight).toMatch(/^#[0-9a-f]{8}$/);
  });

  it('shortens names and fills missing ones', () => {
    expect([...cleanState({ user: { id: 'u', name: '😀'.repeat(500) } })!.user.name]).toHaveLength(40);
    expect(cleanState({ user: { name: { toString: 1 } } })!.user.name).toBe('Someone');
    expect(cleanState({})!.user.name).toBe('Someone');
  });

  it('drops cursors that the editor binding would fail on', () => {
    const bads = [
      1, 'x', null, {}, { item: null, tname: null, type: null }, { item: { client: 'a', clock: 0 } },
      { type: { client: -1, clock: 1.5 } }, { tname: '__proto__' },
    ];
    for (const bad of bads) expect(cleanState({ user: { id: 'u' }, cursor: { anchor: bad, head: bad } })!.cursor).toBeNull();
    for (const cursor of [1, 'cursor', null, undefined, [], {}]) expect(cleanState({ user: { id: 'u' }, cursor })!.cursor).toBeNull();
  });

  it('gives every field a position must have, as other clients may leave empty ones out', () => {
    const sparse = { tname: 'content', assoc: 0 };
    const whole = { type: null, tname: 'content', item: null, assoc: 0 };
    expect(cleanState({ user: { id: 'u' }, cursor: { anchor: sparse, head: whole } })!.cursor).toEqual({ anchor: whole, head: whole });
    const inText = { type: null, tname: 'content', item: { client: 1, clock: 2 }, assoc: -1 };
    expect(cleanState({ user: { id: 'u' }, cursor: { anchor: inText, head: inText } })!.cursor).toEqual({ anchor: inText, head: inText });
  });
});

describe('Presence', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const pair = () => {
    const sent: Uint8Array[] = [];
    const mine = new Presence(new Y.Doc(), (update) => sent.push(update));
    const theirs = new Presence(new Y.Doc(), () => {});
    return { mine, theirs, sent };
  };

  it('sends at most one update per interval, the last one always', () => {
    const { mine, theirs, sent } = pair();
    mine.introduce({ id: 'u1', name: 'Ada' });
    for (let i = 0; i < 20; i++) mine.awareness.setLocalStateField('tick', i);
    vi.advanceTimersByTime(50);
    expect(sent.length).toBeLessThanOrEqual(3);
    for (const update of sent) theirs.receive(update);
    expect(theirs.awareness.getStates().get(mine.awareness.clientID)).toMatchObject({ user: { name: 'Ada' } });
    mine.destroy();
    theirs.destroy();
  });

  it('shows others again after a reconnect even if they have not moved', () => {
    const { mine, theirs, sent } = pair();
    mine.introduce({ id: 'u1', name: 'Ada' });
    const last = sent.at(-1)!;
    theirs.receive(last);
    theirs.forgetOthers();
    expect(theirs.awareness.getStates().has(mine.awareness.clientID)).toBe(false);
    theirs.receive(last);
    expect(theirs.awareness.getStates().has(mine.awareness.clientID)).toBe(true);
    mine.destroy();
    theirs.destroy();
  });

  it('does not relay what others sent', () => {
    const { mine, theirs, sent } = pair();
    theirs.introduce({ id: 'u2', name: 'Bob' });
    let update: Uint8Array | undefined;
    const relay = new Presence(new Y.Doc(), (bytes) => (update = bytes));
    relay.introduce({ id: 'u3', name: 'Cy' });
    const before = sent.length;
    mine.receive(update!);
    vi.advanceTimersByTime(200);
    expect(sent.length).toBe(before);
    [mine, theirs, relay].forEach((each) => each.destroy());
  });
});
