import { writeSync } from 'node:fs';
import { checkpointsIn } from '../../../infra/local/files/checkpoint.ts';
import { openRecords } from '../../../infra/local/files/records.ts';
import { catchUp } from '../../../infra/local/stack/catch-up.ts';
import { connect } from '../../../infra/local/stack/connect.ts';
import { importInto } from './import-into.ts';

/** A process that imports into a folder, and tells each step it has made in a line, until it is killed at one. */
const [data = '', campaigns = '', events = '', until = 'Infinity'] = process.argv.slice(2);
const signal = new AbortController().signal;
let steps = 0;
const step = (what: string) => {
  writeSync(1, `${what}\n`);
  steps += 1;
  // Here and now: who reads the lines would kill it at some later step, or none.
  if (steps === Number(until)) process.kill(process.pid, 'SIGKILL');
};

const connection = await connect({ data, clock: Date.now });
const progress = <T>(what: string, _total: number, work: (at: (done: number) => void) => Promise<T>) =>
  work((done) => step(`${what} ${done}`));
const imported = await importInto(connection, {
  campaigns: await openRecords(campaigns),
  events: await openRecords(events),
  progress,
  checkpoint: checkpointsIn(data, 'demo'),
});
await catchUp({ read: connection.standing, progress, signal });
imported.done();
await connection.close();
step('done');
