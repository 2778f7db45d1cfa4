import { openFolderObjects } from '#backing/objects/folder.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type ArchiveSubject, archiveContract } from './archive.contract.ts';
import { archiveRewritingContract } from './archive-rewriting.contract.ts';

const folder: ArchiveSubject = {
  name: 'folder',
  runs: 25,
  async open() {
    const folder = await temporaryFolder();
    const again = () => openFolderObjects({ folder });
    return { objects: again(), again };
  },
};
archiveContract(folder);
archiveRewritingContract(folder);
