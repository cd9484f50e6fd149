/* The analysis logger: the values that somebody chose to have recorded, one quantity at a time, its phases together. */

import { byId, format, make } from './dom.js';
import { createTimeView, fineness } from './timeview.js';

/* what a name does not say itself */
const KINDS = { instant: 'at the end of each interval', counter: 'as it stood' };
const COLOURS = { L1: '--l1', L2: '--l2', L3: '--l3' };
const phaseOf = name => (/ (L[123])$/.exec(name) || [])[1];
const groupOf = value => `${value.name.replace(/ L[123]$/, '')}${value.unit ? `, ${value.unit}` : ''}`;

/* Stamps and clocks are no curves. */
const drawable = value => value.unit !== '' || value.kind !== 'counter';

/* In an interval without supply the records say 0: that is no value. */
const OUTAGE = 1 << 10;
function withoutOutages(answer) {
  const out = i => (answer.marks[i] & OUTAGE) !== 0;
  const clean = value => {
    const bad = i => out(i) && (value.low ?? value.value)[i] === 0 && value.kind !== 'counter';
    const keep = list => list?.map((one, i) => bad(i) ? null : one);
    return { ...value, value: keep(value.value), low: keep(value.low), high: keep(value.high) };
  };
  return { ...answer, values: answer.values.map(clean) };
}

const digitsOf = unit => ({ V: 2, A: 3, kW: 3, kvar: 3, kVA: 3, kWh: 3, kvarh: 3, Hz: 3 }[unit] ?? 2);
const known = list => list.filter(value => value !== null);

export function createAnalysis() {
  const choice = byId('analysis-of');
  let offered = '';

  const chosen = answer => withoutOutages(answer).values.filter(value => groupOf(value) === choice.value);
  const nameOf = value => phaseOf(value.name) || value.name;

  const offer = answer => {
    const groups = [...new Set((answer.values || []).filter(drawable).map(groupOf))];
    if (String(groups) !== offered) {
      offered = String(groups);
      const before = choice.value;
      choice.replaceChildren(...groups.map(group => make('option', { textContent: group, value: group })));
      choice.value = groups.includes(before) ? before : groups[0] ?? '';
    }
  };
  const starts = answer => answer.end.map((end, i) =>
    Math.max(end - answer.interval_min * 60 * answer.per_point, i > 0 ? answer.end[i - 1] : -Infinity));

  const view = createTimeView('analysis', {
    path: '/api/analysis',
    tell(answer) {
      const fitted = answer.interval_min > 0;
      byId('analysis-card').hidden = !fitted;
      byId('analysis-none').hidden = !fitted || answer.records > 0;
      byId('analysis-none').textContent = answer.on ? `Nothing recorded yet: the first record comes at the end of ${answer.interval_min} minutes.`
        : 'The analysis logger is off, as delivered. Start it: metertool analysis start';
      byId('analysis-facts').textContent = !fitted ? '' : `${answer.on ? '' : 'off · '}every ${answer.interval_min} min · ` +
        `${format(answer.records, 0)} of ${format(answer.capacity, 0)} records, ${format(answer.depth_days, 1)} days`;
      offer(answer);
    },
    points: fineness,
    model(answer, zone) {
      const none = answer.end.map(() => null), values = chosen(answer);
      const known = answer.end.map((_, i) => values.some(value => value.value[i] !== null));
      /* always three places, so that the plot stays the same one */
      const series = [0, 1, 2].flatMap(i => {
        const value = values[i], colour = value ? COLOURS[phaseOf(value.name)] || '--import' : null;
        return [{ values: value?.low ?? none, stroke: colour, width: 0.5 }, { values: value?.high ?? none, stroke: colour, width: 0.5 },
          { values: value?.value ?? none, stroke: colour, width: 1.6 }];
      });
      return { zone, start: starts(answer), end: answer.end, known, marks: answer.marks,
        bars: false, areas: false, series };
    },
    summary: answer => chosen(answer).filter(value => known(value.value).length > 0).map(value => {
      const low = Math.min(...known(value.low ?? value.value)), high = Math.max(...known(value.high ?? value.value));
      return `${nameOf(value)} ${format(low, digitsOf(value.unit))} to ${format(high, digitsOf(value.unit))} ${value.unit}`;
    }),
    details(answer, zone, index) {
      const end = answer.end[index];
      const values = chosen(answer).map(value => {
        const digits = digitsOf(value.unit);
        if (value.value[index] === null) {
          return '';
        }
        const extremes = value.low ? ` (${format(value.low[index], digits)} to ${format(value.high[index], digits)})` : '';
        return `${nameOf(value)} ${format(value.value[index], digits)}${extremes} ${value.unit}`;
      }).filter(Boolean);
      return [`${zone.date(end)} ${zone.clock(starts(answer)[index])} – ${zone.clock(end)}`, ...values];
    },
    drawn(answer) {
      byId('analysis-key').replaceChildren(...chosen(answer).map(value => {
        const node = make('span', { className: 'key-line', textContent: value.name });
        node.style.setProperty('--tone', `var(${COLOURS[phaseOf(value.name)] || '--import'})`);
        return node;
      }));
      const joined = answer.per_point > 1 ? `${answer.per_point} records in one with their extremes` : '';
      byId('analysis-what').textContent = [choice.value, KINDS[chosen(answer)[0]?.kind], joined].filter(Boolean).join(', ');
    },
  });
  choice.addEventListener('change', view.redraw);
  return state => view.follow(state.records.analysis?.newest ?? -1);
}
