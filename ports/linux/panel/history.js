/* The load profile: what the meter recorded, as mean power or as energy, over any stretch of its own time. */

import { byId, createChoice, format } from './dom.js';
import { address, ask } from './link.js';
import { onShown, shows } from './tabs.js';
import { createTimeChart } from './timechart.js';
import { createZone, rangeText } from './zone.js';

const DAY = 86400;
const FINE_S = 32 * DAY; /* up to here as fine as the pixels allow, beyond as broad as the eye likes */
const FINE_PER_PIXEL = 1.6, BROAD_PER_PIXEL = 0.5;
const AGAIN_MS = 1500; /* while records keep coming */
const PERIODS = [['day', 'Day'], ['week', 'Week'], ['month', 'Month'], ['year', 'Year'], ['all', 'All']];
const ACTIVE = { plus: 'A+', minus: 'A-', power: 'kW', energy: 'kWh' };
const REACTIVE = { plus: 'R+', minus: 'R-', power: 'kvar', energy: 'kvarh' };
/* what is shown: unit, energies, mean power or energy, words */
const SHOWN = { kW: [ACTIVE, 'power', 'mean active power'], kWh: [ACTIVE, 'energy', 'active energy'],
  kvar: [REACTIVE, 'power', 'mean reactive power'], kvarh: [REACTIVE, 'energy', 'reactive energy'] };
const WORDS = { 'A+': 'import A+', 'A-': 'export A−', 'R+': 'R+', 'R-': 'R−' };
/* Bars are hours, days, or what makes some sixty of them. */
const barsOf = span => span < 1.5 * DAY ? 26 : span < 70 * DAY ? Math.ceil(span / DAY) + 1 : 62;
const SPAN_MIN = 4; /* intervals */

const sum = list => list.reduce((total, value) => total + (value ?? 0), 0);

/* kWh of each stretch, or the mean power in it and the highest mean of one interval; null: not known */
function listOf(curve, channel, mode, sign) {
  const signed = list => list.map(value => value === null ? null : sign * value);
  const energy = curve.kwh[channel];
  if (mode === 'energy') {
    return { values: signed(energy), peaks: null };
  }
  return { values: signed(energy.map((value, i) => value === null ? null : value * 3600 / curve.covered[i])),
    peaks: curve.step_s > curve.interval_min * 60 ? signed(curve.peak[channel]) : null };
}

/* A direction that never occurs is not drawn. */
const counts = (curve, name) => curve.channels.includes(name) && curve.peak[curve.channels.indexOf(name)].some(value => value > 0);

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

const EMPTY = { start: [], end: [], covered: [], kwh: [], peak: [], marks: [], words: {}, zone: [] };

