import { describe, expect, it } from 'vitest';
import { continues, MessageList } from '../src/chat/messages';
import type { Message } from '../src/wire';

const message = (id: string, minute: number, user = 'u1', content = id): Message => ({
  id, room_id: 'r', user_id: user, user_name: user, content, message_type: 'text', is_edited: false,
  created_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), edited_at: null,
});

describe('MessageList', () => {
  it('is in time order and free of doubles, however messages come', () => {
    const list = new MessageList();
    expect(list.put(message('c', 3))).toBe(true);
    list.putAll([message('a', 1), message('b', 2), message('c', 3)]);
    expect(list.put(message('c', 3))).toBe(false);
    expect(list.all.map((each) => each.id)).toEqual(['a', 'b', 'c']);
  });

  it('leaves a mark where a message was deleted', () => {
    const list = new MessageList();
    list.put(message('a', 1));
    expect(list.markDeleted('a')).toBe(true);
    expect(list.all[0]).toMatchObject({ message_type: 'system', content: '[Message deleted]' });
    expect(list.markDeleted('unknown')).toBe(false);
  });

  it('forgets the oldest beyond a limit', () => {
    const list = new MessageList();
    list.putAll([message('c', 3), message('a', 1), message('b', 2)]);
    expect(list.trim(2)).toBe(true);
    expect(list.all.map((each) => each.id)).toEqual(['b', 'c']);
    expect(list.trim(2)).toBe(false);
  });
});

describe('continues', () => {
  it('joins what one person says within minutes', () => {
    expect(continues(message('a', 1), message('b', 2))).toBe(true);
    expect(continues(message('a', 1), message('b', 9))).toBe(false);
    expect(continues(message('a', 1), message('b', 2, 'u2'))).toBe(false);
    expect(continues(undefined, message('b', 2))).toBe(false);
    expect(continues({ ...message('a', 1), message_type: 'system' }, message('b', 2))).toBe(false);
  });
});
