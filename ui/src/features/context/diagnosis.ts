import { unmasked } from '../../format/mask';
import { date, duration, HOUR, stamp } from '../../format/time';
import type { Diagnosis, DiagnosisFact, DiagnosisReason, NextStep } from '../../ipc';
import { m } from '../../paraglide/messages';
import { parcelDetailWord, parcelWord } from '../../words';

type Kind = DiagnosisFact['kind'];
type Of<K extends Kind> = Extract<DiagnosisFact, { kind: K }>;

/** What speaks first: the rest of the reasons only says where these were read. */
const ORDER: Kind[] = [
  'customer_misses',
  'contradiction',
  'silent_for',
  'promised',
  'wait_over',
  'waits_until',
  'detail',
  'attempts',
  'not_paid',
  'called_off',
  'available_from',
  'ship_by',
  'handling_time',
  'waiting',
  'handed_over',
  'label_made',
  'last_scan',
  'from_the_future',
];

/** The reasons as sentences, the most telling first. */
export function sentences(diagnosis: Diagnosis, now: number): string[] {
  const { reasons } = diagnosis;
  const find = <K extends Kind>(kind: K) => reasons.find((reason) => reason.what.kind === kind)?.what as Of<K> | undefined;
  const usual = find('usual_gap');
  const late = find('days_late');
  const telling = reasons
    .filter((reason) => ORDER.includes(reason.what.kind))
    .sort((a, b) => ORDER.indexOf(a.what.kind) - ORDER.indexOf(b.what.kind));
  // The last scan stands below with its parcel, unless nothing else is known.
  const said = telling.filter((reason) => reason.what.kind !== 'last_scan' || telling.length === 1);
  return said.map((reason) => sentence(reason, { usual, late }, now)).filter((text) => text !== null);
}

interface Beside {
  usual: Of<'usual_gap'> | undefined;
  late: Of<'days_late'> | undefined;
}

function sentence({ what, at }: DiagnosisReason, { usual, late }: Beside, now: number): string | null {
  const day = at === null ? '' : date(at, now);
  switch (what.kind) {
    case 'silent_for': {
      const length = hours(what.hours);
      return usual ? m.diag_silent_usual({ length, usual: hours(usual.hours) }) : m.diag_silent({ length });
    }
    case 'promised':
      return late ? m.diag_promised_late({ date: day, days: late.days }) : m.diag_promised({ date: day });
    case 'ship_by':
    case 'handling_time':
      return at !== null && Date.parse(at) < now ? m.diag_ship_by_over({ date: day }) : m.diag_ship_by({ date: day });
    case 'available_from':
      return m.diag_available({ date: day });
    case 'waiting':
      return what.pieces === 1 ? m.diag_waiting_one() : m.diag_waiting({ n: what.pieces });
    case 'last_scan': {
      // What the carrier says, and where, may be hidden for this role.
      const said = unmasked(what.text) ?? m.masked();
      const place = unmasked(what.place);
      const text = place === null ? said : m.parcel_place({ text: said, place });
      return m.diag_last({ date: at === null ? '' : stamp(at, now), text });
    }
    case 'label_made':
      return m.diag_label({ date: day });
    case 'detail':
      return `${capital(parcelDetailWord[what.detail]())}.`;
    case 'attempts':
      return what.count === 1 ? m.diag_attempts_one() : m.diag_attempts({ n: what.count });
    case 'waits_until':
      return m.diag_waits({ date: day });
    case 'wait_over':
      return m.diag_wait_over({ date: day });
    case 'handed_over':
      return at === null ? null : m.diag_handed({ date: stamp(at, now) });
    case 'customer_misses':
      return m.diag_missed({ date: at === null ? '' : stamp(at, now) });
    case 'called_off':
      return m.diag_called_off();
    case 'not_paid':
      return m.diag_not_paid();
    case 'contradiction':
      return m.diag_contradiction({ record: parcelWord[what.record](), event: parcelWord[what.event]() });
    case 'from_the_future':
      return m.diag_future({ n: what.events });
    default:
      return null;
  }
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** Silences are told in hours up to four days: `54 h`. */
function hours(count: number): string {
  return count < 96 ? m.length_hours({ n: count }) : duration(count * HOUR);
}

/** Whether somebody else takes the step, who has to know what is to be done. */
export function isHandedOver(step: NextStep): boolean {
  return ['ask_warehouse', 'chase_carrier', 'start_trace', 'reship', 'refund'].includes(step);
}