export function createHistory() {
  let unit = 'kW', period = 'week', view = null, curve = null, zone = createZone();
  let newest = -1, asking = false, again = false, timer = 0, following = true, pressUnit = null;

  const markWords = marks => Object.entries(curve.words).filter(([bit]) => marks >>> bit & 1).map(([, word]) => word);
  const kind = () => SHOWN[unit][0], mode = () => SHOWN[unit][1];
  const names = () => [kind().plus, kind().minus].filter(name => curve.channels.includes(name) && (name === kind().plus || counts(curve, name)));

  const chart = createTimeChart(byId('profile-chart'), {
    onView: (from, to) => from === null ? choosePeriod('all') : free(from, to),
    onHover: index => read(index),
  });

  const summary = () => {
    const parts = names().map(name => {
      const channel = curve.channels.indexOf(name);
      const top = Math.max(0, ...curve.peak[channel].filter(value => value !== null));
      return `${WORDS[name]} ${format(sum(curve.kwh[channel]), 2)} ${kind().energy}` +
        (top > 0 ? `, at most ${format(top, 3)} ${kind().power}` : '');
    });
    return curve.start.length > 0 ? parts.join(' · ') : 'Nothing recorded in this time.';
  };
  const details = index => {
    const { start, end, covered, marks } = curve;
    const to = zone.date(start[index]) === zone.date(end[index] - 1) ? zone.clock(end[index])
      : `${zone.date(end[index])} ${zone.clock(end[index])}`;
    const values = names().map(name => {
      const channel = curve.channels.indexOf(name), kwh = curve.kwh[channel][index];
      const mean = kwh === null ? null : kwh * 3600 / covered[index];
      const peak = curve.step_s > curve.interval_min * 60 ? `, at most ${format(curve.peak[channel][index], 3)}` : '';
      return kwh === null || kwh === 0 && name === kind().minus ? '' : `${WORDS[name]} ${format(mean, 3)}${peak} ${kind().power} (${format(kwh, 3)} ${kind().energy})`;
    }).filter(Boolean);
    return [`${zone.date(start[index])} ${zone.clock(start[index])} – ${to}`,
      ...(values.length > 0 ? values : ['energy not known']), ...markWords(marks[index])].join(' · ');
  };

  const read = index => { byId('profile-read').textContent = index === null ? summary() : details(index); };

  const draw = () => {
    chart.show(modelOf(curve, zone, kind(), mode()), view);
    byId('profile-range').textContent = rangeText(zone, view.from, view.to);
    read(chart.hovered());
    byId('profile-chart').setAttribute('aria-label', `Load profile, ${rangeText(zone, view.from, view.to)}: ${summary()}`);
    const marked = new Set(curve.marks.flatMap(markWords));
    byId('profile-marks').textContent = [...marked].join(', ') || 'marked';
    byId('profile-mark-key').hidden = marked.size === 0;
    byId('profile-gap-key').hidden = !curve.start.some((start, i) => curve.covered[i] === 0 || i > 0 && start > curve.end[i - 1]);
    byId('profile-minus-key').hidden = !names().includes(kind().minus);
    byId('profile-plus-key').textContent = WORDS[kind().plus];
    byId('profile-minus-key').textContent = WORDS[kind().minus];
    byId('profile-peak-key').hidden = mode() === 'energy' || curve.step_s === curve.interval_min * 60;
    byId('profile-what').textContent = `${SHOWN[unit][2]}, ${unit}, by ${stepText()}`;
    byId('profile-csv').href = address(`/api/profile.csv?from=${view.from}&to=${view.to}`);
    byId('profile-later').disabled = view.to >= curve.last;
    byId('profile-earlier').disabled = view.from <= curve.first;
  };
  const stepText = () => {
    const s = curve.step_s;
    return s % 86400 === 0 ? (s === 86400 ? 'the day' : s === 604800 ? 'the week' : `${s / 86400} days`) : s % 3600 === 0 ? (s === 3600 ? 'the hour' : `${s / 3600} hours`)
      : `${s / 60} min`;
  };

  /* Reactive energies only where the meter records them. */
  const offerUnits = () => {
    const offered = Object.entries(SHOWN).filter(([, [energies]]) => curve.channels.includes(energies.plus));
    pressUnit = createChoice(byId('profile-unit'), offered.map(([key, [, , words]]) => [key, key, words]), key => {
      pressUnit(unit = key);
      load();
    });
    pressUnit(unit);
  };
  const showFacts = () => {
    const fitted = curve.interval_min > 0;
    byId('profile-body').hidden = !fitted || curve.records === 0;
    byId('profile-none').hidden = fitted && curve.records > 0;
    byId('profile-none').textContent = fitted ? `Nothing recorded yet: the first record comes at the end of ${curve.interval_min} minutes.`
      : 'This type of meter has no load profile.';
    byId('profile-facts').textContent = fitted ? `every ${curve.interval_min} min · ${format(curve.records, 0)} of ${format(curve.capacity, 0)} records` : '';
  };

  const take = answer => {
    const first = curve === null;
    curve = answer;
    newest = answer.newest ?? 0;
    zone = createZone(answer.zone);
    showFacts();
    if (first && answer.interval_min > 0) {
      offerUnits();
    }
    if (answer.records > 0 && (view === null || following && answer.last > view.to)) {
      choosePeriod(period);
    } else if (answer.records > 0) {
      draw();
    }
  };
  /* The view moves at once, the data come after it: one question at a time, the last one at last. */
  const load = async () => {
    again = asking;
    if (asking) {
      return;
    }
    asking = true;
    const part = view === null ? '' : `from=${view.from}&to=${view.to}&`;
    const fine = view !== null && view.to - view.from <= FINE_S;
    const points = mode() === 'energy' && view !== null ? barsOf(view.to - view.from)
      : Math.round(chart.width() * (fine ? FINE_PER_PIXEL : BROAD_PER_PIXEL));
    try {
      const answer = { ...EMPTY, ...await ask(`/api/profile?${part}points=${points}`) };
      asking = false;
      take(answer);
    } catch { /* the link's own line says that the meter is gone */
      asking = false;
    }
    if (again) {
      load();
    }
  };
  const look = (from, to) => {
    view = { from, to };
    if (curve?.records > 0) {
      chart.look(view);
    }
    load();
  };
  const choosePeriod = (which, around = curve.last - 1) => {
    period = which;
    pressPeriod(which);
    following = around >= curve.last - 1;
    return which === 'all' ? look(curve.first, curve.last) : look(zone.begin(around, which), zone.begin(around, which, 1));
  };
  const free = (from, to) => {
    const least = SPAN_MIN * curve.interval_min * 60, middle = (from + to) / 2;
    const span = Math.min(Math.max(to - from, least), curve.last - curve.first + 2 * 86400);
    const begin = Math.round(Math.min(Math.max(middle - span / 2, curve.first - span / 2), curve.last - span / 2));
    following = false;
    pressPeriod('');
    period = '';
    look(begin, begin + Math.round(span));
  };
  const step = direction => {
    if (period === '' || period === 'all') {
      return free(view.from + direction * (view.to - view.from), view.to + direction * (view.to - view.from));
    }
    return choosePeriod(period, direction < 0 ? view.from - 1 : view.to);
  };

  const pressPeriod = createChoice(byId('profile-period'), PERIODS, which => choosePeriod(which, view.to > curve.last ? curve.last - 1 : view.to - 1));
  byId('profile-earlier').addEventListener('click', () => step(-1));
  byId('profile-later').addEventListener('click', () => step(1));
  byId('profile-in').addEventListener('click', () => chart.zoom(0.5));
  byId('profile-out').addEventListener('click', () => chart.zoom(2));
  byId('profile-newest').addEventListener('click', () => choosePeriod(period || 'week'));
  onShown('history', load);

  return state => {
    const now = state.records.profile?.newest ?? -1;
    if (!shows('history') || now === newest || timer !== 0) {
      return;
    }
    newest = now;
    load();
    timer = setTimeout(() => { timer = 0; }, AGAIN_MS);
  };
}
