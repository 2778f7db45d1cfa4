import type { Handler, Hono } from 'hono';
import { onlyMethods } from '#backing/http/errors.ts';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { deadLetters } from '../dead-letters/ledger.ts';
import { requireScope, requireServer } from './access.ts';

const ALL = '/internal/dead-letters';
const ONE = `${ALL}/:id`;
const REDRIVE = `${ONE}/redrive`;

type Options = { log: Log; clock: Clock };

/**
 * The dead letters, for whoever operates this: signed requests with the scope `admin`, which the edge never
 * passes on. They belong to no tenant, since what cannot be read does not tell whose it is.
 */
export function addDeadLetterRoutes(app: Hono<SignedEnv>, options: Options): void {
  const ledger = deadLetters(options);
  const operators =
    <Path extends string>(route: Handler<SignedEnv, Path>): Handler<SignedEnv, Path> =>
    (c, next) => {
      requireScope(c.var.caller, 'admin');
      requireServer(c.var.caller);
      return route(c, next);
    };

  app.get(
    ALL,
    operators(async (c) => c.json(await ledger.list(c.var.signal))),
  );
  app.get(
    ONE,
    operators<typeof ONE>(async (c) => {
      const letter = await ledger.find(c.req.param('id'), c.var.signal);
      return letter ? c.json(letter) : noSuch();
    }),
  );
  app.post(
    REDRIVE,
    operators<typeof REDRIVE>(async (c) =>
      (await ledger.redrive(c.req.param('id'), c.var.signal)) ? c.body(null, 204) : noSuch(),
    ),
  );
  app.delete(
    ONE,
    operators<typeof ONE>(async (c) =>
      (await ledger.drop(c.req.param('id'), c.var.signal)) ? c.body(null, 204) : noSuch(),
    ),
  );
  app.all(ALL, onlyMethods('GET'));
  app.all(ONE, onlyMethods('GET', 'DELETE'));
  app.all(REDRIVE, onlyMethods('POST'));
}

function noSuch(): never {
  throw new Problem('not-found', 'No dead letter of that id waits: it was settled, or never was');
}
