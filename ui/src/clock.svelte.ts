import { MINUTE } from './format/time';

/** The minute hand of the window: rings and ages redraw when it moves, once a minute. */
class Clock {
  now = $state(Date.now());

  /** Looks at the time now, and then once a minute until the returned function is called. */
  start(): () => void {
    const look = () => (this.now = Date.now());
    look();
    const timer = setInterval(look, MINUTE);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }
}

export const clock = new Clock();
