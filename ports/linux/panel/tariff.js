/* The tariff in force, and this week as the plan has it: a bar a day, a colour and a number a tariff. */

import { byId, make } from './dom.js';
import { follow } from './link.js';
import { onShown, shows } from './tabs.js';

const ASK_EVERY_MS = 2000;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const SOURCES = { default: 'nobody decides', inputs: 'by its inputs', command: 'by command', plan: 'by plan' };

const clock = minute => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

function bar(at) {
  return make('div', { className: 'tariff-bar' }, ...at.map(([minute, tariff], i) => {
    const end = i + 1 < at.length ? at[i + 1][0] : 1440;
    const part = make('span', { className: `t${tariff}`, textContent: end - minute >= 60 ? tariff : '',
      title: `T${tariff} ${clock(minute)} to ${clock(end)}` });
    part.style.flexGrow = end - minute;
    return part;
  }));
}

function row(day, index) {
  const words = day.at.map(([minute, tariff]) => `T${tariff} from ${clock(minute)}`).join(', ');
  const node = make('li', { className: day.today ? 'today' : '' },
    make('span', { textContent: DAYS[index], title: `${day.date}, ${day.type}` }), bar(day.at));
  node.setAttribute('aria-label', `${day.date}, ${day.type}: ${words}`);
  return node;
}

function show(tariff) {
  const { tariffs, active, source, plan, days } = tariff;
  byId('tariff-none').hidden = tariffs > 0;
  byId('tariff-body').hidden = tariffs === 0;
  byId('tariff-now').textContent = tariffs > 0 ? `T${active}, ${SOURCES[source]}` : '';
  byId('tariff-plan').textContent = plan ? `Plan “${plan}”, this week, local time`
    : 'No plan. Load one: metertool tariff upload FILE';
  byId('tariff-week').replaceChildren(...days.map(row));
  byId('tariff-hours').hidden = days.length === 0;
}

export function createTariff() {
  onShown('tariff', follow('/api/tariff', ASK_EVERY_MS, show, () => shows('tariff')));
}
