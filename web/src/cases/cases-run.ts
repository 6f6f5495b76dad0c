// How a run of the room's test cases stands, put together from the events as they come. Everyone sees the same run.

import type { CaseResult, CasesRunRecord, ServerEvents, Verdict } from '../wire';

export interface CasesRun {
  id: string;
  userId: string;
  language: string;
  total: number;
  results: Map<string, CaseResult>;
  /** Null while it goes on. */
  verdict: Verdict | null;
  passed: number;
  compileOutput: string;
}

export class CasesRuns {
  current: CasesRun | null = null;
  /** Runs that were over before the last one began: late events of theirs are ignored. */
  readonly #past = new Set<string>();

  get going(): boolean {
    return this.current !== null && this.current.verdict === null;
  }

  started({ run_id, user_id, language, total }: ServerEvents['cases_started']): void {
    if (this.current?.id === run_id) {
      Object.assign(this.current, { userId: user_id, language, total });
      return;
    }
    if (this.current) this.#past.add(this.current.id);
    this.current = { id: run_id, userId: user_id, language, total, results: new Map(), verdict: null, passed: 0, compileOutput: '' };
  }

  /** True when it changed something. */
  completed(result: CaseResult): boolean {
    if (this.#past.has(result.run_id)) return false;
    // Came in the middle of a run: what is left of it is shown.
    if (this.current?.id !== result.run_id) this.started({ run_id: result.run_id, user_id: '', language: '', total: 0 });
    const run = this.current!;
    run.results.set(result.case_id, result);
    run.total = Math.max(run.total, run.results.size);
    run.passed = [...run.results.values()].filter((each) => each.verdict === 'accepted').length;
    return true;
  }

  ended({ run_id, verdict, passed, total, compile_output, user_id, language }: ServerEvents['cases_completed']): boolean {
    if (this.#past.has(run_id)) return false;
    if (this.current?.id !== run_id) this.started({ run_id, user_id, language, total });
    Object.assign(this.current!, { verdict, passed, total, compileOutput: compile_output ?? '' });
    return true;
  }

  /** What the server remembers of the latest run, unless something newer was heard of. */
  restore(record: CasesRunRecord): boolean {
    if ((this.current && this.current.id !== record.id) || this.#past.has(record.id)) return false;
    const results = new Map([...(this.current?.results ?? []), ...(record.results ?? []).map((each) => [each.case_id, each] as const)]);
    const over = record.verdict !== null && record.status !== 'running' && record.status !== 'pending';
    this.current = {
      id: record.id, userId: record.user_id, language: record.language, total: record.total, results,
      verdict: over ? record.verdict : null, passed: over ? record.passed : [...results.values()].filter((each) => each.verdict === 'accepted').length,
      compileOutput: record.compile_output ?? '',
    };
    return true;
  }

  /** The connection was lost: a run that went on may have ended unheard. */
  lost(): void {
    if (this.going) this.current = null;
  }
}
