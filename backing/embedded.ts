import type { Clock } from '#contract/clock.ts';
import { embeddedAnswers } from './answers/embedded.ts';
import { catalogueSchema, embeddedCatalogue } from './catalogue/embedded.ts';
import { countersSchema, embeddedCounters } from './counters/embedded.ts';
import { embeddedProfiles, profilesSchema } from './profiles/embedded.ts';
import { openDatabase } from './sqlite.ts';
import { embeddedVectors, vectorsSchema } from './vectors/embedded.ts';

/**
 * The embedded stores of derived state, in one folder. Counters and vectors have a file each, so that neither
 * view needs the other's. What they commit survives the loss of power, since the offsets that the log commits
 * after it do: a view that fell behind its offsets would lack those events for good. Only a folder that is
 * thrown away anyhow may do without, by `synchronous: 'normal'`.
 */
export function openStores({
  path,
  clock,
  synchronous = 'full',
}: {
  path: (name: string) => string;
  clock: Clock;
  synchronous?: 'full' | 'normal';
}) {
  const views = openDatabase(path('views.db'), {
    synchronous,
    schema: [catalogueSchema, countersSchema, profilesSchema].join(';'),
  });
  const vectors = openDatabase(path('vectors.db'), { synchronous, schema: vectorsSchema });
  const profiles = embeddedProfiles(views);
  return {
    catalogue: embeddedCatalogue(views),
    profiles: profiles.profiles,
    counters: embeddedCounters(views, profiles),
    vectors: embeddedVectors(vectors),
    answers: embeddedAnswers({ clock }),
    close() {
      views.close();
      vectors.close();
    },
  };
}
export type Stores = ReturnType<typeof openStores>;
