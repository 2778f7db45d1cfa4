import { openRecords } from '../../../infra/local/files/records.ts';
import { catchUp } from '../../../infra/local/stack/catch-up.ts';
import { connect } from '../../../infra/local/stack/connect.ts';
import { importInto } from './import-into.ts';

/** A process that imports into a folder, and tells each step it has made in a line, so that it can be killed there. */
const [data = '', campaigns = '', events = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const step = (what: string) => process.stdout.write(`${what}\n`);

const connection = await connect({ data, clock: Date.now });
const progress = <T>(what: string, _total: number, work: (at: (done: number) => void) => Promise<T>) =>
  work((done) => step(`${what} ${done}`));
await importInto(connection, {
  campaigns: await openRecords(campaigns),
  events: await openRecords(events),
  progress,
});
await catchUp({ read: connection.standing, progress, signal });
await connection.close();
step('done');
