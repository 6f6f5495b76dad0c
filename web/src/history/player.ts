// A recorded session as a film: a bar to scrub on with what happened when, play and pause, and the runs and messages beside
// the text.

import { ApiError, type Api } from '../api';
import { colorOf } from '../colors';
import { languageLabel } from '../languages';
import { plain } from '../run/run-output';
import { h, icon, replace } from '../ui/dom';
import { avatar } from '../ui/person';
import { messageOf } from '../ui/toast';
import { codeView } from './code-view';
import { activity, readRecording, type RecordedEvent, type Recording } from './recording';

const SPEEDS = [1, 2, 4, 8, 16];
const BINS = 160;
/** More edits than this between two pictures are shown as a jump. */
const JUMP = 120;
const MAX_FEED = 60;
const STEP_MS = 5_000;

export interface Player {
  element: HTMLElement;
  /** Fetches the recording when it is first looked at. */
  shown(): void;
  destroy(): void;
}

export function player(options: { roomId: string; api: Api }): Player {
  const code = codeView('The text at this moment');
  let recording: Recording | null = null;
  let loading = false;
  let complete = false;
  let position = 0;
  /** Events of the recording that the text on the screen has. */
  let count = 0;
  let playing = false;
  let speed = 2;
  let frame = 0;
  let lastFrame = 0;
  let aborted = new AbortController();
  let fedTo = -1;

  const note = h('p', { class: 'player-note', testid: 'replay-note', attrs: { role: 'status' } });
  const play = h('button', { type: 'button', class: 'button primary icon-only', testid: 'replay-play', on: { click: () => setPlaying(!playing) } });
  const scrub = h('input', {
    type: 'range', min: '0', max: '0', step: '1', value: '0', testid: 'replay-scrub', attrs: { 'aria-label': 'Time in the recording' },
    on: {
      input: () => {
        seek(Number(scrub.value));
      },
      keydown: (event) => {
        const step = { ArrowRight: STEP_MS, ArrowUp: STEP_MS, ArrowLeft: -STEP_MS, ArrowDown: -STEP_MS, PageUp: 6 * STEP_MS, PageDown: -6 * STEP_MS }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        seek(position + step);
      },
    },
  });
  const marks = h('div', { class: 'timeline-marks', attrs: { 'aria-hidden': true } });
  const time = h('span', { class: 'player-time', testid: 'replay-time' });
  const speeds = h('select', { testid: 'replay-speed', attrs: { 'aria-label': 'Speed' }, on: { change: () => (speed = Number(speeds.value)) } },
    ...SPEEDS.map((each) => h('option', { value: String(each), selected: each === speed }, `${each}×`)));
  const previous = h('button', { type: 'button', class: 'button small', testid: 'replay-previous', title: 'To the run or message before', on: { click: () => hop(-1) } }, 'Previous');
  const next = h('button', { type: 'button', class: 'button small', testid: 'replay-next', title: 'To the next run or message', on: { click: () => hop(1) } }, 'Next');
  const feed = h('ol', { class: 'feed', testid: 'replay-feed', tabIndex: 0, attrs: { 'aria-label': 'Runs and messages so far' } });
  const retry = h('button', { type: 'button', class: 'button small', hidden: true, on: { click: () => void load() } }, 'Try again');
  const element = h('section', { class: 'player', testid: 'player' },
    h('div', { class: 'player-stage' }, code.element, h('aside', { class: 'player-feed' }, h('h3', {}, 'Runs and messages'), feed)),
    h('div', { class: 'player-bar' },
      play,
      h('div', { class: 'timeline' }, marks, scrub),
      time, previous, next, speeds),
    h('div', { class: 'player-foot' }, note, retry));

  async function load(): Promise<void> {
    if (loading) return;
    loading = true;
    retry.hidden = true;
    note.textContent = 'Loading the recording…';
    aborted = new AbortController();
    let drawnAt = 0;
    try {
      const stream = await options.api.replay(options.roomId, aborted.signal);
      recording = await readRecording(stream, (part) => {
        const first = recording === null;
        recording = part;
        // While it streams in, the bar grows now and then, not with every piece.
        if (!first && performance.now() - drawnAt < 500) return;
        drawnAt = performance.now();
        if (first) {
          code.setLanguage(part.language);
          seek(0);
        }
        drawTimeline();
      });
      complete = true;
    } catch (failure) {
      if (aborted.signal.aborted) return;
      note.textContent = failure instanceof ApiError && failure.missing ? 'This server keeps no recordings.' : messageOf(failure);
      retry.hidden = false;
      element.dataset.state = 'failed';
      return;
    } finally {
      loading = false;
    }
    drawTimeline();
    show();
  }

  function seek(to: number): void {
    if (!recording) return;
    position = Math.min(Math.max(to, 0), recording.duration);
    moveTo(recording.countAt(position));
    if (playing && position >= recording.duration) setPlaying(false);
    show();
  }

  /** Brings the text on the screen to the state after `target` events. */
  function moveTo(target: number): void {
    if (!recording) return;
    if (target < count || target - count > JUMP || count === 0) {
      // The last edit is made before the eyes, so that its place is in view; what came after it changed no text.
      let last = target - 1;
      while (last >= 0 && recording.events[last]!.kind !== 'edit') last--;
      const event = recording.events[last];
      code.show(recording.textAfter(event ? last : target));
      if (event?.kind === 'edit') code.apply(event.edits, whoOf(event));
    } else {
      for (let index = count; index < target; index++) {
        const event = recording.events[index]!;
        if (event.kind === 'edit') code.apply(event.edits, whoOf(event));
      }
    }
    count = target;
  }

  function whoOf(event: RecordedEvent): { id: string; name: string } {
    return recording!.users[event.user] ?? { id: '', name: 'Someone' };
  }

  function setPlaying(now: boolean): void {
    if (!recording) return;
    playing = now;
    cancelAnimationFrame(frame);
    if (playing) {
      if (position >= recording.duration) seek(0);
      lastFrame = performance.now();
      frame = requestAnimationFrame(tick);
    }
    show();
  }

  function tick(at: number): void {
    // A tab in the background gets no frames; what was missed then is not caught up at once.
    const passed = Math.min(at - lastFrame, 250);
    lastFrame = at;
    seek(position + passed * speed);
    if (playing) frame = requestAnimationFrame(tick);
  }

  /** To the run or message before or after this moment. */
  function hop(step: 1 | -1): void {
    if (!recording) return;
    const { events } = recording;
    for (let index = step === 1 ? count : count - 2; index >= 0 && index < events.length; index += step) {
      if (events[index]!.kind === 'edit') continue;
      setPlaying(false);
      position = events[index]!.play;
      moveTo(index + 1);
      return show();
    }
    seek(step === 1 ? recording.duration : 0);
  }

  function show(): void {
    const ready = recording !== null;
    for (const control of [play, scrub, speeds, previous, next]) control.disabled = !ready || recording!.events.length === 0;
    replace(play, icon(playing ? 'pause' : 'play'));
    play.title = playing ? 'Pause' : 'Play';
    play.setAttribute('aria-label', play.title);
    if (!recording) return;
    element.dataset.state = complete ? 'ready' : 'loading';
    scrub.max = String(Math.ceil(recording.duration));
    scrub.value = String(position);
    scrub.style.setProperty('--done', `${recording.duration > 0 ? (position / recording.duration) * 100 : 0}%`);
    const event = recording.events[Math.max(0, count - 1)];
    const really = recording.startedAt + (event?.at ?? 0);
    time.textContent = `${length(position)} / ${length(recording.duration)}`;
    time.title = new Date(really).toLocaleString();
    scrub.setAttribute('aria-valuetext', `${length(position)} of ${length(recording.duration)}, ${new Date(really).toLocaleString()}`);
    showFeed();
  }

  function showFeed(): void {
    if (!recording) return;
    if (fedTo === count) return;
    const items: HTMLElement[] = [];
    for (let index = count - 1; index >= 0 && items.length < MAX_FEED; index--) {
      const event = recording.events[index]!;
      if (event.kind !== 'edit') items.push(feedItem(event));
    }
    // Only when something came or went: the list is read by screen readers and scrolled by people.
    const key = items.length > 0 ? `${items.length}:${items[0]!.dataset.key}` : '';
    if (feed.dataset.key !== key || fedTo === -1) {
      feed.dataset.key = key;
      replace(feed, ...(items.length > 0 ? items : [h('li', { class: 'empty' }, 'Nothing was run or said yet.')]));
    }
    fedTo = count;
  }

  function feedItem(event: Exclude<RecordedEvent, { kind: 'edit' }>): HTMLElement {
    const who = whoOf(event);
    const at = length(event.play);
    const item = event.kind === 'chat'
      ? h('li', { class: 'feed-item' }, avatar(who), h('div', {}, h('div', { class: 'feed-head' }, h('strong', {}, who.name), h('span', { class: 'muted' }, at)), h('p', { class: 'message-text' }, event.content)))
      : h('li', { class: 'feed-item run' }, h('span', { class: 'feed-icon' }, icon('play')), h('div', {},
        h('div', { class: 'feed-head' }, h('strong', {}, who.name),
          h('span', { class: `chip ${event.status === 'completed' ? 'good' : event.status === 'failed' ? 'bad' : 'running'}` },
            event.status === 'completed' ? 'Finished' : event.status === 'failed' ? 'Failed' : 'Started'),
          h('span', { class: 'muted' }, [languageLabel(event.language), at].join(' · '))),
        event.output && h('pre', { class: 'feed-output' }, plain(event.output))));
    item.dataset.key = `${event.kind}${event.id}${event.kind === 'run' ? event.status : ''}`;
    return item;
  }

  function drawTimeline(): void {
    if (!recording) return;
    const bins = activity(recording, BINS);
    const most = Math.max(1, ...bins.map((bin) => bin.amount));
    const { users, duration } = recording;
    replace(marks,
      h('div', { class: 'bins' }, ...bins.map((bin) => {
        const bar = h('i', {});
        // Typing a line and pasting a file are both to be seen.
        bar.style.height = bin.amount === 0 ? '0' : `${Math.max(25, (Math.log1p(bin.amount) / Math.log1p(most)) * 100)}%`;
        if (bin.user >= 0) bar.style.setProperty('--person', colorOf(users[bin.user]?.id ?? ''));
        return bar;
      })),
      ...recording.events.filter((event) => event.kind === 'chat' || (event.kind === 'run' && event.status !== 'running')).slice(0, 400).map((event) => {
        const mark = h('b', { class: event.kind === 'chat' ? 'mark-chat' : `mark-run ${(event as { status: string }).status}` });
        mark.style.left = `${duration > 0 ? (event.play / duration) * 100 : 0}%`;
        return mark;
      }));
    const edits = recording.events.length;
    note.textContent = edits === 0 && complete ? 'Nothing has happened in this room yet.'
      : [
        complete ? '' : 'Loading…',
        recording.truncated ? 'The beginning is no longer kept.' : '',
        recording.cut ? 'The recording is longer than can be shown here: only its first part is.' : '',
        'Pauses are shortened.',
      ].filter(Boolean).join(' ');
    show();
  }

  show();
  return {
    element,
    shown: () => {
      if (!recording) void load();
    },
    destroy: () => {
      aborted.abort();
      cancelAnimationFrame(frame);
      code.destroy();
    },
  };
}

/** "1:05" */
function length(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}
