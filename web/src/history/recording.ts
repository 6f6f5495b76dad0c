// Theory of operation
//
// A recorded session, read from the server's stream: the text it begins with, then edits, runs and messages in time order.
// Any moment can be asked for: every so many edits the text is kept (CodeMirror's Text shares what did not change, so
// that is cheap), and from the nearest kept one the edits are applied again. Memory is bounded three ways: events, typed
// characters, and kept texts (when there are too many, every second one goes and the distance doubles). What doesn't fit
// is not shown, and `cut` says so.
//
// Nobody watches a pause: time on the bar runs at most MAX_PAUSE_MS from one event to the next. `at` is the time that really was.

import { ChangeSet, Text, type ChangeSpec } from '@codemirror/state';

export const MAX_PAUSE_MS = 2_000;
const LIMITS = { events: 300_000, characters: 20_000_000, keyframes: 400, keyEvery: 200 };

export interface RecordedUser {
  id: string;
  name: string;
}

export type RecordedEvent =
  | { kind: 'edit'; at: number; play: number; user: number; version: number; edits: [index: number, deleted: number, inserted: string][] }
  | { kind: 'run'; at: number; play: number; user: number; id: string; language: string; status: string; output: string }
  | { kind: 'chat'; at: number; play: number; user: number; id: string; content: string };

export class RecordingError extends Error {}

export class Recording {
  readonly events: RecordedEvent[] = [];
  readonly users: RecordedUser[];
  readonly language: string;
  readonly startedAt: number;
  /** The server left something out at the beginning or the end. */
  readonly truncated: boolean;
  /** More came than is kept here. */
  cut = false;
  readonly #limits: typeof LIMITS;
  /** Texts before event n, ascending. */
  #keyframes: { before: number; text: Text }[];
  #keyEvery: number;
  #sinceKey = 0;
  #characters = 0;
  #tip: Text;

  constructor(header: unknown, limits: Partial<typeof LIMITS> = {}) {
    const head = header as Partial<{ language: string; started_at: string; base_content: string; users: RecordedUser[]; truncated: boolean }> | null;
    if (!head || typeof head !== 'object' || !Array.isArray(head.users)) throw new RecordingError('The recording can’t be read.');
    this.#limits = { ...LIMITS, ...limits };
    this.#keyEvery = this.#limits.keyEvery;
    this.language = String(head.language ?? '');
    this.startedAt = Date.parse(head.started_at ?? '') || 0;
    this.truncated = head.truncated === true;
    this.users = head.users.map((user) => ({ id: String(user?.id ?? ''), name: String(user?.name ?? '') || 'Someone' }));
    this.#tip = textOf(head.base_content ?? '');
    this.#keyframes = [{ before: 0, text: this.#tip }];
  }

  /** Length on the bar, in ms. */
  get duration(): number {
    return this.events.at(-1)?.play ?? 0;
  }

  /** Takes a line of the stream. False when nothing more is taken. */
  add(line: unknown): boolean {
    if (this.cut) return false;
    const event = this.#read(line);
    if (!event) return true;
    if (event.kind === 'edit') {
      for (const [, , inserted] of event.edits) this.#characters += inserted.length;
      if (this.#characters > this.#limits.characters) return !(this.cut = true);
      this.#tip = apply(this.#tip, event.edits);
    }
    this.events.push(event);
    if (event.kind === 'edit' && ++this.#sinceKey >= this.#keyEvery) {
      this.#sinceKey = 0;
      this.#keyframes.push({ before: this.events.length, text: this.#tip });
      if (this.#keyframes.length > this.#limits.keyframes) {
        this.#keyframes = this.#keyframes.filter((_, index) => index % 2 === 0);
        this.#keyEvery *= 2;
      }
    }
    if (this.events.length >= this.#limits.events) this.cut = true;
    return !this.cut;
  }

  /** How many events have happened at a time on the bar. */
  countAt(play: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle]!.play <= play) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The text after the first `count` events. */
  textAfter(count: number): Text {
    let low = 0;
    let high = this.#keyframes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#keyframes[middle]!.before <= count) low = middle;
      else high = middle - 1;
    }
    let { before, text } = this.#keyframes[low]!;
    for (; before < count; before++) {
      const event = this.events[before]!;
      if (event.kind === 'edit') text = apply(text, event.edits);
    }
    return text;
  }

