// The platforms' numbers, put in order for the charts, and the state of each platform in words.

import { ago } from '../ui/time';
import type { LeetcodeStats, Platform, PlatformStatus, Profile } from '../wire';

export const PLATFORMS: { id: Platform; label: string; page: (handle: string) => string; hint: string }[] = [
  { id: 'github', label: 'GitHub', page: (handle) => `https://github.com/${encodeURIComponent(handle)}`, hint: 'Your GitHub user name' },
  { id: 'leetcode', label: 'LeetCode', page: (handle) => `https://leetcode.com/u/${encodeURIComponent(handle)}/`, hint: 'The id in your LeetCode address' },
  { id: 'codeforces', label: 'Codeforces', page: (handle) => `https://codeforces.com/profile/${encodeURIComponent(handle)}`, hint: 'Your Codeforces handle' },
];

export interface Share {
  label: string;
  value: number;
}

/** The largest first; what is beyond `most` becomes "Other". */
export function topShares(counts: Record<string, number> | null | undefined, most: number): Share[] {
  const all = Object.entries(counts ?? {}).filter(([, value]) => Number.isFinite(value) && value > 0)
    .map(([label, value]) => ({ label, value })).sort((a, b) => b.value - a.value || a.label.localeCompare(b.label));
  if (all.length <= most) return all;
  const rest = all.slice(most - 1).reduce((sum, each) => sum + each.value, 0);
  return [...all.slice(0, most - 1), { label: 'Other', value: rest }];
}

export interface Difficulty {
  name: string;
  accepted: number;
  tried: number;
}

const DIFFICULTIES = ['Easy', 'Medium', 'Hard'];

/** Easy, medium, hard: accepted, and tried at all. */
export function difficulties(stats: Pick<LeetcodeStats, 'accepted_submissions' | 'total_submissions'>): Difficulty[] {
  const find = (counts: Record<string, number> | undefined, name: string): number => {
    const key = Object.keys(counts ?? {}).find((each) => each.toLowerCase() === name.toLowerCase());
    return key ? Number(counts![key]) || 0 : 0;
  };
  return DIFFICULTIES.map((name) => {
    const accepted = find(stats.accepted_submissions, name);
    return { name, accepted, tried: Math.max(accepted, find(stats.total_submissions, name)) };
  });
}

/** Codeforces' titles begin at these ratings. */
export const RANKS: { from: number; name: string; color: string }[] = [
  { from: 0, name: 'newbie', color: '#8c8c8c' },
  { from: 1200, name: 'pupil', color: '#3f9d4a' },
  { from: 1400, name: 'specialist', color: '#1f9e94' },
  { from: 1600, name: 'expert', color: '#4b63d6' },
  { from: 1900, name: 'candidate master', color: '#a34bc4' },
  { from: 2100, name: 'master', color: '#d98a1e' },
  { from: 2400, name: 'grandmaster', color: '#d64545' },
];

export function rankOf(rating: number): { name: string; color: string } {
  return RANKS.findLast((rank) => rating >= rank.from) ?? RANKS[0]!;
}

export interface StatusText {
  tone: 'good' | 'warn' | 'bad' | 'none';
  text: string;
  detail: string;
}

/** How fresh a platform's numbers are, and what is the matter if they are not. */
export function statusText(status: PlatformStatus | null | undefined, handle: string | null | undefined, hasStats: boolean, now = Date.now()): StatusText {
  if (!handle) return { tone: 'none', text: 'Not connected', detail: '' };
  const age = status?.fetched_at ? ago(status.fetched_at, now) : '';
  const asOf = age ? `From ${age}` : '';
  switch (status?.state) {
    case 'fresh': return { tone: 'good', text: age ? `Updated ${age}` : 'Up to date', detail: '' };
    case 'stale': return { tone: 'warn', text: asOf || 'Not up to date', detail: status.error ? `The last try failed: ${status.error}` : 'New numbers are on their way.' };
    case 'unknown_handle': return { tone: 'bad', text: 'No such user', detail: `There is nobody called “${handle}”. Check the spelling.` };
    case 'unavailable': return { tone: 'bad', text: 'Not reachable', detail: [status.error, hasStats && asOf ? `The numbers are ${asOf.toLowerCase()}.` : ''].filter(Boolean).join(' ') };
    case 'never': return { tone: 'none', text: 'Not fetched yet', detail: 'The numbers come in a moment.' };
    default: return { tone: 'none', text: hasStats ? asOf : 'Not fetched yet', detail: '' };
  }
}

/** Whether numbers may arrive soon without anybody asking for them. */
export function expectsNews(profile: Pick<Profile, 'stats_status'>): boolean {
  return Object.values(profile.stats_status ?? {}).some((status) => status?.state === 'never' || (status?.state === 'stale' && !status.error));
}
