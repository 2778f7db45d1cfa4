import { aloneWith, type Context } from './context.ts';
import { emptyData } from './data.ts';
import { readRecord, removeRecord } from './record.ts';
import type { Service } from './service.ts';
import { type Ended, stop } from './stop.ts';
import { seconds } from './telling.ts';

const WORDS: Record<Ended, string> = {
  gone: 'had ended by itself',
  stopped: 'stopped',
  killed: 'did not stop when asked, and was killed,',
};

/** Stops a service if it was started here and still runs; with `fresh` its data is emptied as well. */
export async function down(context: Context, service: Service, { fresh }: { fresh: boolean }): Promise<void> {
  const { folders, tell } = context;
  await aloneWith(context, 'data', service.name, async () => {
    const running = readRecord(folders, service.name);
    if (running) {
      const began_ms = performance.now();
      const ended = await stop(running.process, service.stopSignal);
      removeRecord(folders, service.name);
      tell(service.name, `${WORDS[ended]} after ${seconds(performance.now() - began_ms)}`);
    } else {
      tell(service.name, 'does not run');
    }
    if (fresh) emptyData(folders, service.name);
  });
}
