// The list of versions is one entry per change that reached the server: many a minute while somebody types. For reading it
// is put together into stretches: one person, one kind, without a long pause.

import type { HistoryVersion } from '../wire';

/** A pause this long begins a new stretch. */
export const PAUSE_MS = 90_000;
/** A stretch is at most this long, so that an hour of typing is not one entry. */
export const STRETCH_MS = 10 * 60_000;

export interface Stretch {
  /** Its newest version: the one that is opened. */
  version: number;
  oldest: number;
  userId: string | null;
  who: string;
  kind: string;
  from: string;
  to: string;
  inserted: number;
  deleted: number;
  count: number;
}

/** Newest first in, newest first out. */
export function stretches(versions: readonly HistoryVersion[]): Stretch[] {
  const found: Stretch[] = [];
  for (const each of versions) {
    const at = Date.parse(each.created_at);
    const last = found.at(-1);
    const single = each.kind === 'template' || each.kind === 'restore';
    if (last && !single && last.kind === kindOf(each.kind) && last.userId === each.user_id
      && Date.parse(last.from) - at < PAUSE_MS && Date.parse(last.to) - at < STRETCH_MS) {
      last.oldest = each.version;
      last.from = each.created_at;
      last.inserted += each.inserted;
      last.deleted += each.deleted;
      last.count++;
    } else {
      found.push({
        version: each.version, oldest: each.version, userId: each.user_id, who: each.user_name ?? '', kind: kindOf(each.kind),
        from: each.created_at, to: each.created_at, inserted: each.inserted, deleted: each.deleted, count: 1,
      });
    }
  }
  return found;
}

/** How the text got there (whole, or as an update) is no business of the reader. */
function kindOf(kind: string): string {
  return kind === 'template' || kind === 'restore' ? kind : 'edit';
}

export interface AuthorRun {
  from: number;
  to: number;
  userId: string | null;
}

/** The server's attribution, put into the bounds of the text, in order, without overlaps; neighbours of one author joined. */
export function authorRuns(attribution: readonly { index: number; length: number; user_id: string | null }[], length: number): AuthorRun[] {
  const runs: AuthorRun[] = [];
  for (const { index, length: size, user_id } of [...attribution].sort((a, b) => a.index - b.index)) {
    const last = runs.at(-1);
    const from = Math.max(index, last?.to ?? 0, 0);
    const to = Math.min(index + size, length);
    if (!(to > from)) continue;
    if (last && last.userId === user_id && last.to === from) last.to = to;
    else runs.push({ from, to, userId: user_id });
  }
  return runs;
}
