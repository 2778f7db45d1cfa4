import { devNull } from 'node:os';
import { answers } from './answering.ts';
import { type Context, placeOf, portsNow } from './context.ts';
import { lives } from './identity.ts';
import { dataOf } from './place.ts';
import { readRecord } from './record.ts';
import type { Service } from './service.ts';

/** How a service stands. One that was started and is no more has `ended`; one may be `silent` while it starts. */
export type Status = {
  readonly name: string;
  readonly state: 'ready' | 'silent' | 'ended' | 'stopped' | 'not installed';
  readonly port: number;
  readonly pid: number | null;
  readonly version: string | null;
  readonly data: string;
};

/** Looks, and changes nothing. */
export async function statusOf(context: Context, service: Service): Promise<Status> {
  const { folders } = context;
  const ports = portsNow(context, service);
  const known = { name: service.name, port: ports.main, data: dataOf(folders, service.name) };
  const record = readRecord(folders, service.name);
  if (record && lives(record.process)) {
    const state = (await answers(service, ports)) ? 'ready' : 'silent';
    return { ...known, state, pid: record.process.pid, version: record.version };
  }
  const version = await service.installed(placeOf(context, service, devNull));
  const state = record ? 'ended' : version ? 'stopped' : 'not installed';
  return { ...known, state, pid: null, version };
}

/** A table for people, one line a service. */
export function statusText(statuses: readonly Status[]): string {
  const rows = [
    ['NAME', 'STATE', 'PORT', 'PID', 'VERSION', 'DATA'],
    ...statuses.map(({ name, state, port, pid, version, data }) =>
      [name, state, port, pid ?? '-', version ?? '-', data].map(String),
    ),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
