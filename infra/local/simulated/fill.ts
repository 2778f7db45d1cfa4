import type { Clock } from '#contract/clock.ts';
import type { Send } from '../files/gateway-client.ts';
import { linesOf, type Sent, sendLines } from '../files/send-lines.ts';
import { changeState, readState } from '../folder/state.ts';
import type { Progress } from '../terminal/progress.ts';
import { simulateTenant } from './tenant.ts';

export type FillOptions = {
  data: string;
  tenant_id: string;
  seed: number;
  clock: Clock;
  send: Send;
  progress: Progress;
};

/** Fills a folder with the simulated tenant, as live events; one that was begun is completed as it was begun. */
export async function fillSimulated({
  data,
  seed,
  clock,
  send,
  progress,
  ...options
}: FillOptions): Promise<void> {
  const filling = readState(data).filling ?? { tenant_id: options.tenant_id, seed, now_ms: clock() };
  const { tenant_id } = filling;
  changeState(data, { tenant_id, filling });
  const { campaigns, events, person } = simulateTenant(filling);
  await progress('simulated events', events.length, async (at) => {
    let done = 0;
    const onSent = ({ accepted, refused }: Sent) => {
      if (refused[0]) throw new Error(`A simulated record was refused: ${JSON.stringify(refused[0])}`);
      done += accepted.length;
      at(done);
    };
    await sendLines({ send, route: 'campaigns', lines: linesOf(campaigns), onSent() {} });
    await sendLines({ send, route: 'events', lines: linesOf(events), onSent });
  });
  changeState(data, { tenant_id, person: { tenant_id, user_id: person }, filling: null });
}
