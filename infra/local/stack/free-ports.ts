import { once } from 'node:events';
import { createServer } from 'node:net';
import { Mendable } from '../terminal/mendable.ts';

/**
 * Throws Mendable where a port cannot be listened on, so that this is known before anything is begun. Each
 * is given with the option that sets it; 0 stands for any.
 */
export async function refuseTaken(host: string, ports: Readonly<Record<string, number>>): Promise<void> {
  for (const [option, port] of Object.entries(ports)) {
    const server = createServer();
    try {
      await once(server.listen(port, host), 'listening');
    } catch (cause) {
      const { code } = cause as { code?: string };
      const sentence =
        code === 'EACCES'
          ? `Port ${port} may not be opened by this user: choose one above 1023 with ${option}`
          : `Port ${port} on ${host} is taken: stop what listens there, such as another npm start, or the workerd ` +
            `that a killed one has left; or choose another with ${option}`;
      throw new Mendable(sentence, { cause });
    } finally {
      server.close();
    }
  }
}
