// The terminals of a room as far as this page knows them: who started them, their size, and what they printed (the end of
// it, bounded, for switching between them and for coming late).

import type { ServerEvents, TerminalSession, WhatRuns } from '../wire';

/** Kept per terminal, in characters: about what its scroll-back shows. */
export const MAX_LOG = 200_000;
const MAX_ENDED = 3;

export interface TerminalLog {
  id: string;
  userId: string;
  who: string;
  language: string;
  columns: number;
  rows: number;
  /** Pieces of output, oldest first. */
  output: string[];
  length: number;
  lastSeq: number;
  /** Null while it runs. */
  ended: string | null;
}

export class TerminalLogs {
  readonly all = new Map<string, TerminalLog>();

  get running(): TerminalLog[] {
    return [...this.all.values()].filter((each) => each.ended === null);
  }

  started(session: TerminalSession): TerminalLog {
    const known = this.all.get(session.session_id);
    const log: TerminalLog = known ?? {
      id: session.session_id, userId: '', who: '', language: '', columns: 80, rows: 24, output: [], length: 0, lastSeq: -1, ended: null,
    };
    Object.assign(log, {
      userId: session.user_id, who: session.user_name, language: session.language,
      columns: size(session.columns, 80), rows: size(session.rows, 24), ended: null,
    });
    if (session.output !== undefined) {
      log.output = [];
      log.length = 0;
      log.lastSeq = session.seq ?? -1;
      this.#add(log, session.output);
    }
    this.all.set(log.id, log);
    const over = [...this.all.values()].filter((each) => each.ended !== null);
    for (const old of over.slice(0, Math.max(0, over.length - MAX_ENDED))) this.all.delete(old.id);
    return log;
  }

  /** Answers the terminal when the output is new. */
  printed({ session_id, seq, data }: ServerEvents['session_output']): TerminalLog | null {
    const log = this.all.get(session_id);
    if (!log || log.ended !== null || (typeof seq === 'number' && seq <= log.lastSeq)) return null;
    if (typeof seq === 'number') log.lastSeq = seq;
    this.#add(log, data);
    return log;
  }

  resized({ session_id, columns, rows }: ServerEvents['session_resized']): TerminalLog | null {
    const log = this.all.get(session_id);
    if (!log) return null;
    log.columns = size(columns, log.columns);
    log.rows = size(rows, log.rows);
    return log;
  }

  ended({ session_id, exit_code, reason, message }: ServerEvents['session_ended']): TerminalLog | null {
    const log = this.all.get(session_id);
    if (!log) return null;
    log.ended = endText(reason, exit_code, message);
    return log;
  }

  /** What the server says is running now; what it doesn't name has ended while nobody listened here. */
  going(sessions: NonNullable<WhatRuns['sessions']>): void {
    const named = new Set(sessions.map((each) => each.session_id));
    for (const log of this.running) if (!named.has(log.id)) log.ended = 'Ended';
    for (const session of sessions) this.started({ ...session, output: session.output ?? '' });
  }

  #add(log: TerminalLog, text: string): void {
    if (text === '') return;
    log.output.push(text);
    log.length += text.length;
    while (log.length > MAX_LOG && log.output.length > 1) log.length -= log.output.shift()!.length;
    if (log.length > MAX_LOG) {
      const rest = log.output[0]!.slice(-MAX_LOG);
      // Begin with a whole line, not in the middle of a control sequence.
      log.output = [rest.slice(rest.indexOf('\n') + 1)];
      log.length = log.output[0]!.length;
    }
  }
}

const REASONS: Record<string, string> = {
  stopped: 'Stopped',
  time_limit: 'Stopped: took too long',
  memory_limit: 'Stopped: too much memory',
  output_limit: 'Stopped: too much output',
  process_limit: 'Stopped: too many processes',
  idle: 'Stopped: nobody typed for long',
  left: 'Stopped: who started it has left',
  room_empty: 'Stopped: everybody left',
  room_deleted: 'Stopped: the room was deleted',
  server_stopped: 'Stopped: the server restarted',
  failed: 'Could not run',
  sandbox_unavailable: 'Could not run',
  internal_error: 'Could not run',
  compile_error: 'Does not compile',
};

export function endText(reason: string | null | undefined, exitCode: number | null | undefined, message?: string | null): string {
  const known = reason ? REASONS[reason] : undefined;
  if (known) return message && (reason === 'failed' || reason === 'sandbox_unavailable') ? `${known}: ${message}` : known;
  return typeof exitCode === 'number' ? `Ended with exit code ${exitCode}` : 'Ended';
}

function size(value: unknown, otherwise: number): number {
  return Number.isInteger(value) && (value as number) >= 2 && (value as number) <= 500 ? (value as number) : otherwise;
}
