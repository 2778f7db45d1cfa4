import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { openPostgres } from '#backing/postgres/open.ts';
import { migrate, migrations } from '../../infra/run-migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import {
  activity,
  bystander,
  migratedSchema,
  newSchema,
  onPostgres,
  poolOn,
  postgresUrl,
  throughProxy,
  waitingForLock,
} from './postgres.ts';

const { signal } = new AbortController();
const SLEEP = { name: 'sleep', text: 'SELECT pg_sleep(600)' };
const PID = { name: 'pid', text: 'SELECT pg_backend_pid() AS pid' };
const TIMEOUT = { code: 'postgres_timeout', retryable: true, cause: { code: '57014' } };

onPostgres(() => {
  describe('deadlines', () => {
    test('a statement that takes too long is cut off by the server', async () => {
      const { postgres } = poolOn('public', { statement_timeout_ms: 50 });
      await expect(postgres.query(SLEEP, [], signal)).rejects.toMatchObject(TIMEOUT);
    });

    test('a transaction is cut off by the server at its own budget, and not tried again', async () => {
      const { postgres, reports } = poolOn('public');
      const sleeping = postgres.transaction((ask) => ask(SLEEP), { signal, budget_ms: 50 });
      await expect(sleeping).rejects.toMatchObject(TIMEOUT);
      expect(reports).toEqual([]);
    });

    test('the server knows the budget, and for that transaction alone', async () => {
      const { postgres } = poolOn('public', { connections: 1, statement_timeout_ms: 7_000 });
      const SHOWN = {
        name: 'shown',
        text: "SELECT setting::int AS ms FROM pg_settings WHERE name = 'statement_timeout'",
      };
      const shown = (budget_ms: number) =>
        postgres.transaction((ask) => ask<{ ms: number }>(SHOWN), { signal, budget_ms });
      const [limited] = await shown(2_000);
      expect(limited?.ms).toBeGreaterThan(0);
      expect(limited?.ms).toBeLessThanOrEqual(2_000);
      expect(await shown(60_000)).toEqual([{ ms: 7_000 }]);
      expect(await postgres.query(SHOWN, [], signal)).toEqual([{ ms: 7_000 }]);
    });

    test('an abort rejects at once, ends the statement on the server too, and costs no connection', async () => {
      const [{ postgres, application_name }, by] = [poolOn('public', { connections: 1 }), await bystander()];
      const [first] = await postgres.query<{ pid: number }>(PID, [], signal);
      const controller = new AbortController();
      const sleeping = postgres.query(SLEEP, [], controller.signal);
      await vi.waitFor(async () => {
        expect(await activity(by, application_name)).toMatchObject([{ pid: first?.pid, state: 'active' }]);
      });
      controller.abort(new Error('enough'));
      await expect(sleeping).rejects.toThrow('enough');
      expect(await postgres.query(PID, [], signal)).toEqual([first]);
    });

    test('a server that falls silent costs no more than the deadline and a grace', async () => {
      const { proxy, url } = await throughProxy();
      const { postgres } = poolOn('public', { url, statement_timeout_ms: 100, connect_timeout_ms: 100 });
      await postgres.query(PID, [], signal);
      proxy.blackHole();
      const silent = { code: 'postgres_unavailable', retryable: true };
      await expect(postgres.query(PID, [], signal)).rejects.toMatchObject(silent);
      await expect(postgres.query(PID, [], signal)).rejects.toMatchObject(silent);
      proxy.heal();
      expect(await postgres.query(PID, [], signal)).toHaveLength(1);
    });

    test('who waits for a connection can be aborted, and the connection is there for the next', async () => {
      const { postgres } = poolOn('public', { connections: 1 });
      const controller = new AbortController();
      await postgres.transaction(
        async () => {
          const waiting = postgres.query(PID, [], controller.signal);
          controller.abort(new Error('enough'));
          await expect(waiting).rejects.toThrow('enough');
        },
        { signal },
      );
      expect(await postgres.query(PID, [], signal)).toHaveLength(1);
    });
  });

  describe('connections', () => {
    test('there are never more than were allowed, and everybody is served', async () => {
      const { postgres } = poolOn('public', { connections: 3 });
      const rows = await Promise.all(
        Array.from({ length: 60 }, () => postgres.query<{ pid: number }>(PID, [], signal)),
      );
      expect(rows.flat()).toHaveLength(60);
      expect(new Set(rows.flat().map(({ pid }) => pid)).size).toBeLessThanOrEqual(3);
    });

    test('some stay open while nobody asks, and those beyond are given back', async () => {
      const [{ postgres, application_name }, by] = [poolOn('public', { connections: 8 }), await bystander()];
      await Promise.all(
        Array.from({ length: 8 }, () =>
          postgres.query({ name: 'slept', text: 'SELECT pg_sleep(0.2)' }, [], signal),
        ),
      );
      expect(await activity(by, application_name)).toHaveLength(8);
      const count = async () => (await activity(by, application_name)).length;
      await expect.poll(count, { timeout: 15_000, interval: 500 }).toBeLessThan(8);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(await count()).toBe(4);
    });

    test('who finds no connection free in time is told to come again', async () => {
      const { postgres } = poolOn('public', { connections: 1, connect_timeout_ms: 50 });
      await postgres.transaction(
        async () => {
          const waiting = postgres.query(PID, [], signal);
          await expect(waiting).rejects.toMatchObject({ code: 'postgres_unavailable', retryable: true });
        },
        { signal },
      );
    });

    test('when all connections were cut, what is asked next is answered', async () => {
      const [{ postgres, application_name, reports }, by] = [poolOn('public'), await bystander()];
      await Promise.all([1, 2, 3].map(() => postgres.query(PID, [], signal)));
      await by.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        application_name,
      ]);
      expect(await postgres.transaction((ask) => ask(PID), { signal })).toHaveLength(1);
      await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(1));
      expect(reports.every(({ level }) => level === 'warn')).toBe(true);
    });

    test('a connection cut between two statements of a transaction: it runs again', async () => {
      const [{ postgres }, by] = [poolOn('public'), await bystander()];
      let runs = 0;
      const pids = await postgres.transaction(
        async (ask) => {
          runs++;
          const [row] = await ask<{ pid: number }>(PID);
          if (runs === 1) await by.query('SELECT pg_terminate_backend($1)', [row?.pid]);
          return await ask(PID);
        },
        { signal },
      );
      expect([runs, pids.length]).toEqual([2, 1]);
    });

    test('a server that is not there is unavailable, by its name', async () => {
      const { postgres } = poolOn('public', { url: 'postgres://app:hidden@127.0.0.1:1/none' });
      await expect(postgres.query(PID, [], signal)).rejects.toMatchObject({
        code: 'postgres_unavailable',
        message: 'PostgreSQL at 127.0.0.1:1/none cannot be reached (ECONNREFUSED)',
      });
    });
  });

  describe('errors', () => {
    test('transactions that wait in a circle: one gives way, runs again, and both are done', async () => {
      const [schema, by] = [await migratedSchema(), await bystander()];
      const lock = (tenant: string) => ({
        name: `lock ${tenant}`,
        text: `INSERT INTO imported VALUES ('${tenant}', '') ON CONFLICT (tenant_id) DO UPDATE SET newest = ''`,
      });
      const [one, other] = [poolOn(schema), poolOn(schema)];
      const both = (
        { postgres }: typeof one,
        first: string,
        second: string,
        before: () => Promise<unknown>,
      ) =>
        postgres.transaction(
          async (ask) => {
            await ask(lock(first));
            await before();
            await ask(lock(second));
          },
          { signal },
        );
      const inner = Promise.withResolvers<void>();
      const outer = both(one, 'a', 'b', async () => {
        const started = both(other, 'b', 'a', async () => {});
        started.then(inner.resolve, inner.reject);
        // Later runs find the other done, or wait for it.
        await Promise.race([inner.promise, waitingForLock(by, other.application_name)]);
      });
      await Promise.all([outer, inner.promise]);
      const reports = [...one.reports, ...other.reports];
      expect(reports.map(({ error }) => (error as { code: string }).code)).toContain('postgres_conflict');
    });

    test('a single statement that writes and loses its connection is asked again, and is done', async () => {
      const [schema, by] = [await migratedSchema(), await bystander()];
      const { postgres, application_name, reports } = poolOn(schema);
      await by.query(`BEGIN; LOCK TABLE ${schema}.imported IN EXCLUSIVE MODE`);
      const text = "INSERT INTO imported VALUES ($1, '') ON CONFLICT (tenant_id) DO UPDATE SET newest = ''";
      const writing = postgres.write({ name: 'note', text }, ['a'], signal);
      await waitingForLock(by, application_name);
      await by.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        application_name,
      ]);
      await by.query('COMMIT');
      await writing;
      expect((await by.query(`SELECT * FROM ${schema}.imported`)).rows).toEqual([
        { tenant_id: 'a', newest: '' },
      ]);
      expect(reports.map(({ message }) => message)).toContain('a transaction is tried again');
    });

    test('what is refused is asked once, is coded, and tells nothing of the row', async () => {
      const { postgres } = poolOn(await migratedSchema());
      let runs = 0;
      const inserting = postgres.transaction(
        (ask) => {
          runs++;
          const text = 'INSERT INTO campaigns (tenant_id, campaign_id, version) VALUES ($1, $2, NULL)';
          return ask({ name: 'insert', text }, ['whose-row', 'which-row']);
        },
        { signal },
      );
      const error = await inserting.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'record_refused', retryable: false, cause: { code: '23502' } });
      expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/(whose|which)-row/);
      expect(runs).toBe(1);
    });

    test('a schema without tables says what to do', async () => {
      const { postgres } = poolOn(newSchema());
      const asking = postgres.query({ name: 'asked', text: 'SELECT FROM campaigns' }, [], signal);
      await expect(asking).rejects.toThrow('run its migrations (npm run migrate -- up)');
    });

    test('no failure tells the password', async () => {
      const right = new URL(postgresUrl());
      const address = (change: (url: URL) => void) => {
        const url = new URL(right);
        url.password = 'hush-hush';
        change(url);
        return url.href;
      };
      const urls = [
        address(() => {}),
        address((url) => {
          url.port = '1';
        }),
        address((url) => {
          url.pathname = '/nowhere';
        }),
        address((url) => {
          url.hostname = 'nowhere.invalid';
        }),
        address((url) => {
          url.searchParams.set('sslmode', 'verify-full');
        }),
        'hush-hush',
        'http://app:hush-hush@localhost',
        'postgres://app:hush-hush@local host/x',
      ];
      for (const url of urls) {
        const asking = async () => {
          const { postgres } = poolOn('public', { url });
          await postgres.transaction((ask) => ask(PID), { signal });
        };
        const error = await asking().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: expect.stringMatching(/^postgres_(refused|unavailable)$/) });
        expect(inspect(error, { depth: null, showHidden: true })).not.toContain('hush-hush');
      }
    });

    test('a schema that SQL would read as something else is refused', () => {
      for (const schema of ['', 'a"b', 'a; DROP TABLE b', 'Upper', 'x'.repeat(64)]) {
        expect(() =>
          openPostgres({ url: postgresUrl(), schema, application_name: 'a', report: () => {} }),
        ).toThrow('no name for a schema');
      }
    });
  });

  describe('migrations', () => {
    test('up makes all of it, once though many run at once; down takes it back; up makes it again', async () => {
      const target = { url: postgresUrl(), schema: newSchema() };
      const all = (await migrations(target)).map(({ name }) => name);
      expect(all.length).toBeGreaterThan(0);
      const ran = await Promise.all([1, 2, 3].map(() => migrate(target, { direction: 'up' })));
      expect(ran.flat()).toEqual(all);
      expect(await migrate(target, { direction: 'down', count: 99 })).toEqual([...all].reverse());
      expect((await migrations(target)).every(({ applied_at }) => applied_at === null)).toBe(true);
      const by = await bystander();
      const left = await by.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [target.schema]);
      expect(left.rows).toEqual([{ tablename: 'pgmigrations' }]);
      expect(await migrate(target, { direction: 'up' })).toEqual(all);
      expect((await migrations(target)).every(({ applied_at }) => applied_at !== null)).toBe(true);
    });

    test('one that fails leaves nothing of those that ran with it', async () => {
      const [folder, ours] = [await temporaryFolder(), join(import.meta.dirname, '../../infra/migrations')];
      for (const entry of await readdir(ours, { withFileTypes: true })) {
        if (entry.isFile()) await copyFile(join(ours, entry.name), join(folder, entry.name));
      }
      await writeFile(
        join(folder, '999_bad.sql'),
        '-- Up Migration\nCREATE TABLE half (a int); SELECT 1 / 0;\n',
      );
      const target = { url: postgresUrl(), schema: newSchema(), folder };
      await expect(migrate(target, { direction: 'up' })).rejects.toMatchObject({ code: 'postgres_refused' });
      expect((await migrations(target)).filter(({ applied_at }) => applied_at !== null)).toEqual([]);
      const by = await bystander();
      const left = await by.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [target.schema]);
      expect(left.rows).toEqual([{ tablename: 'pgmigrations' }]);
    });
  });
});
