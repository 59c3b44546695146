// Runs before the first paint, so that no theme flashes. `src/theme.svelte.ts` is its other half.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('theme');
  } catch {
    // A window without storage follows the system.
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
