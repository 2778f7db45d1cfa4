import { Mendable } from '../local/terminal/mendable.ts';
import { awaitAnswer } from './answering.ts';
import { aloneWith, type Context, placeOf } from './context.ts';
import { down } from './down.ts';
import { lives } from './identity.ts';
import { lastLines } from './last-lines.ts';
import { launch } from './launch.ts';
import { installLogOf, logOf, type Place } from './place.ts';
import { type Record, readRecord, removeRecord, writeRecord } from './record.ts';
import type { Service } from './service.ts';
import { stop } from './stop.ts';
import { refuseTaken } from './tcp.ts';
import { seconds, telling } from './telling.ts';

const ANSWER_WITHIN_MS = 90_000;

/**
 * Has a service installed, running and answering, whatever it was before; with `fresh` its data is emptied first.
 * Throws Mendable where that can't be had; then nothing of it is left running.
 */
export async function up(context: Context, service: Service, { fresh }: { fresh: boolean }): Promise<void> {
  const { folders, tell } = context;
  if (fresh) await down(context, service, { fresh });
  await aloneWith(context, 'data', service.name, async () => {
    const running = readRecord(folders, service.name);
    if (running && lives(running.process)) return await goOn(context, service, running);
    if (running)
      tell(
        service.name,
        `had ended by itself; what it said is now in ${logOf(folders, service.name)}.previous`,
      );
    removeRecord(folders, service.name);
    const version = await installed(context, service);
    await start(context, service, version);
  });
}

async function goOn(context: Context, service: Service, running: Record): Promise<void> {
  const { tell, folders, signal } = context;
  const verdict = await awaitAnswer(service, running, ANSWER_WITHIN_MS, signal);
  if (verdict === 'ready') return tell(service.name, `runs already on port ${running.ports.main}`);
  throw new Mendable(
    `${service.name} runs (process ${running.process.pid}) but does not answer. Its last words:\n` +
      `${lastLines(logOf(folders, service.name))}\nTry  npm run services -- down ${service.name}  and then up again`,
  );
}

/** The version that is there, once it is. */
async function installed(context: Context, service: Service): Promise<string> {
  return await aloneWith(context, 'installs', service.name, async () => {
    const { name, about } = service;
    const log = installLogOf(context.folders, name);
    const place = placeOf(context, service, log);
    const there = await service.installed(place);
    if (there) return there;
    const took_ms = await telling(context, name, `installs ${about}`, () => service.install(place));
    const version = await service.installed(place);
    if (!version) throw new Mendable(`${about} was installed and is not there: what was done is in ${log}`);
    context.tell(name, `installed ${version} in ${seconds(took_ms)}`);
    return version;
  });
}

async function start(context: Context, service: Service, version: string): Promise<void> {
  const { folders, tell, signal } = context;
  const { name } = service;
  const log = logOf(folders, name);
  const place = placeOf(context, service, `${log}.prepare`);
  await refuseTaken(name, place.ports);
  const took_ms = await telling(context, name, `starts ${version}`, async () => {
    const record = { process: await launch(await service.start(place), log), ports: place.ports, version };
    try {
      writeRecord(folders, name, record);
      const verdict = await awaitAnswer(service, record, ANSWER_WITHIN_MS, signal);
      if (verdict !== 'ready') throw new Mendable(failure(service, place, verdict, log));
    } catch (error) {
      await stop(record.process, service.stopSignal);
      removeRecord(folders, name);
      throw error;
    }
  });
  tell(name, `ready on port ${place.ports.main} after ${seconds(took_ms)}`);
}

function failure({ name }: Service, { data }: Place, verdict: 'ended' | 'silent', log: string): string {
  const what =
    verdict === 'ended' ? 'ended while it started' : `did not answer within ${seconds(ANSWER_WITHIN_MS)}`;
  return (
    `${name} ${what}. Its last words, of ${log}:\n${lastLines(log)}\n` +
    `Mend what it says; or, if nothing in ${data} is worth keeping, try  npm run services -- up ${name} --fresh`
  );
}
