import { onTestFinished } from 'vitest';
import type { Service } from '../../infra/services/service.ts';
import { temporaryFolder } from '../support/folder.ts';
import { NotInstalled, type OwnServer, startOwnServer } from '../support/own-server.ts';

export type OwnService = Omit<OwnServer, 'pid' | 'ended'>;

/**
 * A server that a test may kill and start again, on data of its own; gone when the test has finished. Where it is
 * not installed the test is skipped, loudly; with EDGEWISE_SERVICES_REQUIRED=1 it fails.
 */
export async function ownService(service: Service, skip: (why: string) => never): Promise<OwnService> {
  const folder = await temporaryFolder();
  try {
    const server = await startOwnServer(service, folder);
    onTestFinished(() => server.end());
    return server;
  } catch (error) {
    if (!(error instanceof NotInstalled) || process.env['EDGEWISE_SERVICES_REQUIRED'] === '1') throw error;
    console.warn(`SKIPPED, ${error.message}`);
    return skip(error.message);
  }
}
