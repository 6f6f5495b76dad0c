import { beforeEach, describe, expect, test } from 'vitest';
import { CasesRuns } from '../src/cases/cases-run';
import { verdictOf } from '../src/cases/verdicts';
import type { CaseResult } from '../src/wire';

const result = (run: string, id: string, verdict: CaseResult['verdict'] = 'accepted'): CaseResult =>
  ({ run_id: run, case_id: id, name: id, position: 1, verdict, execution_time: 0.1, memory_usage: 100 });

describe('a run of the cases', () => {
  let runs: CasesRuns;
  beforeEach(() => { runs = new CasesRuns(); });

  test('goes from start to verdict', () => {
    runs.started({ run_id: 'r1', user_id: 'u', language: 'python', total: 2 });
    expect(runs.going).toBe(true);
    runs.completed(result('r1', 'a'));
    runs.completed(result('r1', 'b', 'wrong_answer'));
    expect(runs.current).toMatchObject({ passed: 1, total: 2, verdict: null });
    runs.ended({ run_id: 'r1', user_id: 'u', language: 'python', verdict: 'wrong_answer', passed: 1, total: 2 });
    expect(runs.going).toBe(false);
    expect(runs.current!.verdict).toBe('wrong_answer');
  });

  test('a case reported twice counts once', () => {
    runs.started({ run_id: 'r1', user_id: 'u', language: 'c', total: 2 });
    runs.completed(result('r1', 'a'));
    runs.completed(result('r1', 'a'));
    expect(runs.current!.passed).toBe(1);
  });

  test('coming in the middle shows the rest', () => {
    expect(runs.completed(result('r1', 'b'))).toBe(true);
    runs.ended({ run_id: 'r1', user_id: 'u', language: 'c', verdict: 'accepted', passed: 5, total: 5 });
    expect(runs.current).toMatchObject({ userId: '', passed: 5, total: 5, verdict: 'accepted' });
  });

  test('late events of an older run change nothing', () => {
    runs.started({ run_id: 'r1', user_id: 'u', language: 'c', total: 1 });
    runs.started({ run_id: 'r2', user_id: 'u', language: 'c', total: 1 });
    expect(runs.completed(result('r1', 'a'))).toBe(false);
    expect(runs.ended({ run_id: 'r1', user_id: 'u', language: 'c', verdict: 'stopped', passed: 0, total: 1 })).toBe(false);
    expect(runs.current!.id).toBe('r2');
    expect(runs.going).toBe(true);
  });

  test('a run that went on when the connection was lost is not shown as going on', () => {
    runs.started({ run_id: 'r1', user_id: 'u', language: 'c', total: 3 });
    runs.lost();
    expect(runs.current).toBeNull();
  });

  test('the record of the last run is shown to who comes later, and never replaces something newer', () => {
    const record = { id: 'r1', user_id: 'u', user_name: 'Ada', language: 'c', status: 'completed', verdict: 'wrong_answer' as const, passed: 1, total: 2, results: [result('r1', 'a'), result('r1', 'b', 'wrong_answer')] };
    expect(runs.restore(record)).toBe(true);
    expect(runs.current).toMatchObject({ verdict: 'wrong_answer', passed: 1, total: 2 });
    expect(runs.current!.results.size).toBe(2);
    runs.started({ run_id: 'r2', user_id: 'u', language: 'c', total: 2 });
    expect(runs.restore(record)).toBe(false);
    expect(runs.current!.id).toBe('r2');
  });

  test('coming back in the middle of a run puts what was heard and what is recorded together', () => {
    runs.started({ run_id: 'r1', user_id: 'u', language: 'c', total: 3 });
    runs.lost();
    runs.completed(result('r1', 'c'));
    expect(runs.restore({ id: 'r1', user_id: 'u', user_name: 'Ada', language: 'c', status: 'running', verdict: null, passed: 0, total: 3, results: [result('r1', 'a')] })).toBe(true);
    expect(runs.going).toBe(true);
    expect(runs.current).toMatchObject({ userId: 'u', passed: 2, total: 3 });
  });

  test('a verdict this client does not know is shown in its own words', () => {
    expect(verdictOf('presentation_error')).toEqual({ text: 'presentation error', tone: 'warn' });
    expect(verdictOf('accepted').tone).toBe('good');
  });
});
