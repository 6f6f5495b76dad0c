import type { Verdict } from '../wire';

export type VerdictTone = 'good' | 'bad' | 'warn';

const VERDICTS: Record<Verdict, [string, VerdictTone]> = {
  accepted: ['Accepted', 'good'],
  wrong_answer: ['Wrong answer', 'bad'],
  time_limit: ['Time limit', 'bad'],
  memory_limit: ['Memory limit', 'bad'],
  output_limit: ['Output limit', 'bad'],
  process_limit: ['Process limit', 'bad'],
  runtime_error: ['Runtime error', 'bad'],
  compile_error: ['Does not compile', 'bad'],
  stopped: ['Stopped', 'warn'],
  internal_error: ['Could not run', 'warn'],
};

export function verdictOf(verdict: string): { text: string; tone: VerdictTone } {
  const [text, tone] = VERDICTS[verdict as Verdict] ?? [verdict.replaceAll('_', ' '), 'warn'];
  return { text, tone };
}
