import { type LearntTables, noTables, openTables } from '../embedder/learnt/tables.ts';
import type { Report } from '../http/report.ts';
import { openFolderObjects } from '../objects/folder.ts';
import { openS3Objects } from '../objects/s3.ts';
import { bucketOf, checkS3, s3Settings } from './archive.ts';
import { type Part, port, shared } from './port.ts';

/** The embedded ones, in a folder of their own. */
export function openLearnt(folder: string, report: Report): Promise<LearntTables> {
  return openTables(openFolderObjects({ folder }), { report });
}

const folder: Part<LearntTables> = {
  own: true,
  in_folder: true,
  settings: {},
  open: (_read, { path, report }) => openLearnt(path('learnt'), report),
};

/** Where what tenants had learnt from their own texts is kept. */
export const learnt = port({
  variable: 'LEARNT',
  users: ['views', 'origin'],
  parts: {
    none: shared({ settings: {}, open: async (): Promise<LearntTables> => noTables }),
    s3: shared({
      settings: s3Settings,
      check: checkS3,
      open: async (read, { report }): Promise<LearntTables> =>
        openTables(await openS3Objects(bucketOf(read)), { report }),
    }),
    embedded: folder,
  },
});
