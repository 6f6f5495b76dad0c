// What this server can run, asked once and shared by everything that runs code; and why not, in words.

import type { Api } from '../api';
import { Emitter } from '../emitter';
import { languageLabel } from '../languages';
import { MAX_RUN_LENGTH, type Language } from '../wire';

export class Runnable extends Emitter<{ changed: void }> {
  #languages: Language[] = [];

  constructor(private readonly api: Pick<Api, 'languages'>) {
    super();
  }

  /** Asked again every time the room is joined: an operator may have added a language. Failing changes nothing. */
  async refresh(): Promise<void> {
    try {
      this.set(await this.api.languages());
    } catch {
      // What was known before still holds; the server refuses what it can't run.
    }
  }

  set(languages: Language[]): void {
    this.#languages = languages;
    this.emit('changed', undefined);
  }

  find(name: string): Language | undefined {
    return this.#languages.find((each) => each.name === name);
  }

  /** Why the language can't be run here, or null; null also while nothing is known. */
  refusal(name: string): string | null {
    if (this.#languages.length === 0) return null;
    const known = this.find(name);
    if (known && known.available !== false) return null;
    return `${languageLabel(name)} can’t be run on this server${known?.reason ? `: ${known.reason.replace(/\.$/, '')}` : ''}.`;
  }

  /** "Python 3.13.5": the name with the version, if the server tells it. */
  title(name: string): string {
    const version = versionNumber(this.find(name)?.version);
    return version ? `${languageLabel(name)} ${version}` : languageLabel(name);
  }
}

/**
 * Why this code can't be run, or null. Asked when somebody wants to run it: buttons don't show it, since the text changes all the time and
 * nothing tells them.
 */
export function sourceRefusal(source: string): string | null {
  if (!source.trim()) return 'There is no code to run yet.';
  return source.length > MAX_RUN_LENGTH ? `Only up to ${MAX_RUN_LENGTH.toLocaleString()} characters can be run.` : null;
}

/** The number in what a toolchain says about itself: "gcc (Debian 14.2.0-19) 14.2.0" -> "14.2.0". */
export function versionNumber(said: string | null | undefined): string {
  if (!said) return '';
  const plain = said.split('\n', 1)[0]!.replace(/\([^)]*\)/g, ' ');
  return /(?<![\w.])[a-z]{0,2}(\d+(?:\.\d+)*)/i.exec(plain)?.[1] ?? '';
}
