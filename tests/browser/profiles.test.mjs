// One's own page, other people's profiles, and finding people. The platforms are made up; everything else is real.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';
import { Platforms } from './platforms.mjs';

describe('profiles', () => {
  let stage;
  let platforms;
  before(async () => {
    platforms = await new Platforms().start();
    stage = await Stage.open({ env: platforms.env });
  });
  afterEach(async () => {
    platforms.down.clear();
    await stage.clear();
  });
  after(async () => {
    await stage?.close();
    await platforms?.stop();
  });

  async function connect(person, handles) {
    await person.at('profile-edit').click();
    for (const [platform, handle] of Object.entries(handles)) await person.at(`edit-${platform}`).fill(handle);
    await person.at('edit-submit').click();
    await person.at('profile-editor').waitFor({ state: 'detached' });
  }

  const state = (person, platform, wanted) => person.page.locator(`[data-testid=card-${platform}][data-state=${wanted}]`).waitFor();

  test('handles are added, numbers arrive by themselves as cards and charts, and others see them', async () => {
    const ada = await stage.guest('Ada');
    const bob = await stage.guest('Bob');
    await ada.at('nav-me').click();
    await ada.at('stat-cards').waitFor();
    await ada.shot('profile-empty');
    await connect(ada, { github: 'https://github.com/ada-codes', leetcode: '@ada_leet', codeforces: 'ada_force' });
    await Promise.all(['github', 'leetcode', 'codeforces'].map((platform) => state(ada, platform, 'fresh')));
    await ada.at('card-github').getByText('TypeScript').waitFor();
    await ada.at('card-leetcode').locator('.ring-number', { hasText: '214' }).waitFor();
    await ada.at('card-codeforces').getByText('1,722').waitFor();
    await ada.shot('profile-light');
    await ada.page.emulateMedia({ colorScheme: 'dark' });
    await ada.shot('profile-dark');
    await bob.at('nav-people').click();
    await bob.at('people-search').fill('ada-codes');
    const found = bob.at('person-card').filter({ hasText: 'Ada' });
    if (await found.or(bob.page.getByText('Nobody found.')).first().textContent() === 'Nobody found.') await bob.at('people-search').fill('Ada');
    await found.first().click();
    await bob.at('profile-name').filter({ hasText: 'Ada' }).waitFor();
    await bob.at('card-github').getByText('C#').waitFor();
    assert.equal(await bob.at('profile-edit').count(), 0);
    await bob.page.goBack();
    await bob.at('person-card').first().waitFor();
    ada.noTroubles();
    bob.noTroubles();
  });

  test('an unknown name and an outage are told apart, and one platform down leaves the others', async () => {
    const ada = await stage.guest('Ada');
    await ada.at('nav-me').click();
    await ada.at('stat-cards').waitFor();
    platforms.down.add('codeforces');
    await connect(ada, { github: 'ada-codes', leetcode: 'nobody-at-all', codeforces: 'somebody_else' });
    await Promise.all([state(ada, 'github', 'fresh'), state(ada, 'leetcode', 'unknown_handle'), state(ada, 'codeforces', 'unavailable')]);
    await ada.at('card-leetcode').getByText('There is nobody called “nobody-at-all”').waitFor();
    await ada.at('status-codeforces').filter({ hasText: 'Not reachable' }).waitFor();
    await ada.at('card-github').getByText('TypeScript').waitFor();
    await ada.shot('profile-outage');
    ada.noTroubles();
  });

  test('the last good numbers stay, with their age and what is the matter', async () => {
    const ada = await stage.guest('Ada');
    await ada.at('nav-me').click();
    await ada.at('stat-cards').waitFor();
    await connect(ada, { github: 'ada-codes' });
    await state(ada, 'github', 'fresh');
    await ada.context.route('**/api/users/profile', async (route) => {
      const answer = await (await route.fetch()).json();
      Object.assign(answer.profile.stats_status.github, { state: 'stale', error: 'GitHub answered 502', fetched_at: new Date(Date.now() - 26 * 3600_000).toISOString() });
      await route.fulfill({ json: answer });
    });
    await ada.page.reload();
    await state(ada, 'github', 'stale');
    await ada.at('status-github').filter({ hasText: 'From yesterday' }).waitFor();
    await ada.at('card-github').getByText('The last try failed: GitHub answered 502').waitFor();
    await ada.at('card-github').getByText('TypeScript').waitFor();
    ada.noTroubles();
  });

  test('a new name is shown everywhere; the dashboard has the rooms', async () => {
    const ada = await stage.guest('Ada');
    const id = await ada.createRoom({ name: 'Mine to find' });
    await ada.page.goto(`${ada.base}/me`);
    await ada.at('owned-rooms').getByText('Mine to find').waitFor();
    await ada.at('recent-rooms').getByText('Mine to find').waitFor();
    await ada.at('dashboard').getByText('Rooms created').waitFor();
    await ada.at('profile-edit').click();
    await ada.at('edit-name').fill('Countess Ada');
    await ada.at('edit-submit').click();
    await ada.at('me').filter({ hasText: 'Countess Ada' }).waitFor();
    await ada.at('owned-rooms').getByText('Mine to find').click();
    await ada.inRoom();
    await ada.at('participants').getByText('Countess Ada').waitFor();
    assert.equal(new URL(ada.page.url()).pathname, `/room/${id}`);
    // A profile beside the room, not instead of it.
    await ada.at('person-menu').first().click();
    await ada.at('person-profile').click();
    await ada.at('profile-dialog').getByTestId('profile-name').filter({ hasText: 'Countess Ada' }).waitFor();
    assert.equal(await ada.code.count(), 1);
    ada.noTroubles();
  });

  test('my data as a file, and an end to the account', async (t) => {
    const ada = await stage.guest('Ada');
    await ada.at('nav-me').click();
    await ada.at('export-data').waitFor();
    const offered = await stage.api(ada.token, 'GET', '/api/users/export');
    if (offered.status === 200) {
      const [download] = await Promise.all([ada.page.waitForEvent('download'), ada.at('export-data').click()]);
      const data = JSON.parse(await readFile(await download.path(), 'utf8'));
      assert.match(JSON.stringify(data), /Ada/);
    } else t.diagnostic('this server exports nothing yet');
    await ada.at('delete-account').click();
    await ada.at('delete-name').fill('Somebody else');
    await ada.at('delete-submit').click();
    await ada.page.getByText('That is not your name.').waitFor();
    await ada.at('delete-name').fill('Ada');
    await ada.at('delete-submit').click();
    await ada.at('sign-in-message').filter({ hasText: 'Your account was deleted.' }).waitFor();
    assert.equal((await stage.api(ada.token, 'GET', '/api/users/profile')).status, 401);
    assert.equal(await ada.page.evaluate(() => localStorage.getItem('codechill.session')), null);
    ada.noTroubles();
  });
});
