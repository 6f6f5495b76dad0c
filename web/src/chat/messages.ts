// The conversation as a list: unique by id, in time order, whatever order pages and live messages arrive in.

import type { Message } from '../wire';

export class MessageList {
  readonly #byId = new Map<string, Message>();

  get all(): Message[] {
    return [...this.#byId.values()].sort((a, b) => order(a, b));
  }

  get size(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Message | undefined {
    return this.#byId.get(id);
  }

  /** True when the message was not known. */
  put(message: Message): boolean {
    const fresh = !this.#byId.has(message.id);
    this.#byId.set(message.id, message);
    return fresh;
  }

  putAll(messages: Message[]): void {
    for (const message of messages) this.put(message);
  }

  /** A deletion leaves its place in the conversation visible. */
  markDeleted(id: string): boolean {
    const message = this.#byId.get(id);
    if (!message) return false;
    this.#byId.set(id, { ...message, content: '[Message deleted]', message_type: 'system' });
    return true;
  }

  /** Forgets the oldest beyond `limit`; they can be loaded again. True when some were. */
  trim(limit: number): boolean {
    if (this.#byId.size <= limit) return false;
    for (const message of this.all.slice(0, this.#byId.size - limit)) this.#byId.delete(message.id);
    return true;
  }
}

function order(a: Message, b: Message): number {
  return Date.parse(a.created_at) - Date.parse(b.created_at) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

const GROUP_MS = 5 * 60_000;

/** Whether a message continues what the same person said just before, so that the name needn't be repeated. */
export function continues(previous: Message | undefined, message: Message): boolean {
  return (
    previous !== undefined &&
    previous.user_id === message.user_id &&
    previous.message_type !== 'system' &&
    message.message_type !== 'system' &&
    Date.parse(message.created_at) - Date.parse(previous.created_at) < GROUP_MS
  );
}
