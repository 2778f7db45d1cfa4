import type { Folder } from '../folder.ts';
import { type Serving, servingOf } from '../view-versions/serving.ts';
import { openSwitches, switchFiles } from './switches.ts';

/** The versions of the views that serve in a folder of the embedded stores. */
export async function servingIn({ path }: Pick<Folder, 'path'>): Promise<Serving> {
  const { viewVersions, close } = openSwitches(switchFiles(path), 'full');
  try {
    return await servingOf(viewVersions, new AbortController().signal);
  } finally {
    close();
  }
}
