/* The load profile: what the meter recorded, as mean power or as energy. */

import { byId, createChoice, format } from './dom.js';
import { DAY, createTimeView, fineness } from './timeview.js';

const ACTIVE = { plus: 'A+', minus: 'A-', power: 'kW', energy: 'kWh' };
const REACTIVE = { plus: 'R+', minus: 'R-', power: 'kvar', energy: 'kvarh' };
/* what is shown: unit, energies, mean power or energy, words */
const SHOWN = { kW: [ACTIVE, 'power', 'mean active power'], kWh: [ACTIVE, 'energy', 'active energy'],
  kvar: [REACTIVE, 'power', 'mean reactive power'], kvarh: [REACTIVE, 'energy', 'reactive energy'] };
const WORDS = { 'A+': 'import A+', 'A-': 'export A−', 'R+': 'R+', 'R-': 'R−' };
/* Bars are hours, days, or what makes some sixty of them. */
const barsOf = span => span < 1.5 * DAY ? 26 : span < 70 * DAY ? Math.ceil(span / DAY) + 1 : 62;

const sum = list => list.reduce((total, value) => total + (value ?? 0), 0);
const joined = curve => curve.step_s > curve.interval_min * 60;

/* kWh of each stretch, or the mean power in it and the highest mean of one interval; null: not known */
function listOf(curve, channel, mode, sign) {
  const signed = list => list.map(value => value === null ? null : sign * value);
  const energy = curve.kwh[channel];
  if (mode === 'energy') {
    return { values: signed(energy), peaks: null };
  }
  return { values: signed(energy.map((value, i) => value === null ? null : value * 3600 / curve.covered[i])),
    peaks: joined(curve) ? signed(curve.peak[channel]) : null };
}

/* A direction that never occurs is not drawn. */
const counts = (curve, name) => curve.channels.includes(name) &&
  curve.peak[curve.channels.indexOf(name)].some(value => value > 0);

function modelOf(curve, zone, kind, mode) {
  const none = curve.start.map(() => null);
  const series = [[kind.minus, -1, 'export'], [kind.plus, 1, 'import']].flatMap(([name, sign, colour]) => {
    const channel = curve.channels.indexOf(name);
    const drawn = channel >= 0 && (sign > 0 || counts(curve, name));
    const { values, peaks } = drawn ? listOf(curve, channel, mode, sign) : { values: none, peaks: none };
    return [{ values: peaks ?? none, fill: `--${colour}-faint` },
      { values, fill: mode === 'energy' ? `--${colour}` : `--${colour}-soft`, stroke: `--${colour}` }];
  });
  return { zone, start: curve.start, end: curve.end, known: curve.covered.map(s => s > 0), marks: curve.marks,
    bars: mode === 'energy', areas: true, series };
}

function stepText(s) {
  const named = { 3600: 'the hour', 86400: 'the day', 604800: 'the week' };
  return named[s] || (s % DAY === 0 ? `${s / DAY} days` : s % 3600 === 0 ? `${s / 3600} hours` : `${s / 60} min`);
}

export function createHistory() {
  let unit = 'kW', pressUnit = null;
  const kind = () => SHOWN[unit][0], mode = () => SHOWN[unit][1];
  const names = curve => [kind().plus, kind().minus].filter(name =>
    curve.channels.includes(name) && (name === kind().plus || counts(curve, name)));

  /* Reactive energies only where the meter records them. */
  const offerUnits = curve => {
    const offered = Object.entries(SHOWN).filter(([, [energies]]) => curve.channels.includes(energies.plus));
    pressUnit = createChoice(byId('profile-unit'), offered.map(([key, [, , words]]) => [key, key, words]), key => {
      pressUnit(unit = key);
      view.load();
    });
    pressUnit(unit);
  };

  const view = createTimeView('profile', {
    path: '/api/profile',
    tell(curve) {
      const fitted = curve.interval_min > 0;
      byId('profile-none').hidden = fitted && curve.records > 0;
      byId('profile-none').textContent = !fitted ? 'This type of meter has no load profile.'
        : `Nothing recorded yet: the first record comes at the end of ${curve.interval_min} minutes.`;
      byId('profile-facts').textContent = !fitted ? ''
        : `every ${curve.interval_min} min · ${format(curve.records, 0)} of ${format(curve.capacity, 0)} records`;
      if (fitted && pressUnit === null) {
        offerUnits(curve);
      }
    },
    points: (span, width) => mode() === 'energy' && span < Infinity ? barsOf(span) : fineness(span, width),
    model: (curve, zone) => modelOf(curve, zone, kind(), mode()),
    summary: curve => names(curve).map(name => {
      const channel = curve.channels.indexOf(name);
      const top = Math.max(0, ...curve.peak[channel].filter(value => value !== null));
      return `${WORDS[name]} ${format(sum(curve.kwh[channel]), 2)} ${kind().energy}` +
        (top > 0 ? `, at most ${format(top, 3)} ${kind().power}` : '');
    }),
    details(curve, zone, index) {
      const { start, end, covered } = curve;
      const to = zone.date(start[index]) === zone.date(end[index] - 1) ? zone.clock(end[index])
        : `${zone.date(end[index])} ${zone.clock(end[index])}`;
      const values = names(curve).map(name => {
        const channel = curve.channels.indexOf(name), kwh = curve.kwh[channel][index];
        if (kwh === null || kwh === 0 && name === kind().minus) {
          return '';
        }
        const peak = joined(curve) ? `, at most ${format(curve.peak[channel][index], 3)}` : '';
        const mean = format(kwh * 3600 / covered[index], 3);
        return `${WORDS[name]} ${mean}${peak} ${kind().power} (${format(kwh, 3)} ${kind().energy})`;
      }).filter(Boolean);
      return [`${zone.date(start[index])} ${zone.clock(start[index])} – ${to}`,
        ...(values.length > 0 ? values : ['energy not known'])];
    },
    drawn(curve) {
      byId('profile-minus-key').hidden = !names(curve).includes(kind().minus);
      byId('profile-plus-key').textContent = WORDS[kind().plus];
      byId('profile-minus-key').textContent = WORDS[kind().minus];
      byId('profile-peak-key').hidden = mode() === 'energy' || !joined(curve);
      byId('profile-what').textContent = `${SHOWN[unit][2]}, ${unit}, by ${stepText(curve.step_s)}`;
    },
  });
  return state => view.follow(state.records.profile?.newest ?? -1);
}
