import { role } from '#backing/open/run-roles.ts';
import { openSideLog, sideLogSettings } from '#backing/open/side-log.ts';
import { setting } from '#backing/settings.ts';
import { importKeys } from '#contract/signature.ts';
import { groupOf } from '#contract/topics.ts';
import { startOrigin } from './start.ts';

export const originRole = role({
  name: 'origin',
  settings: {
    ...sideLogSettings,
    HOST: setting.host,
    PORT: setting.port(8788),
    ORIGIN_KEYS: setting.keys,
    KEY_PEPPERS: setting.peppers,
    ANSWER_MS: setting.answer_ms,
    DEPENDENCY_MS: setting.dependency_ms,
    ANSWERS_AT_ONCE: setting.answers_at_once,
    RECALL_SHARE: setting.recall_share,
  },
  async start(
    { relational, switches, viewStores, apiKeys, log: own, ...ports },
    { settings, clock, report, meter, traces },
  ) {
    const log = openSideLog(own, settings, { application: 'edgewise-origin', report });
    if (!log) {
      const message =
        'bookmarks cannot be waited for, and what is answered is not kept: KAFKA_BROKERS is left out';
      report({ level: 'warn', message });
    }
    const origin = await startOrigin({
      ...relational,
      versions: switches.versions,
      placements: switches.placements,
      models: switches.models,
      deletions: switches.deletions,
      ...ports,
      keys: await importKeys(settings.ORIGIN_KEYS),
      log,
      groups: () => viewStores.states().map(({ view, serving }) => groupOf(view, serving)),
      clock,
      answer_ms: settings.ANSWER_MS,
      dependency_ms: settings.DEPENDENCY_MS,
      at_once: settings.ANSWERS_AT_ONCE,
      recall_share: settings.RECALL_SHARE,
      hostname: settings.HOST,
      port: settings.PORT,
      report,
      meter,
      traces,
      control: { apiKeys, peppers: await importKeys(settings.KEY_PEPPERS) },
    });
    const close = async () => {
      await origin.close();
      await log?.close?.();
    };
    return { said: `origin listens on ${origin.url}`, close };
  },
});
