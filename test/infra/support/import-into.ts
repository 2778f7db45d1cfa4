import { importKeys, type Key } from '#contract/signature.ts';
import type { OpenCheckpoint } from '../../../infra/local/files/checkpoint.ts';
import { gatewayClient } from '../../../infra/local/files/gateway-client.ts';
import { type Imported, importFiles } from '../../../infra/local/files/import-files.ts';
import type { Records } from '../../../infra/local/files/records.ts';
import type { Rejects } from '../../../infra/local/files/rejects.ts';
import type { Connection } from '../../../infra/local/stack/connect.ts';
import { noProgress, type Progress } from '../../../infra/local/terminal/progress.ts';

export type Into = {
  campaigns?: Records | null;
  events?: Records | null;
  progress?: Progress;
  rejects?: Rejects;
  checkpoint?: OpenCheckpoint;
};

/** Imports files through a connection, in small requests, so that there is a middle to be cut off in. */
export async function importInto(
  { keys, gateway_url: url }: Pick<Connection, 'keys' | 'gateway_url'>,
  {
    campaigns = null,
    events = null,
    progress = noProgress,
    rejects = { path: '', write() {} },
    checkpoint,
  }: Into,
): Promise<Imported> {
  const [key] = (await importKeys([keys.gateway])) as [Key];
  const signal = new AbortController().signal;
  const send = gatewayClient({ url, key, tenant_id: 'demo', clock: Date.now, signal });
  return importFiles({
    campaigns,
    events,
    send,
    rejects,
    progress,
    max_lines: 500,
    ...(checkpoint && { checkpoint }),
  });
}
