/* The meter's own time.  Instants are UTC seconds; the meter tells from when on which offset holds, so that what is
 * shown does not depend on the zone of whoever looks. */

const HOUR = 3600, DAY = 86400;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = number => String(number).padStart(2, '0');

/* rows: [[first UTC second, offset in seconds], ...] */
export function createZone(rows = []) {
  const offsetAt = utc => rows.reduce((offset, [from, next]) => from <= utc ? next : offset, rows[0]?.[1] ?? 0);
  const local = utc => new Date((utc + offsetAt(utc)) * 1000); /* its UTC fields are the local ones */
  const utcOf = date => {
    const seconds = date.getTime() / 1000;
    return seconds - offsetAt(seconds - offsetAt(seconds));
  };
  const day = (utc, years, months, days) => {
    const at = local(utc);
    return utcOf(new Date(Date.UTC(at.getUTCFullYear() + years, at.getUTCMonth() + months, at.getUTCDate() + days)));
  };
  /* Beginning of the day, week, month or year in which an instant lies, or of the n-th after it. */
  const begin = (utc, unit, n = 0) => {
    const at = local(utc);
    switch (unit) {
      case 'day': return day(utc, 0, 0, n);
      case 'week': return day(utc, 0, 0, 7 * n - (at.getUTCDay() + 6) % 7);
      case 'month': return utcOf(new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + n, 1)));
      default: return utcOf(new Date(Date.UTC(at.getUTCFullYear() + n, 0, 1)));
    }
  };
  const clock = utc => `${two(local(utc).getUTCHours())}:${two(local(utc).getUTCMinutes())}`;
  const date = utc => {
    const at = local(utc);
    return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  };
  const time = utc => `${clock(utc)}:${two(local(utc).getUTCSeconds())}`;
  return { local, begin, clock, date, time };
}

/* ---- ticks of a time axis ---- */

const STEPS = [60, 300, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR].map(seconds => ({ seconds, unit: 'hour', n: 1 }))
  .concat([['day', 1, DAY], ['day', 2, 2 * DAY], ['week', 1, 7 * DAY], ['week', 2, 14 * DAY], ['month', 1, 30 * DAY],
    ['month', 3, 91 * DAY], ['year', 1, 365 * DAY], ['year', 5, 5 * 365 * DAY]].map(([unit, n, seconds]) => ({ seconds, unit, n })));

/* At most so many instants from one to before another that are whole in local time.  Returns { at, unit }. */
export function ticks(zone, from, to, most) {
  const step = STEPS.find(one => (to - from) / one.seconds <= most) || STEPS[STEPS.length - 1];
  const at = [];
  if (step.unit === 'hour') {
    let midnight = zone.begin(from, 'day');
    for (let utc = midnight; utc <= to; utc += step.seconds) {
      const next = zone.begin(midnight, 'day', 1);
      if (utc >= next) { /* a day of 23 or 25 hours: begin anew at its midnight */
        midnight = utc = next;
      }
      if (utc >= from && utc < to) {
        at.push(utc);
      }
    }
  } else {
    for (let utc = zone.begin(from, step.unit); utc < to; utc = zone.begin(utc, step.unit, step.n)) {
      if (utc >= from) {
        at.push(utc);
      }
    }
  }
  return { at, unit: step.unit };
}

/* What stands at them: the coarser part of the date where it changes, on a second line. */
export function tickTexts(zone, at, unit) {
  let last = '';
  return at.map(utc => {
    const date = zone.local(utc);
    const month = MONTHS[date.getUTCMonth()], year = String(date.getUTCFullYear());
    const [fine, coarse] = unit === 'hour' ? [zone.clock(utc), `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${month}`]
      : unit === 'year' ? [year, ''] : unit === 'month' ? [month, year] : [String(date.getUTCDate()), `${month} ${year}`];
    const changed = coarse !== last;
    last = coarse;
    return changed && coarse ? `${fine}\n${coarse}` : fine;
  });
}

/* "Tue 3 Nov 2026", "2 – 8 Nov 2026", "November" ... : what a stretch of time is called. */
export function rangeText(zone, from, to) {
  if (zone.begin(from, 'day', 1) === to && zone.begin(from, 'day') === from) {
    return zone.date(from);
  }
  const first = zone.local(from), last = zone.local(to - 1);
  const year = first.getUTCFullYear(), sameYear = year === last.getUTCFullYear();
  if (zone.begin(from, 'year') === from && zone.begin(from, 'year', 1) === to) {
    return String(year);
  }
  if (zone.begin(from, 'month') === from && zone.begin(from, 'month', 1) === to) {
    return `${MONTHS[first.getUTCMonth()]} ${year}`;
  }
  const day = at => `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  if (to - from > 10 * DAY || zone.begin(from, 'day') === from && zone.begin(to, 'day') === to) {
    return `${day(first)}${sameYear ? '' : ` ${year}`} – ${day(last)} ${last.getUTCFullYear()}`;
  }
  return zone.date(from) === zone.date(to) ? `${zone.date(from)}, ${zone.clock(from)} – ${zone.clock(to)}`
    : `${day(first)} ${zone.clock(from)} – ${day(zone.local(to))} ${zone.clock(to)}, ${last.getUTCFullYear()}`;
}
