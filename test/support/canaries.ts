import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A word that stands nowhere by chance, and fits into every field. */
export const canary = () => `canary-${randomBytes(12).toString('hex')}`;

/**
 * The files below a folder in whose bytes one of the words stands, with the first such word. What is compressed has to
 * be read by whoever wrote it.
 */
export async function filesWith(
  folder: string,
  words: readonly string[],
  isLookedAt: (file: string) => boolean = () => true,
): Promise<{ file: string; word: string }[]> {
  const found: { file: string; word: string }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isLookedAt(file)) continue;
    const bytes = await readFile(file);
    const word = words.find((one) => bytes.includes(one));
    if (word !== undefined) found.push({ file, word });
  }
  return found;
}

/** As a command: `npx node test/support/canaries.ts FOLDER WORD…` names the files, and fails where there are any. */
if (pathToFileURL(process.argv[1] ?? '').href === import.meta.url) {
  const [folder, ...words] = process.argv.slice(2);
  if (!folder || words.length === 0) throw new Error('Say a folder, and the words to look for');
  const found = await filesWith(folder, words);
  for (const { file, word } of found) console.log(`${file}: ${word}`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
