import { join } from 'node:path';
import { openLog } from '#backing/log/embedded.ts';
import { temporaryFolder } from '../support/folder.ts';
import { logContract } from './log.contract.ts';

logContract({
  name: 'embedded',
  async open() {
    const file = join(await temporaryFolder(), 'log.db');
    const openHere = () => openLog({ file, backoff: { base_ms: 1, max_ms: 2 } });
    let log = openHere();
    return {
      log,
      async reopen() {
        await log.close();
        log = openHere();
        return log;
      },
      close: () => log.close(),
    };
  },
});
