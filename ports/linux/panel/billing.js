/* The debiting periods: what the registers were at each stop, and what was used in between. */

import { byId, format, make } from './dom.js';
import { ask } from './link.js';
import { onShown, shows } from './tabs.js';

const CAUSES = { date: 'by date', command: 'by command' };
const AGAIN_MS = 1000;
const IN_PERIOD = ['1.8.0', '2.8.0']; /* shown as differences, too */
const DIGITS = { kWh: 2, kvarh: 2, kW: 3, '': 0 };

const short = time => `${time.slice(0, 10)} ${time.slice(11, 16)}`;

/* What a register grew by since the stop before; null: that one is not there. */
const grownBy = (periods, i, c) => i + 1 < periods.length ? periods[i].values[c] - periods[i + 1].values[c] : null;

function headRow(columns, used) {
  const cell = (text, unit, title) => make('th', { scope: 'col', title: title || '' }, text, ...unit ? [make('small', { textContent: unit })] : []);
  return make('tr', {}, cell('Ended'), ...used.map(c => cell(`${columns[c].code} in it`, columns[c].unit, `${columns[c].name}, used in the period`)),
    ...columns.map(({ code, unit, name }) => cell(code, unit, name)), cell('Hours', 'h'));
}

function bodyRow(columns, used, periods, i) {
  const { time, valid, cause, values, times, hours } = periods[i];
  const head = make('th', { scope: 'row', textContent: `${valid ? '' : '≈ '}${short(time)}` });
  if (cause) {
    head.append(make('small', { textContent: CAUSES[cause] }));
  }
  return make('tr', {}, head,
    ...used.map(c => make('td', { className: 'used', textContent: format(grownBy(periods, i, c), 2) })),
    ...values.map((value, c) => {
      const node = make('td', { textContent: value === null ? '' : format(value, DIGITS[columns[c].unit]) });
      if (times?.[c]) {
        node.append(make('small', { textContent: short(times[c]) }));
      }
      return node;
    }), make('td', { textContent: format(hours, 0) }));
}

/* Registers that have been nothing ever, as of tariffs that are not used, take no place. */
function show(table, allColumns, periods) {
  const kept = allColumns.map((_, c) => c).filter(c => periods.some(period => period.values[c]));
  const columns = kept.map(c => allColumns[c]);
  const rows = periods.map(period => ({ ...period, values: kept.map(c => period.values[c]), times: kept.map(c => period.times?.[c]) }));
  const used = columns.map((_, c) => c).filter(c => IN_PERIOD.includes(columns[c].code) && rows.some(row => row.values[c] > 0));
  table.replaceChildren(make('thead', {}, headRow(columns, used)),
    make('tbody', {}, ...rows.map((_, i) => bodyRow(columns, used, rows, i))));
}

export function createBilling() {
  let grown = '', timer = 0;
  const load = async () => {
    try {
      const { columns, periods, second } = await ask('/api/billing');
      show(byId('billing'), columns, periods);
      show(byId('billing-second'), columns, second);
      byId('billing-none').hidden = periods.length > 0;
      byId('billing-scroll').hidden = periods.length === 0;
      byId('billing-more').hidden = second.length === 0;
      byId('billing-facts').textContent = periods.length > 0 ? `${periods.length} of 36 stops` : '';
      byId('billing-count').textContent = `Debiting log 2, ${second.length} of 45`;
    } catch { /* the link's own line says that the meter is gone */ }
  };
  onShown('history', () => shows('history') && load());
  return state => {
    const now = JSON.stringify([state.records.debiting, state.records['debiting-2']]);
    if (shows('history') && now !== grown && timer === 0) {
      grown = now;
      load();
      timer = setTimeout(() => { timer = 0; }, AGAIN_MS);
    }
  };
}
