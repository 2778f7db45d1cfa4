import { writeSync } from 'node:fs';
import { objectArchive } from '#backing/archive/in-objects.ts';
import { openFolderObjects } from '#backing/objects/folder.ts';
import { rowsOf, whose } from '../../ports/archive.records.ts';

/** Appends, compacts and forgets on one folder until it is killed, and says what is done. Several of these run at once. */
const [folder = '', forgets = ''] = process.argv.slice(2);
const archive = objectArchive(openFolderObjects({ folder }));
const { signal } = new AbortController();
const rows = rowsOf(1_000);
const say = (line: object) => void writeSync(1, `${JSON.stringify(line)}\n`);
const codeOf = (error: unknown) => (error as { code?: string }).code;

const reached = async () => {
  let next = 0;
  for await (const entry of archive.entries(whose, signal)) next = entry.next_offset;
  return next;
};

for (let at = await reached(); ; at = await reached()) {
  const records = rows.slice(Math.max(0, at - 3), at + 7);
  await archive.append({ ...whose, from: Math.max(0, at - 3), records }, signal);
  say({ covered: at + 7 });
  await archive.compact({ now_ms: 0, large: { rows: 60, bytes: 1e9, hours: 1e9 } }, signal);
  say({ compacted: true });
  if (forgets === '') continue;
  const person = { tenant_id: 'acme', user_id: forgets, forgotten_at: '2027-01-01T00:00:00.000Z' };
  await archive.forget([person], signal).catch((error: unknown) => {
    if (codeOf(error) !== 'archive_busy') throw error;
  });
  say({ forgot: true });
}
