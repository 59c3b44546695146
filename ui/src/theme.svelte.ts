/** What somebody chose; `public/theme.js` applies it before the first paint. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'theme';

class Theme {
  choice = $state<ThemeChoice>(read());

  /** Chooses a theme, shows it and remembers it. */
  choose(choice: ThemeChoice) {
    this.choice = choice;
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Without storage the choice holds until the window closes.
    }
  }
}

function read(): ThemeChoice {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new Theme();
