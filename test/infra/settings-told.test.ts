import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { everySetting } from '#backing/open/open-ports.ts';
import { operationsSettings } from '#backing/open/operations.ts';
import type { RoleName } from '#backing/open/port.ts';
import { SERVICES } from '../../infra/services/all.ts';
import { gatewayRole, viewsRole } from '../../ingest/roles.ts';
import { originRole } from '../../origin/role.ts';

const ROLES = [gatewayRole, viewsRole, originRole];
const NAMES: readonly RoleName[] = ['gateway', 'views', 'origin'];
/** What a role reads of its environment, whatever is chosen. */
const readBy = (name: RoleName) => {
  const own = ROLES.find((role) => role.name === name)?.settings;
  return Object.keys({ ...everySetting([name]), ...operationsSettings([name]), ...own });
};
const ALL = [...new Set(NAMES.flatMap(readBy))].sort();

describe('every variable that the tiers read', () => {
  test('stands in the table of the README, with those who read it, and no other does', async () => {
    const readme = await readFile('README.md', 'utf8');
    const rows = [...readme.matchAll(/^\| (`[A-Z][A-Z0-9_]+`(?:, `[A-Z0-9_]+`)*) +\| ([\w, ]+?) +\|/gm)];
    const told = new Map<string, string[]>();
    for (const [, names = '', roles = ''] of rows)
      for (const [, name = ''] of names.matchAll(/`([A-Z0-9_]+)`/g)) told.set(name, roles.split(', '));
    expect([...told.keys()].sort()).toEqual(ALL);
    for (const [variable, roles] of told) {
      const readers = NAMES.filter((name) => readBy(name).includes(variable));
      expect(`${variable}: ${roles.sort()}`).toBe(`${variable}: ${readers.sort()}`);
    }
  });

  test('stands in the example of an environment, which names nothing that nobody reads', async () => {
    const example = await readFile('infra/services.env.example', 'utf8');
    const told = [...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
    expect(new Set(told).size).toBe(told.length);
    const services = SERVICES.flatMap(({ env, ports }) => Object.keys(env(ports)));
    expect(told.sort()).toEqual([...new Set([...ALL, ...services])].sort());
  });
});
