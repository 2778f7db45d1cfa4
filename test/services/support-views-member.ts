import { createInterface } from 'node:readline';
import { embeddedAnswers } from '#backing/answers/embedded.ts';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { openPostgres } from '#backing/postgres/open.ts';
import { countersView } from '../../ingest/views/counters.ts';
import { runViews } from '../../ingest/views/run-views.ts';
import { testOptions } from './support-kafka.ts';

/**
 * A member of the counters' group in a process of its own. It holds its first batch until it is told to go on, and
 * then writes it, whoever's it is by now: as a process does that was stopped between its last look and the write.
 */
const [broker, prefix, url, schema] = process.argv.slice(2) as [string, string, string, string];
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const say = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);
const report = () => {};

const log = await openKafkaLog({ ...testOptions([broker], prefix), session_timeout_ms: 6_000 });
const postgres = openPostgres({ url, schema, application_name: 'member', report });
const view = countersView({ counters: postgresCounters(postgres), catalogue: postgresCatalogue(postgres) });
const ended = Promise.withResolvers<void>();
let batches = 0;
const { close } = await runViews(
  [
    {
      ...view,
      max_records: 5,
      async write(records, hand) {
        if (batches++ > 0) return ended.promise;
        say({ held: records.events.length + records.campaigns.length });
        await lines.next();
        // Its own signal has been aborted, which a process that stood still does not know yet.
        await view.write(records, { ...hand, signal: new AbortController().signal });
        let stale = false;
        try {
          hand.stillOurs();
        } catch (error) {
          stale = true;
          throw error;
        } finally {
          say({ wrote: true, stale });
          ended.resolve();
        }
      },
    },
  ],
  {
    log,
    answers: embeddedAnswers({ clock: Date.now, max_epochs: 1000 }),
    clock: Date.now,
    members: 1,
    onError: () => {},
  },
);
await ended.promise;
await close();
await log.close();
await postgres.close();
process.exit(0);
