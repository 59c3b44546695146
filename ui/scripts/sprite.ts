import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';
import { ICONS } from '../src/icons.ts';

const FILE = 'icons.svg';
const MODULE = 'virtual:sprite';

/** Makes one sprite of the Lucide icons named in `src/icons.ts` and tells the window its address. */
export function sprite(): Plugin {
  let build = false;
  let reference = '';
  return {
    name: 'sprite',
    configResolved(config) {
      build = config.command === 'build';
    },
    buildStart() {
      if (build) reference = this.emitFile({ type: 'asset', name: FILE, source: drawSprite() });
    },
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      const address = build ? `import.meta.ROLLUP_FILE_URL_${reference}` : JSON.stringify(`/${FILE}`);
      return `export default ${address};`;
    },
    configureServer(server) {
      server.middlewares.use(`/${FILE}`, (_request, response) => {
        response.setHeader('content-type', 'image/svg+xml');
        response.end(drawSprite());
      });
    },
  };
}

function drawSprite(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('lucide-static/package.json'));
  const symbols = ICONS.map((name) => {
    const svg = readFileSync(join(folder, 'icons', `${name}.svg`), 'utf8');
    const inner = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`;
  });
  return `<!-- Icons: Lucide, ISC licence. --><svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
}
