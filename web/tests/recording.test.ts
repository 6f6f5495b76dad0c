import { describe, expect, test } from 'vitest';
import { activity, MAX_PAUSE_MS, readRecording, Recording, RecordingError } from '../src/history/recording';

const header = { room_id: 'r', language: 'python', started_at: '2030-01-01T12:00:00Z', base_version: 1, base_content: 'one\ntwo', users: [{ id: 'a', name: 'Ada' }, { id: 'b', name: 'Bob' }], truncated: false };

function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((seed ^ (seed >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** The text the slow way: edits hold indices in the text before them, ascending. */
function applySlowly(text: string, edits: [number, number, string][]): string {
  for (const [index, deleted, inserted] of [...edits].reverse()) text = text.slice(0, index) + inserted + text.slice(index + deleted);
  return text;
}

/** A random session and the text after each event. */
function session(seed: number, count: number): { lines: unknown[]; texts: string[] } {
  const random = seeded(seed);
  const number = (below: number): number => Math.floor(random() * below);
  const lines: unknown[] = [];
  let text = header.base_content;
  const texts = [text];
  let t = 0;
  for (let i = 0; i < count; i++) {
    t += number(3000);
    const kind = number(12);
    if (kind === 0) lines.push([t, 'c', number(2), `m${i}`, 'hello']);
    else if (kind === 1) lines.push([t, 'r', `x${i}`, number(2), 'python', 'completed', '42\n']);
    else {
      const first = number(text.length + 1);
      const edits: [number, number, string][] = [[first, number(Math.min(4, text.length - first) + 1), ['', 'a', 'xyz\n', '\r\n', '😀'][number(5)]!]];
      const second = first + edits[0]![1] + 1;
      if (second <= text.length && number(3) === 0) edits.push([second, number(Math.min(3, text.length - second) + 1), 'Q']);
      lines.push([t, 'e', i + 2, number(2), edits]);
      text = applySlowly(text, edits);
    }
    texts.push(text);
  }
  return { lines, texts };
}

describe('a recording', () => {
  test.each([1, 7, 42, 1234])('any moment of a random session is what it was (seed %i)', (seed) => {
    const { lines, texts } = session(seed, 900);
    const recording = new Recording(header, { keyEvery: 16, keyframes: 12 });
    for (const line of lines) recording.add(line);
    const random = seeded(seed + 1);
    for (let i = 0; i < 120; i++) {
      const at = Math.floor(random() * texts.length);
      expect(recording.textAfter(at).toString()).toBe(texts[at]);
    }
    expect(recording.textAfter(texts.length - 1).toString()).toBe(texts.at(-1));
    expect(recording.keyframes).toBeLessThanOrEqual(12);
  });

  test('nobody watches a pause', () => {
    const recording = new Recording(header);
    recording.add([0, 'e', 2, 0, [[0, 0, 'x']]]);
    recording.add([86_400_000, 'e', 3, 0, [[0, 0, 'y']]]);
    recording.add([86_400_500, 'e', 4, 0, [[0, 0, 'z']]]);
    expect(recording.duration).toBe(MAX_PAUSE_MS + 500);
    expect(recording.countAt(0)).toBe(1);
    expect(recording.countAt(MAX_PAUSE_MS - 1)).toBe(1);
    expect(recording.countAt(MAX_PAUSE_MS)).toBe(2);
    expect(recording.countAt(1e12)).toBe(3);
  });

  test('what is too much is cut, and it says so', () => {
    const recording = new Recording(header, { events: 3 });
    expect(recording.add([0, 'c', 0, 'm', 'a'])).toBe(true);
    expect(recording.add([1, 'c', 0, 'm', 'b'])).toBe(true);
    expect(recording.add([2, 'c', 0, 'm', 'c'])).toBe(false);
    expect(recording.add([3, 'c', 0, 'm', 'd'])).toBe(false);
    expect(recording.cut).toBe(true);
    expect(recording.events).toHaveLength(3);
    const long = new Recording(header, { characters: 10 });
    expect(long.add([0, 'e', 2, 0, [[0, 0, 'x'.repeat(11)]]])).toBe(false);
    expect(long.textAfter(long.events.length).toString()).toBe(header.base_content);
  });

  test('kinds of events that come later are passed over', () => {
    const recording = new Recording(header);
    expect(recording.add([5, 'whiteboard', 1])).toBe(true);
    expect(recording.events).toHaveLength(0);
  });

  test.each([[null], ['x'], [{}], [['x', 'e']], [[1, 'e', 2, 0, [[-1, 0, 'x']]]], [[1, 'e', 2, 0, [[999, 5, '']]]]])('damage is an error: %j', (line) => {
    expect(() => new Recording(header).add(line)).toThrow(RecordingError);
  });

  test('is read from a stream, whatever the pieces', async () => {
    const { lines, texts } = session(5, 60);
    const bytes = new TextEncoder().encode([header, ...lines].map((line) => JSON.stringify(line)).join('\n'));
    for (const size of [1, 7, 4096, bytes.length]) {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size));
          controller.close();
        },
      });
      let told = 0;
      const recording = await readRecording(stream, () => told++);
      expect(told).toBeGreaterThan(0);
      expect(recording.textAfter(recording.events.length).toString()).toBe(texts.at(-1));
    }
  });

  test('an empty stream and one that is not a recording are errors', async () => {
    const of = (text: string): ReadableStream<Uint8Array> => new Response(text).body!;
    await expect(readRecording(of(''), () => {})).rejects.toThrow('empty');
    await expect(readRecording(of('<html>'), () => {})).rejects.toThrow(RecordingError);
    await expect(readRecording(of('{"error":"x"}'), () => {})).rejects.toThrow(RecordingError);
  });

  test('the bar shows when was how much, and by whom', () => {
    const recording = new Recording(header);
    recording.add([0, 'e', 2, 0, [[0, 0, 'xx']]]);
    recording.add([1000, 'e', 3, 1, [[0, 2, 'yyyy']]]);
    recording.add([1000, 'c', 0, 'm', 'hi']);
    const bins = activity(recording, 4);
    expect(bins.map((bin) => bin.amount)).toEqual([2, 0, 0, 6]);
    expect(bins.map((bin) => bin.user)).toEqual([0, -1, -1, 1]);
  });
});
