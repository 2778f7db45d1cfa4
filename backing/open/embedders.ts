import type { Embedders } from '../embedder/embedders.ts';
import { httpSettings, openEmbedders } from '../embedder/open.ts';
import { type Closable, port, shared } from './port.ts';

type Opened = Embedders & Closable;

/** An embedder over HTTP, alone or with the hashing one: the first is that of tenants which were never switched. */
function overHttp(...names: readonly ('http' | 'hashing')[]) {
  return shared({
    settings: httpSettings,
    open: (settings, { report }): Promise<Opened> =>
      openEmbedders(
        names.map((name) => (name === 'http' ? { name, settings } : { name })),
        report,
      ),
  });
}

/** What makes vectors of texts. Two side by side are for while one is rolled out: the views write those of both. */
export const embedders = port({
  variable: 'EMBEDDER',
  users: ['views', 'origin'],
  parts: {
    // It keeps nothing, so that each process may have its own.
    hashing: shared({
      settings: {},
      open: (_read, { report }): Promise<Opened> => openEmbedders([{ name: 'hashing' }], report),
    }),
    http: overHttp('http'),
    'hashing,http': overHttp('hashing', 'http'),
    'http,hashing': overHttp('http', 'hashing'),
  },
});
