/* What the meter noted of itself: all event logs in one list, newest first.  The live state tells when a log has grown. */

import { byId, createChoice, make } from './dom.js';
import { ask } from './link.js';
import { onShown, shows } from './tabs.js';

const TITLES = { status: 'Meter', clock: 'Clock', voltage: 'Voltage', disconnect: 'Breaker', neutral: 'Neutral',
  'load-profile': 'Load profile', audit: 'Changes', firmware: 'Firmware', 'firmware-failed': 'Firmware refused' };
const AT_ONCE = 100, AGAIN_MS = 1000;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December'];

const titleOf = log => TITLES[log] || log;
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

function dayText(time) {
  const at = new Date(`${time.slice(0, 10)}T00:00:00Z`);
  return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/* Which records somebody has seen in this browser: of each log the newest. */
function createSeen(serial) {
  const key = `open382-seen-${serial}`;
  let seen = null;
  try {
    seen = JSON.parse(localStorage.getItem(key));
  } catch { /* no storage: nothing is remembered */ }
  return {
    of: (log, newest) => Math.min(seen?.[log] ?? newest, newest),
    known: () => seen !== null,
    keep(now) {
      seen = { ...seen, ...now };
      try {
        localStorage.setItem(key, JSON.stringify(seen));
      } catch { /* not kept */ }
    },
  };
}

function row(event, unread, fresh) {
  const node = make('li', { className: fresh ? 'event fresh' : 'event' },
    make('time', { dateTime: event.time, textContent: `${event.valid ? '' : '≈ '}${event.time.slice(11)}`,
      title: `${new Date(event.utc * 1000).toISOString()}, after ${event.hours} operating hours${event.valid ? '' : '; the clock was not valid'}` }),
    make('span', { className: 'event-log', textContent: titleOf(event.log) }),
    make('span', { className: 'event-text', textContent: capital(event.text), title: `record ${event.id}, code ${event.code}` }));
  if (unread) {
    node.append(make('span', { className: 'event-unread', title: 'No client has read it out yet', role: 'img', ariaLabel: 'not read out yet' }));
  }
  return node;
}

export function createEvents() {
  let answer = null, wanted = 'all', most = AT_ONCE, grown = '', timer = 0, seen = null, newest = {}, before = {};

  const press = keys => createChoice(byId('events-of'), keys.map(key => [key, key === 'all' ? 'All' : titleOf(key)]), key => {
    wanted = key;
    most = AT_ONCE;
    draw();
  })(wanted);

  const draw = () => {
    const logs = answer.logs.filter(log => log.newest > 0);
    if (!logs.some(log => log.name === wanted)) {
      wanted = 'all';
    }
    press(['all', ...logs.map(log => log.name)]);
    byId('events-of').hidden = logs.length < 2;
    const read = Object.fromEntries(answer.logs.map(log => [log.name, log.read]));
    const list = answer.events.filter(event => wanted === 'all' || event.log === wanted)
      .sort((a, b) => b.utc - a.utc || (a.log === b.log ? b.id - a.id : 0));
    let day = '';
    byId('events').replaceChildren(...list.slice(0, most).flatMap(event => {
      const node = row(event, event.id > read[event.log], event.id > before[event.log]);
      const same = event.time.slice(0, 10) === day;
      day = event.time.slice(0, 10);
      return same ? [node] : [make('li', { className: 'event-day', textContent: dayText(event.time) }), node];
    }));
    byId('events-none').hidden = list.length > 0;
    byId('events-more').hidden = list.length <= most;
    byId('events-more').textContent = `Show all ${list.length}`;
    const unread = list.filter(event => event.id > read[event.log]).length;
    byId('events-facts').textContent = list.length > 0 ? `${list.length} ${list.length === 1 ? 'record' : 'records'}, ${unread} not read out` : '';
  };

  const load = async () => {
    try {
      const last = answer?.events ?? [];
      answer = await ask('/api/events');
      if (last.length > 0) {
        const had = new Set(last.map(event => `${event.log} ${event.id}`));
        const come = answer.events.filter(event => !had.has(`${event.log} ${event.id}`));
        byId('events-said').textContent = come.slice(0, 3).map(event => `${titleOf(event.log)}: ${event.text}`).join('. ');
      }
      seen?.keep(newest);
      badge();
      draw();
    } catch { /* the link's own line says that the meter is gone */ }
  };

  /* How many records came since somebody looked. */
  const badge = () => {
    const count = seen === null ? 0 : Object.keys(newest).reduce((sum, log) => sum + newest[log] - seen.of(log, newest[log]), 0);
    byId('events-badge').hidden = count === 0;
    byId('events-badge').textContent = count > 99 ? '99+' : String(count);
    byId('events-badge').title = `${count} since you looked`;
  };

  byId('events-more').addEventListener('click', () => {
    most = Infinity;
    draw();
  });
  /* What is new when the view comes up stays marked until it comes up again. */
  onShown('events', () => {
    if (shows('events') && seen !== null) {
      before = Object.fromEntries(Object.keys(newest).map(log => [log, seen.of(log, newest[log])]));
      load();
    }
  });

  return state => {
    const first = seen === null;
    if (first) {
      seen = createSeen(state.serial);
    }
    newest = Object.fromEntries(Object.keys(TITLES).map(log => [log, state.records[log]?.newest ?? 0]));
    if (!seen.known()) {
      seen.keep(newest);
    }
    if (first) {
      before = Object.fromEntries(Object.keys(newest).map(log => [log, seen.of(log, newest[log])]));
    }
    const now = JSON.stringify(Object.keys(TITLES).map(log => state.records[log]));
    if (now === grown || timer !== 0) {
      return;
    }
    grown = now;
    badge();
    if (shows('events')) {
      load();
      timer = setTimeout(() => { timer = 0; }, AGAIN_MS);
    }
  };
}
