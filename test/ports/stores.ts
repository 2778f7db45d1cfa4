import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStores, type Stores } from '#backing/embedded.ts';
import { temporaryFolder } from '../support/folder.ts';

/** The embedded stores in a folder of their own, closed and removed when the test has finished. */
export async function embeddedStores(): Promise<Stores> {
  const folder = await temporaryFolder();
  const stores = openStores({ path: (name) => join(folder, name), clock: Date.now });
  onTestFinished(() => stores.close());
  return stores;
}
