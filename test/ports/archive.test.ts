import { openFolderObjects } from '#backing/objects/folder.ts';
import { temporaryFolder } from '../support/folder.ts';
import { archiveContract } from './archive.contract.ts';

archiveContract({
  name: 'folder',
  runs: 25,
  async open() {
    const folder = await temporaryFolder();
    const again = () => openFolderObjects({ folder });
    return { objects: again(), again };
  },
});
