/**
 * Runs something at most once at a time. Whoever asks while it runs gets one more run after it, so
 * that many hints in a row lead to two runs and the last one sees everything.
 */
export function coalesced(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;

  async function loop(): Promise<void> {
    do {
      again = false;
      await run();
    } while (again);
  }

  return () => {
    if (running) again = true;
    else running = loop().finally(() => (running = null));
    return running;
  };
}
