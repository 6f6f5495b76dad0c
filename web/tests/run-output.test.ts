import { describe, expect, it } from 'vitest';
import { plain, RunOutput, summary } from '../src/run/run-output';
import type { Execution } from '../src/wire';

const record = (output: string, error = '', compile = '') => ({ output, error_output: error, compile_output: compile, status: 'completed' as const });
const shown = (output: RunOutput) => output.pieces.map((piece) => `${piece.stream}:${piece.text}`);

describe('RunOutput', () => {
  it('keeps the streams apart and in order', () => {
    const output = new RunOutput();
    output.append('stdout', 'a', 0);
    output.append('stdout', 'b', 1);
    output.append('stderr', 'oops', 2);
    output.append('stdout', 'c', 3);
    output.finish(record('abc', 'oops'));
    expect(shown(output)).toEqual(['stdout:ab', 'stderr:oops', 'stdout:c']);
  });

  it('ignores a chunk that comes twice', () => {
    const output = new RunOutput();
    output.append('stdout', 'a', 1);
    output.append('stdout', 'a', 1);
    expect(shown(output)).toEqual(['stdout:a']);
  });

  it('is replaced by the record when chunks were missed in the middle, at the start or at the end', () => {
    for (const seqs of [[0, 2], [5, 6], [0]]) {
      const output = new RunOutput();
      for (const seq of seqs) output.append('stdout', 'x', seq);
      output.finish(record('xyz', 'err'));
      expect(shown(output)).toEqual(['stdout:xyz', 'stderr:err']);
    }
  });

  it('goes on from what was printed before this client came', () => {
    const output = new RunOutput();
    output.restore([{ stream: 'stdout', data: 'so far\n' }, { stream: 'stderr', data: 'hm' }]);
    output.append('stdout', 'and on', 41);
    output.append('stdout', 'and on', 41);
    expect(shown(output)).toEqual(['stdout:so far\n', 'stderr:hm', 'stdout:and on']);
    output.finish(record('so far\nand on', 'hm'));
    expect(shown(output)).toEqual(['stdout:so far\n', 'stderr:hm', 'stdout:and on']);
  });

  it('notices what was missed after coming back', () => {
    const output = new RunOutput();
    output.restore([{ stream: 'stdout', data: 'a' }]);
    output.append('stdout', 'b', 3);
    output.append('stdout', 'd', 5);
    output.finish(record('abcd'));
    expect(shown(output)).toEqual(['stdout:abcd']);
  });

  it('shows what was typed among what was printed, and does not count it as printed', () => {
    const output = new RunOutput();
    output.append('stdout', 'name? ', 0);
    output.echo('Ada\n');
    output.append('stdout', 'hi Ada', 1);
    output.finish(record('name? hi Ada'));
    expect(shown(output)).toEqual(['stdout:name? ', 'stdin:Ada\n', 'stdout:hi Ada']);
  });

  it('ignores chunks that come after the record', () => {
    const output = new RunOutput();
    output.append('stdout', 'x', 0);
    output.finish(record('xyz'));
    output.append('stdout', 'yz', 1);
    expect(shown(output)).toEqual(['stdout:xyz']);
  });

  it('shows the record when nothing was streamed', () => {
    const output = new RunOutput();
    output.finish(record('out', '', 'warning'));
    expect(shown(output)).toEqual(['compile:warning', 'stdout:out']);
  });

  it('is bounded, and says how much is gone', () => {
    const output = new RunOutput(20_000);
    for (let seq = 0; seq < 100; seq++) output.append('stdout', 'x'.repeat(1000), seq);
    const kept = output.pieces.reduce((sum, piece) => sum + piece.text.length, 0);
    expect(kept).toBeLessThanOrEqual(20_000);
    expect(kept + output.dropped).toBe(100_000);
  });
});

describe('plain', () => {
  it('drops terminal control sequences and keeps the text', () => {
    expect(plain('\u001b[31mred\u001b[0m\r\nnext\u001b]0;title\u0007!')).toBe('red\nnext!');
  });
});

describe('summary', () => {
  const done: Execution = {
    id: 'x', user_id: 'u', user_name: 'Ada', language: 'python', output: '', error_output: '', compile_output: '',
    exit_code: 0, execution_time: 0.0421, memory_usage: 9_300, status: 'completed', created_at: '', completed_at: '',
  };
  it('tells success, failure and the facts', () => {
    expect(summary(done)).toEqual({ tone: 'good', text: 'Finished', facts: ['exit code 0', '42 ms', '9.1 MB'] });
    expect(summary({ ...done, exit_code: 1 }).tone).toBe('bad');
    expect(summary({ ...done, status: 'failed', exit_code: null, memory_usage: null })).toMatchObject({ tone: 'bad', text: 'Failed', facts: ['42 ms'] });
    expect(summary({ ...done, status: 'failed', exit_code: null, verdict: 'time_limit' }).text).toBe('Stopped: took too long');
    expect(summary({ ...done, status: 'running' }).tone).toBe('running');
  });
});
