import { onTestFinished } from 'vitest';
import { openS3Objects } from '#backing/objects/s3.ts';
import { type ArchiveSubject, archiveContract } from '../ports/archive.contract.ts';
import { archiveRewritingContract } from '../ports/archive-rewriting.contract.ts';
import { emptied } from '../support/emptied-objects.ts';
import { newPrefix, onS3 } from './s3.ts';

onS3((settings) => {
  const s3: ArchiveSubject = {
    name: 's3',
    runs: 15,
    async open() {
      const here = { ...settings, prefix: newPrefix() };
      onTestFinished(() => emptied(here));
      const again = () => openS3Objects(here);
      return { objects: await again(), again };
    },
  };
  archiveContract(s3);
  archiveRewritingContract(s3);
});
