import { createInterface } from 'node:readline';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { topics } from '#contract/topics.ts';
import { testOptions } from './support-kafka.ts';

/** A member of a group in a process of its own: holds its first batch until it is told to go on, and says what it sees. */
const [brokers, prefix, group, session_timeout_ms] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const say = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);

const log = await openKafkaLog({
  ...testOptions([brokers], prefix),
  session_timeout_ms: Number(session_timeout_ms),
});
const ended = Promise.withResolvers<void>();
let batches = 0;
const { stop } = await log.consume({
  group,
  topics: [topics.events],
  max_records: 5,
  async handle(batch) {
    if (batches++ > 0) return;
    say({ partition: batch.partition, first: batch.records[0]?.offset, stale: batch.isStale() });
    await lines.next();
    say({ stale: batch.isStale(), aborted: batch.signal.aborted });
    ended.resolve();
  },
  onError: (error) => say({ error: String(error) }),
});
await ended.promise;
await stop();
await log.close();
say({ closed: true, batches });
process.exit(0);
