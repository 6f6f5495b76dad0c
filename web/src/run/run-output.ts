// What one run printed, as it streams in. Bounded: a program that prints without end must not end the tab.

import type { Execution, OutputStream } from '../wire';

export interface Piece {
  /** What was typed into the program is shown among what it printed. */
  stream: OutputStream | 'stdin';
  text: string;
}

/** Kept per run; the oldest goes first. The server's own limit is of the same size. */
export const MAX_KEPT = 200_000;
/** Pieces are joined up to this size, so that few nodes hold much text and dropping is still fine-grained. */
const PIECE_SIZE = 8_192;

export class RunOutput {
  readonly pieces: Piece[] = [];
  /** Characters no longer kept. */
  dropped = 0;
  #kept = 0;
  #lastSeq = -1;
  #gap = false;
  #finished = false;
  /** The next chunk follows what was restored, whatever its number. */
  #resumed = false;
  #streamed: Record<OutputStream, number> = { stdout: 0, stderr: 0, compile: 0 };

  constructor(private readonly limit = MAX_KEPT) {}

  append(stream: OutputStream, chunk: string, seq: number): void {
    // The record has everything: what comes after it would be shown twice.
    if (this.#finished || seq <= this.#lastSeq) return;
    // The first chunk is number 0 or 1.
    if (!this.#resumed && seq > this.#lastSeq + (this.#lastSeq < 0 ? 2 : 1)) this.#gap = true;
    this.#resumed = false;
    this.#lastSeq = seq;
    this.#streamed[stream] += chunk.length;
    this.#add(stream, chunk);
  }

  /** What the program printed before this client came (or came back): replaces what is here. */
  restore(output: { stream: OutputStream; data: string }[], seq?: number): void {
    if (this.#finished) return;
    this.#clear();
    this.#streamed = { stdout: 0, stderr: 0, compile: 0 };
    this.#lastSeq = seq ?? -1;
    this.#gap = false;
    this.#resumed = seq === undefined;
    for (const { stream, data } of output) {
      this.#streamed[stream] += data.length;
      this.#add(stream, data);
    }
  }

  /** What somebody typed into the program. */
  echo(text: string): void {
    if (!this.#finished) this.#add('stdin', text);
  }

  /** The record of the finished run is complete: it replaces what was streamed if any of that was missed. */
  finish(execution: Pick<Execution, 'output' | 'error_output' | 'compile_output' | 'status'>): void {
    const whole: [OutputStream, string][] = [
      ['compile', execution.compile_output ?? ''],
      ['stdout', execution.output ?? ''],
      ['stderr', execution.error_output ?? ''],
    ];
    this.#finished = execution.status !== 'pending' && execution.status !== 'running';
    if (!this.#gap && whole.every(([stream, text]) => text.length <= this.#streamed[stream])) return;
    this.#clear();
    for (const [stream, text] of whole) this.#add(stream, text);
  }

  #clear(): void {
    this.pieces.length = 0;
    this.dropped = 0;
    this.#kept = 0;
  }

  #add(stream: Piece['stream'], text: string): void {
    if (text === '') return;
    const clean = plain(text);
    for (let from = 0; from < clean.length; from += PIECE_SIZE) {
      const part = clean.slice(from, from + PIECE_SIZE);
      const last = this.pieces.at(-1);
      if (last && last.stream === stream && last.text.length + part.length <= PIECE_SIZE) last.text += part;
      else this.pieces.push({ stream, text: part });
      this.#kept += part.length;
    }
    while (this.#kept > this.limit && this.pieces.length > 1) {
      const { text: gone } = this.pieces.shift()!;
      this.#kept -= gone.length;
      this.dropped += gone.length;
    }
  }
}

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Without terminal control sequences, which would show as noise; a carriage return starts a new line. */
export function plain(text: string): string {
  return text.replace(ESCAPES, '').replace(/\r\n?/g, '\n').replace(/\u0000/g, '\u2400');
}

export interface RunSummary {
  tone: 'running' | 'good' | 'bad';
  text: string;
  facts: string[];
}

export function summary(execution: Execution): RunSummary {
  const facts: string[] = [];
  if (execution.exit_code !== null && execution.exit_code !== undefined) facts.push(`exit code ${execution.exit_code}`);
  if (typeof execution.execution_time === 'number') facts.push(`${seconds(execution.execution_time)}`);
  if (typeof execution.memory_usage === 'number' && execution.memory_usage > 0) facts.push(memory(execution.memory_usage));
  if (execution.status === 'pending') return { tone: 'running', text: 'Queued', facts };
  if (execution.status === 'running') return { tone: 'running', text: 'Running…', facts };
  const good = execution.status === 'completed' && (execution.exit_code ?? 0) === 0;
  return { tone: good ? 'good' : 'bad', text: good ? 'Finished' : (VERDICTS[execution.verdict ?? ''] ?? 'Failed'), facts };
}

const VERDICTS: Record<string, string> = {
  compile_error: 'Does not compile',
  time_limit: 'Stopped: took too long',
  memory_limit: 'Stopped: too much memory',
  output_limit: 'Stopped: too much output',
  process_limit: 'Stopped: too many processes',
  stopped: 'Stopped',
  interrupted: 'Ended by a restart of the server',
  sandbox_unavailable: 'Could not run',
  internal_error: 'Could not run',
};

export function seconds(value: number): string {
  return value < 0.1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;
}

export function memory(kilobytes: number): string {
  return kilobytes < 1024 ? `${Math.round(kilobytes)} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
}
