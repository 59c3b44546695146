import { CallFailed, type Account, type AuditCheck, type AuditEntry, type AuditExported, type AuditQuery, type Call } from '../../ipc';
import type { AuditAction } from './words';

/** What the trail is looked through for. Days are whole days of this computer's calendar. */
export interface Filter {
  from: string;
  until: string;
  action: AuditAction | '';
  actor: string;
  customer: string;
}

const EVERYTHING: Filter = { from: '', until: '', action: '', actor: '', customer: '' };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The auditors' view: read from the gateway a page at a time, never kept here. */
export class AuditTrail {
  filter = $state<Filter>({ ...EVERYTHING });
  /** Newest first; `null` before the first answer. */
  entries = $state.raw<AuditEntry[] | null>(null);
  error = $state<CallFailed | null>(null);
  busy = $state(false);
  /** Whose names are known here. */
  colleagues = $state.raw<readonly Account[]>([]);
  /** Where the keys are. */
  at = $state(0);
  /** What came out when the gateway read all of it; `null` before the first time. */
  check = $state.raw<AuditCheck | null>(null);
  checkError = $state<CallFailed | null>(null);
  checking = $state(false);
  /** The file of the last export. */
  exported = $state.raw<AuditExported | null>(null);
  exporting = $state(false);

  readonly #call: Call;
  #next = $state<string | null>(null);
  /** Counts questions, so that an older answer does not overwrite a newer one. */
  #turn = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  get more(): boolean {
    return this.#next !== null;
  }

  get chosen(): AuditEntry | undefined {
    return this.entries?.[this.at];
  }

  /** Whether anything is left out. */
  get filtered(): boolean {
    return Object.values(this.filter).some((value) => value !== '');
  }

  /** Whether everything that was typed can be read. */
  get fine(): boolean {
    return query(this.filter) !== null;
  }

  /** Whether one of the two days can be. */
  readable(day: 'from' | 'until'): boolean {
    return moment(this.filter[day], 0) !== null;
  }

  /** Reads the newest page, and has the trail checked when it was not yet. */
  async open(): Promise<void> {
    if (this.check === null) void this.checkNow();
    await this.ask();
  }

  /** Has the gateway read the whole trail again. */
  async checkNow(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      this.check = await this.#call('check_audit', {});
      this.checkError = null;
    } catch (thrown) {
      this.checkError = CallFailed.from(thrown);
    } finally {
      this.checking = false;
    }
  }

  /** Writes everything that is looked for into a file. */
  async export(): Promise<void> {
    const asked = query(this.filter);
    if (asked === null || this.exporting) return;
    this.exporting = true;
    this.exported = null;
    try {
      this.exported = await this.#call('export_audit', asked);
      this.error = null;
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
    } finally {
      this.exporting = false;
    }
  }

  /** Reads the newest page of what is looked for. */
  async ask(): Promise<void> {
    await Promise.all([this.#read(null), this.learnNames()]);
  }

  /** Reads the page behind the last one. */
  older(): Promise<void> {
    return this.#next === null || this.busy ? Promise.resolve() : this.#read(this.#next);
  }

  /** Looks for something else. */
  look(filter: Partial<Filter>): Promise<void> {
    this.filter = { ...this.filter, ...filter };
    return this.ask();
  }

  /** Looks at everything again. */
  clear(): Promise<void> {
    return this.look(EVERYTHING);
  }

  /** Moves the keys; at the end the next page is read. */
  move(step: number) {
    const last = (this.entries?.length ?? 0) - 1;
    this.at = Math.max(0, Math.min(last, this.at + step));
    if (this.at === last && step > 0) void this.older();
  }

  /** Learns who works here, once the copy knows it. */
  async learnNames(): Promise<void> {
    if (this.colleagues.length > 0) return;
    // Without names the ends of their ids stand there.
    this.colleagues = await this.#call('colleagues', {}).catch(() => []);
  }

  async #read(cursor: string | null): Promise<void> {
    const asked = query(this.filter);
    if (asked === null) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.busy = true;
    try {
      const page = await this.#call('audit', cursor === null ? asked : { ...asked, cursor });
      if (turn !== this.#turn) return;
      this.entries = cursor === null ? page.entries : [...(this.entries ?? []), ...page.entries];
      if (cursor === null) this.at = 0;
      this.#next = page.next;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = CallFailed.from(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** The question to the gateway, or `null` while something of it cannot be read. */
export function query({ from, until, action, actor, customer }: Filter): AuditQuery | null {
  const first = moment(from, 0);
  const end = moment(until, 1);
  const whose = customer.trim();
  if (first === null || end === null) return null;
  return {
    ...(first && { from: first }),
    ...(end && { until: end }),
    ...(action && { action }),
    ...(actor && { actor }),
    ...(whose && { customer: whose }),
  };
}

/** The first moment of a day, or of the day `later` days after it. */
function moment(day: string, later: number): string | null {
  const text = day.trim();
  if (text === '') return '';
  if (!DAY.test(text)) return null;
  const at = new Date(`${text}T00:00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
