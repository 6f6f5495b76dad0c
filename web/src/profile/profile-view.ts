// A person's profile: name, and a card for each platform with its numbers, their age, and what is the matter if they are
// old or missing. The same for oneself, for others, and beside an open room.

import type { Api } from '../api';
import { dialog } from '../ui/dialog';
import { h, icon, replace } from '../ui/dom';
import { failure } from '../ui/found';
import { avatar } from '../ui/person';
import type { CodeforcesStats, GithubStats, LeetcodeStats, Platform, Profile } from '../wire';
import { difficultyRing, ratingLine, ratingScale, shareBar } from './charts';
import { difficulties, PLATFORMS, rankOf, statusText, topShares } from './stats';

const MAX_LANGUAGES = 7;

/** `empty` is said on the card of a platform that isn't connected. */
export function profileCards(profile: Profile, empty: (platform: Platform) => Node | string): HTMLElement {
  return h('div', { class: 'stat-cards', testid: 'stat-cards' }, ...PLATFORMS.map(({ id, label, page }) => {
    const handle = profile[`${id}_username`];
    const stats = profile[`${id}_stats`];
    const status = statusText(profile.stats_status?.[id], handle, stats !== null && stats !== undefined);
    const body = !handle ? h('div', { class: 'stat-empty' }, empty(id))
      : !stats ? h('p', { class: 'stat-empty' }, status.detail || 'No numbers yet.')
      : id === 'github' ? githubBody(stats as GithubStats)
      : id === 'leetcode' ? leetcodeBody(stats as LeetcodeStats)
      : codeforcesBody(stats as CodeforcesStats);
    return h('article', { class: 'stat-card', testid: `card-${id}`, attrs: { 'aria-label': label, 'data-state': profile.stats_status?.[id]?.state } },
      h('header', {}, h('h3', {}, label),
        handle && h('a', { class: 'handle', href: page(handle), target: '_blank', rel: 'noopener noreferrer' }, handle, icon('external'), h('span', { class: 'visually-hidden' }, '(opens in a new tab)')),
        h('span', { class: 'grow' }),
        handle && h('span', { class: `stat-status ${status.tone}`, testid: `status-${id}` }, status.text)),
      handle && stats && status.detail && h('p', { class: `stat-detail ${status.tone}` }, status.detail),
      body);
  }));
}

function numbers(...items: [label: string, value: number | string | null | undefined][]): HTMLElement {
  return h('dl', { class: 'numbers' }, ...items.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([label, value]) =>
    h('div', {}, h('dt', {}, label), h('dd', {}, typeof value === 'number' ? value.toLocaleString() : value))));
}

function githubBody(stats: GithubStats): HTMLElement {
  const languages = topShares(stats.languages, MAX_LANGUAGES);
  return h('div', { class: 'stat-body' },
    stats.bio && h('p', { class: 'muted bio' }, stats.bio),
    numbers(['Repositories', stats.public_repos], ['Stars', stats.total_stars], ['Forks', stats.total_forks], ['Followers', stats.followers]),
    languages.length > 0 && h('h4', {}, 'Languages of the repositories'),
    languages.length > 0 && shareBar('Languages of the repositories', languages, 'repositories'));
}

function leetcodeBody(stats: LeetcodeStats): HTMLElement {
  return h('div', { class: 'stat-body' }, numbers(['Ranking', stats.ranking]), difficultyRing(difficulties(stats)));
}

function codeforcesBody(stats: CodeforcesStats): HTMLElement {
  const rating = stats.rating ?? 0;
  const best = Math.max(rating, stats.max_rating ?? 0);
  const history = (stats.rating_history ?? []).filter((each) => Number.isFinite(each?.rating) && !Number.isNaN(Date.parse(each?.at)));
  const title = h('span', {}, stats.rank ?? rankOf(rating).name);
  return h('div', { class: 'stat-body' },
    rating > 0
      ? h('div', { class: 'rating-head' }, h('strong', {}, rating.toLocaleString()), title, best > rating && h('span', { class: 'muted' }, `best ${best.toLocaleString()}, ${stats.max_rank ?? rankOf(best).name}`))
      : h('p', { class: 'muted' }, 'No rated contest yet.'),
    rating > 0 && (history.length > 1 ? ratingLine(history) : ratingScale(rating, best)),
    numbers(['Solved', stats.accepted_count], ['Submissions', stats.total_submissions], ['Hardest', stats.max_problem_rating],
      ['Average', typeof stats.avg_problem_rating === 'number' ? Math.round(stats.avg_problem_rating) : null], ['Contribution', stats.contribution]));
}

export function profileHead(profile: Profile): HTMLElement {
  const since = new Date(profile.created_at);
  const rooms = profile.public_rooms_created ?? profile.rooms_created;
  return h('div', { class: 'profile-head' }, avatar(profile),
    h('div', {}, h('h1', { testid: 'profile-name' }, profile.name),
      h('p', { class: 'muted' }, [
        Number.isNaN(since.getTime()) ? '' : `Here since ${since.toLocaleDateString([], { year: 'numeric', month: 'long' })}`,
        typeof rooms === 'number' ? `${rooms} ${profile.public_rooms_created === undefined ? '' : 'public '}room${rooms === 1 ? '' : 's'} created` : '',
        profile.is_guest ? 'guest' : '',
      ].filter(Boolean).join(' · '))));
}

/** Loads somebody's profile into a place of its own, with a way to try again. */
export function publicProfile(api: Api, userId: string): HTMLElement {
  const element = h('div', { class: 'profile', testid: 'profile' });
  const load = async (): Promise<void> => {
    replace(element, h('p', { class: 'empty', attrs: { role: 'status' } }, 'Loading the profile…'));
    try {
      const profile = await api.profile(userId);
      replace(element, profileHead(profile), profileCards(profile, () => 'Not connected.'));
    } catch (problem) {
      replace(element, failure(problem, () => void load()));
    }
  };
  void load();
  return element;
}

export function profileDialog(api: Api, userId: string): void {
  dialog('Profile', 'profile-dialog', publicProfile(api, userId)).classList.add('drawer', 'narrow');
}
