import { writeSync } from 'node:fs';
import { openLog } from '#backing/log/embedded.ts';
import { topics } from '#contract/topics.ts';

/** Appends and consumes until it is killed, and says line by line what it was promised. */
const log = openLog({ file: process.argv[2] as string });
const { signal } = new AbortController();
const say = (line: unknown) => void writeSync(1, `${JSON.stringify(line)}\n`);

await log.consume({
  group: 'reader',
  topics: [topics.events],
  max_records: 50,
  async handle({ topic, partition, records }) {
    const committed = (await log.committed('reader', topic, signal))[partition];
    say({ partition, committed, handing: records[0]?.offset });
  },
  onError(error) {
    throw error;
  },
});

for (let round = 0; ; round++) {
  const appends = Array.from({ length: 5 }, async (_, at) => {
    const name = `${round}.${at}`;
    const message = { key: name, value: new TextEncoder().encode(name.repeat(50)) };
    const [place] = await log.append(topics.events, [message], signal);
    say({ name, place });
  });
  await Promise.all(appends);
}
