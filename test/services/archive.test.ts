import { onTestFinished } from 'vitest';
import { openS3Objects } from '#backing/objects/s3.ts';
import { archiveContract } from '../ports/archive.contract.ts';
import { emptied } from '../support/emptied-objects.ts';
import { newPrefix, onS3 } from './s3.ts';

onS3((settings) => {
  archiveContract({
    name: 's3',
    runs: 15,
    async open() {
      const here = { ...settings, prefix: newPrefix() };
      onTestFinished(() => emptied(here));
      const again = () => openS3Objects(here);
      return { objects: await again(), again };
    },
  });
});
