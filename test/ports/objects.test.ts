import { openFolderObjects } from '#backing/objects/folder.ts';
import { temporaryFolder } from '../support/folder.ts';
import { memoryObjects } from '../support/memory-objects.ts';
import { objectsContract } from './objects.contract.ts';

objectsContract({
  name: 'folder',
  async open() {
    const folder = await temporaryFolder();
    const again = () => openFolderObjects({ folder });
    return { objects: again(), again };
  },
});

objectsContract({
  name: 'memory',
  async open() {
    const { again, ...objects } = memoryObjects();
    return { objects, again };
  },
});
