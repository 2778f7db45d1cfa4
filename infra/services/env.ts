import { type Context, portsNow } from './context.ts';
import type { Service } from './service.ts';

/** The lines that tell others of these services, as a shell and an .env file read them: `NAME=value`. */
export function envText(context: Context, services: readonly Service[]): string {
  return services
    .flatMap((service) => Object.entries(service.env(portsNow(context, service))))
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