  /** How many texts are kept, for tests. */
  get keyframes(): number {
    return this.#keyframes.length;
  }

  #read(line: unknown): RecordedEvent | null {
    if (!Array.isArray(line) || typeof line[0] !== 'number') throw new RecordingError('The recording can’t be read.');
    const last = this.events.at(-1);
    const at = Math.max(line[0], last?.at ?? 0);
    const play = last ? last.play + Math.min(at - last.at, MAX_PAUSE_MS) : 0;
    switch (line[1]) {
      case 'e': {
        const edits = (line[4] as unknown[] | undefined ?? []).map((edit) => {
          const [index, deleted, inserted] = edit as [number, number, string];
          if (!Number.isInteger(index) || !Number.isInteger(deleted) || index < 0 || deleted < 0) throw new RecordingError('The recording is damaged.');
          return [index, deleted, String(inserted ?? '')] as [number, number, string];
        });
        return { kind: 'edit', at, play, version: Number(line[2]), user: Number(line[3]), edits };
      }
      case 'r': return { kind: 'run', at, play, id: String(line[2]), user: Number(line[3]), language: String(line[4]), status: String(line[5]), output: String(line[6] ?? '') };
      case 'c': return { kind: 'chat', at, play, user: Number(line[2]), id: String(line[3]), content: String(line[4] ?? '') };
      // A kind of event that came later than this client.
      default: return null;
    }
  }
}

/** Lines are only ever split at \n: the recording counts \r as a character. */
export function textOf(content: string): Text {
  return Text.of(content.split('\n'));
}

export function changesOf(edits: [number, number, string][]): ChangeSpec[] {
  return edits.map(([from, deleted, inserted]) => ({ from, to: from + deleted, insert: textOf(inserted) }));
}

function apply(text: Text, edits: [number, number, string][]): Text {
  try {
    return ChangeSet.of(changesOf(edits), text.length, '\n').apply(text);
  } catch {
    throw new RecordingError('The recording is damaged: an edit lies outside the text.');
  }
}

/** Reads a stream of lines into a recording. `onProgress` is called now and then, with the recording once its first line is there. */
export async function readRecording(
  stream: ReadableStream<Uint8Array>,
  onProgress: (recording: Recording) => void,
): Promise<Recording> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let recording: Recording | null = null;
  const take = (line: string): boolean => {
    if (line.trim() === '') return true;
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      throw new RecordingError('The recording can’t be read.');
    }
    if (recording) return recording.add(parsed);
    recording = new Recording(parsed);
    return true;
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : lines.pop()!;
      if (!lines.every(take)) break;
      if (recording) onProgress(recording);
      if (done) break;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
  if (!recording) throw new RecordingError('The recording is empty.');
  return recording;
}

export interface Bin {
  /** Typed and deleted characters. */
  amount: number;
  /** Who did most of it. */
  user: number;
}

/** How much was done when, for the bar. */
export function activity(recording: Recording, count: number): Bin[] {
  const bins = Array.from({ length: count }, () => new Map<number, number>());
  const width = Math.max(recording.duration, 1) / count;
  for (const event of recording.events) {
    if (event.kind !== 'edit') continue;
    const bin = bins[Math.min(count - 1, Math.floor(event.play / width))]!;
    let amount = 0;
    for (const [, deleted, inserted] of event.edits) amount += deleted + inserted.length;
    bin.set(event.user, (bin.get(event.user) ?? 0) + amount);
  }
  return bins.map((bin) => {
    const [user, most] = [...bin].reduce((best, each) => (each[1] > best[1] ? each : best), [-1, 0]);
    return { amount: [...bin.values()].reduce((sum, each) => sum + each, 0), user: most > 0 ? user : -1 };
  });
}
