import { openProgress, progressSettings } from '#backing/open/progress.ts';
import { role } from '#backing/open/run-roles.ts';
import { setting } from '#backing/settings.ts';
import { importKeys } from '#contract/signature.ts';
import { startOrigin } from './start.ts';

export const originRole = role({
  name: 'origin',
  settings: {
    ...progressSettings,
    HOST: setting.host,
    PORT: setting.port(8788),
    ORIGIN_KEYS: setting.keys,
    KEY_PEPPERS: setting.peppers,
    DEPENDENCY_MS: setting.dependency_ms,
    ANSWERS_AT_ONCE: setting.answers_at_once,
  },
  async start({ relational, apiKeys, log, ...ports }, { settings, clock, report, meter }) {
    const progress = openProgress(log, settings, { application: 'edgewise-origin', report });
    if (!progress)
      report({ level: 'warn', message: 'bookmarks cannot be waited for: KAFKA_BROKERS is left out' });
    const origin = await startOrigin({
      ...relational,
      ...ports,
      keys: await importKeys(settings.ORIGIN_KEYS),
      progress,
      clock,
      dependency_ms: settings.DEPENDENCY_MS,
      at_once: settings.ANSWERS_AT_ONCE,
      hostname: settings.HOST,
      port: settings.PORT,
      report,
      meter,
      control: { apiKeys, peppers: await importKeys(settings.KEY_PEPPERS) },
    });
    const close = async () => {
      await origin.close();
      progress?.close?.();
    };
    return { said: `origin listens on ${origin.url}`, close };
  },
});
