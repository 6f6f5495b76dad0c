// One's own page: rooms, numbers of the platforms, name and handles, the data that is kept, and the way out.

import type { Api } from '../api';
import type { Page } from '../rooms/rooms-page';
import { roomCard } from '../rooms/room-card';
import type { SessionStore } from '../session';
import { dialog, field, form } from '../ui/dialog';
import { h, icon, replace } from '../ui/dom';
import { failure } from '../ui/found';
import { messageOf, toast } from '../ui/toast';
import type { Dashboard, Handles, Profile, Room } from '../wire';
import { profileCards, profileHead } from './profile-view';
import { expectsNews, PLATFORMS } from './stats';

/** While numbers are on their way the page looks again, more and more rarely. */
const LOOK_AGAIN_MS = [2_000, 3_000, 5_000, 10_000, 20_000, 40_000];
const MAX_HANDLE = 100;

export function profilePage(options: { api: Api; session: SessionStore; open: (room: Room) => void; onDeleted: () => void }): Page {
  const { api, session } = options;
  let profile: Profile | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looks = 0;
  let gone = false;

  const element = h('main', { class: 'rooms-page profile-page', id: 'main' });
  const head = h('div', {});
  const tiles = h('dl', { class: 'tiles', testid: 'dashboard' });
  const cards = h('div', {});
  const refresh = h('button', { type: 'button', class: 'button small', testid: 'stats-refresh', on: { click: () => void refreshStats() } }, icon('refresh'), 'Refresh');
  const recent = h('div', { class: 'cards', testid: 'recent-rooms' });
  const owned = h('div', { class: 'cards', testid: 'owned-rooms' });
  const status = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });
  const section = (id: string, title: string, ...content: (Node | false)[]): HTMLElement =>
    h('section', { attrs: { 'aria-labelledby': id } }, h('div', { class: 'section-head' }, h('h2', { id }, title), ...content.slice(1)), content[0]);

  async function load(): Promise<void> {
    replace(element, h('p', { class: 'empty', attrs: { role: 'status' } }, 'Loading your page…'));
    try {
      const [own, dashboard] = await Promise.all([api.ownProfile(), api.dashboard()]);
      if (gone) return;
      replace(element, h('div', { class: 'page-head' }, head,
        h('button', { type: 'button', class: 'button', testid: 'profile-edit', on: { click: edit } }, icon('edit'), 'Edit profile')),
      tiles,
      section('stats-title', 'Your numbers', cards, refresh),
      section('recent-title', 'Recent rooms', recent),
      section('owned-title', 'Rooms you own', owned),
      section('data-title', 'Your data', dataPart()),
      status);
      showDashboard(dashboard);
      show(own);
    } catch (problem) {
      if (gone) return;
      replace(element, failure(problem, () => void load()));
    }
  }

  function show(own: Profile): void {
    profile = own;
    replace(head, profileHead(own));
    replace(cards, profileCards(own, () => h('button', { type: 'button', class: 'text-button', on: { click: edit } }, 'Add your user name')));
    refresh.hidden = PLATFORMS.every(({ id }) => !own[`${id}_username`]);
    lookAgain();
  }

  function showDashboard({ stats, recent_rooms, owned_rooms }: Dashboard): void {
    replace(tiles, ...([
      ['Rooms created', stats.total_rooms_created], ['Rooms joined', stats.total_rooms_joined], ['Rooms you are in', stats.active_participations],
    ] as const).map(([label, value]) => h('div', { class: 'tile' }, h('dt', {}, label), h('dd', {}, value.toLocaleString()))));
    const userId = session.user?.id ?? '';
    const fill = (place: HTMLElement, rooms: Room[], otherwise: string): void => replace(place,
      ...(rooms.length > 0 ? rooms.map((room) => roomCard(room, { userId, open: options.open })) : [h('p', { class: 'empty' }, otherwise)]));
    fill(recent, recent_rooms, 'You were in no room yet.');
    fill(owned, owned_rooms, 'You own no room.');
  }

  function lookAgain(): void {
    clearTimeout(timer);
    if (!profile || !expectsNews(profile) || looks >= LOOK_AGAIN_MS.length) return;
    timer = setTimeout(() => {
      looks++;
      api.ownProfile().then((own) => {
        if (!gone) show(own);
      }, () => {});
    }, LOOK_AGAIN_MS[looks]);
  }

  async function refreshStats(): Promise<void> {
    refresh.disabled = true;
    cards.setAttribute('aria-busy', 'true');
    status.textContent = 'Asking the platforms…';
    try {
      looks = 0;
      show(await api.refreshStats());
      status.textContent = 'The numbers are up to date.';
    } catch (failure) {
      toast(messageOf(failure), 'error');
      // The state of each platform says more.
      api.ownProfile().then((own) => {
        if (!gone) show(own);
      }, () => {});
    } finally {
      refresh.disabled = false;
      cards.removeAttribute('aria-busy');
    }
  }

  function edit(): void {
    if (!profile) return;
    const name = h('input', { type: 'text', required: true, minLength: 2, maxLength: 255, value: profile.name, testid: 'edit-name', autocomplete: 'name' });
    const handles = PLATFORMS.map((platform) => ({
      platform,
      control: h('input', {
        type: 'text', maxLength: MAX_HANDLE, value: profile![`${platform.id}_username`] ?? '', testid: `edit-${platform.id}`, autocomplete: 'off', spellcheck: false,
        attrs: { autocapitalize: 'off' },
      }),
    }));
    const submit = h('button', { type: 'submit', class: 'button primary', testid: 'edit-submit' }, 'Save');
    const box = dialog('Edit profile', 'profile-editor', form({
      submit,
      action: async () => {
        const change: { name: string } & Partial<Handles> = { name: name.value.trim() };
        for (const { platform, control } of handles) change[`${platform.id}_username`] = handleOf(control.value);
        const changed = await api.updateProfile(change);
        const { current } = session;
        // The name is shown in every room and in the corner of every page.
        if (current && current.user.name !== changed.name) session.renamed(changed.name);
        box.close();
        looks = 0;
        show(changed);
        toast('Your profile was saved.');
      },
      children: [
        field({ label: 'Name', control: name }),
        ...handles.map(({ platform, control }) => field({ label: platform.label, control, hint: platform.hint })),
        h('div', { class: 'actions' }, submit),
      ],
    }));
    name.focus();
  }

  function dataPart(): HTMLElement {
    const save = h('button', { type: 'button', class: 'button', testid: 'export-data', on: { click: () => void exportData() } }, icon('download'), 'Download my data');
    const remove = h('button', { type: 'button', class: 'button danger', testid: 'delete-account', on: { click: removeAccount } }, icon('trash'), 'Delete my account…');
    const exportData = async (): Promise<void> => {
      save.disabled = true;
      try {
        const url = URL.createObjectURL(await api.exportData());
        const link = h('a', { href: url, download: 'codechill-my-data.json' });
        document.body.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(url), 60_000);
      } catch (failure) {
        toast(messageOf(failure), 'error');
      } finally {
        save.disabled = false;
      }
    };
    return h('div', { class: 'data-part' },
      h('p', { class: 'muted' }, 'Everything this server keeps about you, as one JSON file; or an end to it.'), h('div', { class: 'actions start' }, save, remove));
  }

  function removeAccount(): void {
    const word = h('input', { type: 'text', required: true, autocomplete: 'off', testid: 'delete-name' });
    const submit = h('button', { type: 'submit', class: 'button danger', testid: 'delete-submit' }, 'Delete my account');
    const box = dialog('Delete your account?', 'delete-account-dialog',
      h('p', {}, 'You leave all rooms, your sign-in stops working, and your profile is gone. This can’t be undone.'),
      form({
        submit,
        action: async () => {
          if (word.value.trim() !== profile?.name) throw new Error('That is not your name.');
          await api.deleteAccount();
          box.close();
          options.onDeleted();
        },
        children: [field({ label: `Type your name, ${profile?.name ?? ''}, to go on`, control: word }), h('div', { class: 'actions' }, submit)],
      }));
    word.focus();
  }

  void load();
  return {
    element,
    destroy: () => {
      gone = true;
      clearTimeout(timer);
    },
  };
}

/** What people paste may be an address, or begin with @; nothing means nothing. */
export function handleOf(typed: string): string | null {
  const text = typed.trim().replace(/^@/, '');
  const address = /^(?:https?:\/\/)?(?:www\.)?(?:github\.com|leetcode\.com|codeforces\.com)\/(?:u\/|profile\/)?([^/?#]+)/i.exec(text)?.[1];
  return address ?? (text === '' ? null : text);
}
