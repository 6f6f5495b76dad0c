import { describe, expect, test } from 'vitest';
import { endText, MAX_LOG, TerminalLogs } from '../src/terminal/terminal-log';

const session = (id: string, more = {}) => ({ session_id: id, user_id: 'u', user_name: 'Ada', language: 'python', columns: 80, rows: 24, ...more });

describe('terminals of a room', () => {
  test('output comes once and in order', () => {
    const logs = new TerminalLogs();
    const log = logs.started(session('s'));
    logs.printed({ session_id: 's', seq: 1, data: 'a' });
    logs.printed({ session_id: 's', seq: 2, data: 'b' });
    expect(logs.printed({ session_id: 's', seq: 2, data: 'b' })).toBeNull();
    expect(log.output.join('')).toBe('ab');
  });

  test('coming late: what was printed is there, and what follows is added', () => {
    const logs = new TerminalLogs();
    logs.going([{ ...session('s'), output: '>>> 1+1\r\n2\r\n' }]);
    logs.printed({ session_id: 's', seq: 17, data: '>>> ' });
    expect(logs.all.get('s')!.output.join('')).toBe('>>> 1+1\r\n2\r\n>>> ');
  });

  test('coming back replaces, and what the server does not name has ended', () => {
    const logs = new TerminalLogs();
    logs.started(session('gone'));
    logs.started(session('s'));
    logs.printed({ session_id: 's', seq: 1, data: 'half' });
    logs.going([{ ...session('s'), output: 'half and whole' }]);
    expect(logs.all.get('s')!.output.join('')).toBe('half and whole');
    expect(logs.all.get('gone')!.ended).toBe('Ended');
    expect(logs.running.map((each) => each.id)).toEqual(['s']);
  });

  test('memory is bounded, and what is left begins with a whole line', () => {
    const logs = new TerminalLogs();
    const log = logs.started(session('s'));
    for (let i = 0; i < 50; i++) logs.printed({ session_id: 's', seq: i, data: `${'x'.repeat(9_998)}\r\n` });
    expect(log.length).toBeLessThanOrEqual(MAX_LOG);
    expect(log.length).toBe(log.output.join('').length);
    // A single piece larger than everything: nothing before a line's beginning is kept of it.
    const lines = `line ${'y'.repeat(95)}\n`.repeat(3_000);
    logs.printed({ session_id: 's', seq: 99, data: lines });
    expect(log.output).toHaveLength(1);
    expect(log.output[0]!.startsWith('line y')).toBe(true);
    expect(log.length).toBeLessThanOrEqual(MAX_LOG);
  });

  test('only a few ended ones are kept', () => {
    const logs = new TerminalLogs();
    for (let i = 0; i < 10; i++) {
      logs.started(session(`s${i}`));
      logs.ended({ session_id: `s${i}`, exit_code: 0 });
    }
    expect(logs.all.size).toBeLessThanOrEqual(4);
    expect(logs.all.has('s9')).toBe(true);
  });

  test('sizes that are none are not taken', () => {
    const logs = new TerminalLogs();
    const log = logs.started(session('s', { columns: -3, rows: 1e9 }));
    expect([log.columns, log.rows]).toEqual([80, 24]);
    logs.resized({ session_id: 's', columns: 120, rows: Number.NaN });
    expect([log.columns, log.rows]).toEqual([120, 24]);
  });

  test('how it ended, in words', () => {
    expect(endText('time_limit', null)).toBe('Stopped: took too long');
    expect(endText(null, 3)).toBe('Ended with exit code 3');
    expect(endText('exited', 0)).toBe('Ended with exit code 0');
    expect(endText(undefined, undefined)).toBe('Ended');
  });
});
