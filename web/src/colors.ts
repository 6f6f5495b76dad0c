/** A person's colour is the same for everyone and in every place: chosen by the user id. All are readable under white text. */
const PALETTE = [
  '#b4237a', '#7c3aed', '#2563eb', '#0e7490', '#0f766e', '#15803d',
  '#4d7c0f', '#a16207', '#c2410c', '#be123c', '#6d28d9', '#1d4ed8',
  '#9d174d', '#0369a1', '#047857', '#854d0e',
] as const;

export function colorOf(userId: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  return PALETTE[(hash >>> 0) % PALETTE.length]!;
}

export function isColor(value: unknown): value is string {
  return typeof value === 'string' && /^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(value);
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...words.at(-1)!][0] ?? '') : '';
  return (first + last).toUpperCase();
}
