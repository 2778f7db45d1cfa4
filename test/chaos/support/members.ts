import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { KafkaLogOptions } from '#backing/log/kafka/settings.ts';
import type { SigningKey } from '#contract/signature.ts';

/** What a process runs. */
export type MemberPlan = {
  gateway: { port: number; key: SigningKey } | null;
  /** The views, by their groups. */
  groups: readonly string[];
  /** How the log is asked, where that is Kafka. */
  kafka: Pick<KafkaLogOptions, 'session_timeout_ms' | 'heartbeat_ms' | 'delivery_timeout_ms'> | null;
};

/** Its answer once its views have handled all that stood on the log, or why it could not say so. */
export type Settled = { failed: string | null };

export type Member = {
  pid(): number;
  /** Starts it again, once it has ended. Resolves once it is up. */
  start(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Ends it in order. Rejects where it does not end well. */
  stop(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves once its views have handled all that stood on the log when this was called. */
  settle(): Promise<void>;
};

const FILE = new URL('./member.ts', import.meta.url);
const LAST_WORDS = 4_000;

/** A process of ours that may be killed and started again. One that ends unasked is told to `onEnded`. */
export async function startMember(
  name: string,
  plan: MemberPlan,
  env: Readonly<Record<string, string>>,
  onEnded: (why: Error) => void,
): Promise<Member> {
  let child: ChildProcess | undefined;
  let words = '';
  let wanted = false;

  const running = (): ChildProcess => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${name} does not run. Its last words: ${words}`);
    return child;
  };

  async function start(): Promise<void> {
    const { PATH = '' } = process.env;
    const started = fork(FILE, [JSON.stringify(plan)], {
      env: { PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child = started;
    started.stderr?.setEncoding('utf8').on('data', (said: string) => {
      words = (words + said).slice(-LAST_WORDS);
    });
    const ended = once(started, 'exit').then(([code, signal]) => {
      const error = new Error(`${name} ended by itself (${signal ?? code}). Its last words: ${words}`);
      if (wanted && child === started) onEnded(error);
      throw error;
    });
    ended.catch(() => {});
    await Promise.race([once(started, 'message'), ended]);
    wanted = true;
  }

  async function end(by: NodeJS.Signals): Promise<number | null> {
    wanted = false;
    const ending = running();
    const gone = once(ending, 'exit');
    ending.kill(by);
    const [code] = await gone;
    return code as number | null;
  }

  await start();
  return {
    pid: () => running().pid as number,
    start,
    async kill() {
      await end('SIGKILL');
    },
    async stop() {
      const code = await end('SIGTERM');
      if (code !== 0) throw new Error(`${name} ended with ${code}. Its last words: ${words}`);
    },
    signal(which) {
      running().kill(which);
    },
    async settle() {
      const asked = running();
      const listening = new AbortController();
      const gone = once(asked, 'exit', listening).then(() => {
        throw new Error(`${name} ended while it was asked`);
      });
      const answered = once(asked, 'message', listening);
      for (const either of [gone, answered]) either.catch(() => {});
      asked.send('settle');
      const [{ failed }] = (await Promise.race([answered, gone]).finally(() => listening.abort())) as [
        Settled,
      ];
      if (failed) throw new Error(`${name}: ${failed}. Its last words: ${words}`);
    },
  };
}
