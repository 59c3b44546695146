/** A moment to wake a conversation up. */
export interface SnoozeTime {
  name: 'hour' | 'evening' | 'tomorrow' | 'monday';
  until: Date;
}

const EVENING = 18;
const MORNING = 9;
const MONDAY = 1;

/** The moments to choose from, soonest first; the evening only while it lies more than an hour ahead. */
export function snoozeTimes(now: Date): SnoozeTime[] {
  const hour = new Date(now.getTime() + 3_600_000);
  const evening = at(now, 0, EVENING);
  const times: SnoozeTime[] = [{ name: 'hour', until: hour }];
  if (evening > hour) times.push({ name: 'evening', until: evening });
  times.push({ name: 'tomorrow', until: at(now, 1, MORNING) });
  const days = (MONDAY - now.getDay() + 7) % 7 || 7;
  if (days > 1) times.push({ name: 'monday', until: at(now, days, MORNING) });
  return times;
}

function at(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}
