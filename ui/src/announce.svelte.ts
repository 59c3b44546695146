/** What screen readers hear: changes politely, breaches and refusals at once. */
class Announcements {
  polite = $state('');
  urgent = $state('');

  /** Says something when there is a pause. */
  say(text: string) {
    this.polite = text;
  }

  /** Says something at once. */
  interrupt(text: string) {
    this.urgent = text;
  }
}

export const announcements = new Announcements();
