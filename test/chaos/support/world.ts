import type { SigningKey } from '#contract/signature.ts';
import type { Random } from '../../../infra/local/simulated/random.ts';
import type { Written } from './compare.ts';

/** Something that goes wrong. */
export type Fault = {
  name: string;
  /** Makes it, and mends it after a while. Resolves once it is mended, and what was killed is up again. */
  make(random: Random): Promise<void>;
};

/** Gateway and views on something that can be disturbed. */
export type World = {
  /** What it stands on, for who reads along. */
  name: string;
  gateway_url: string;
  key: SigningKey;
  faults: readonly Fault[];
  /** Resolves once every view has handled all that stood on the log when this was called. */
  settle(): Promise<void>;
  /** Rejects once a process has ended that nobody has killed. */
  broken: Promise<never>;
  /** Ends its processes in order, and opens what they wrote. */
  read(): Promise<Written>;
  /** Ends and removes all there is of it. */
  close(): Promise<void>;
};
