import { writeSync } from 'node:fs';
import { openFolderObjects } from '#backing/objects/folder.ts';

/** Creates and counts until it is killed, and says what is done. Several of these run on one folder. */
const [folder = '', name = ''] = process.argv.slice(2);
const objects = openFolderObjects({ folder });
const { signal } = new AbortController();
const say = (line: object) => void writeSync(1, `${JSON.stringify(line)}\n`);
const codeOf = (error: unknown) => (error as { code?: string }).code;

for (let round = 0; ; round++) {
  const body = new TextEncoder().encode(`${name} `.repeat(5_000));
  await objects.create(`race/${round}`, body, signal).then(
    () => say({ created: round }),
    (error: unknown) => {
      if (codeOf(error) !== 'object_exists') throw error;
    },
  );
  const found = await objects.get('count', signal);
  const next = Number(new TextDecoder().decode(found?.body ?? new Uint8Array())) + 1;
  const count = new TextEncoder().encode(String(next));
  const counting = found
    ? objects.replace('count', count, found.etag, signal)
    : objects.create('count', count, signal);
  await counting.then(
    () => say({ counted: next }),
    (error: unknown) => {
      if (!['object_changed', 'object_exists'].includes(codeOf(error) ?? '')) throw error;
    },
  );
}
