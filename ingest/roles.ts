import { role } from '#backing/open/run-roles.ts';
import { setting } from '#backing/settings.ts';
import { importKeys } from '#contract/signature.ts';
import { startGateway } from './start.ts';
import { startVersions } from './versions.ts';

/** The event gateway, in front of the log. */
export const gatewayRole = role({
  name: 'gateway',
  settings: { HOST: setting.host, PORT: setting.port(8789), GATEWAY_KEYS: setting.keys },
  async start({ log }, { settings, clock, report, meter, traces }) {
    const gateway = await startGateway({
      log,
      keys: await importKeys(settings.GATEWAY_KEYS),
      clock,
      hostname: settings.HOST,
      port: settings.PORT,
      report,
      meter,
      traces,
    });
    return { said: `gateway listens on ${gateway.url}`, close: () => gateway.close() };
  },
});

/** The views: from the log into the stores, raising epochs. */
export const viewsRole = role({
  name: 'views',
  settings: {},
  async start({ switches: { deletions }, ...ports }, { clock, meter, traces }) {
    const views = await startVersions({ ...ports, deletions, clock, meter, traces });
    return { said: 'views are running', close: () => views.close() };
  },
});
