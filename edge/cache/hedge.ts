import type { Clock } from '#contract/clock.ts';
import { inTime, LATE } from '../in-time.ts';

/** A Redis that usually answers within this is near; it has this long before the origin is asked beside it. */
const [NEAR_MS, SILENT_MS] = [15, 30];
/** How much of what is usual is of the newest call. */
const NEWEST = 0.1;
/** By what part of itself calls in vain may add to the origin's calls, and how many there may be at once. */
const [IN_VAIN, MOST] = [0.25, 10];

type Race<Kept, Made> = {
  look(beside: () => void): Promise<Kept | null>;
  make(): Promise<Made>;
  good(made: Made): boolean;
  waitUntil(work: Promise<unknown>): void;
};
type First<Kept, Made> = { found: Kept; made: null } | { found: null; made: Made };

/**
 * Lets a read that waits ask the origin beside a silent Redis, since both after each other take as long as both
 * together. Where Redis is usually far, nobody waits to find it silent. Of a few tokens each such call takes one, and one that was
 * needed anyway gives it back with a part of another: so whatever Redis does, the origin has a quarter more calls at most.
 */
export type Hedge = {
  /**
   * What Redis says; `beside` is called where there is no word of it for a while, and tokens are left: half of them, where
   * what is kept may hold, since that is oftener in vain.
   */
  heard<Known>(
    asked: Promise<Known>,
    about: { beside: (() => void) | null; may_hold: boolean },
  ): Promise<Known>;
  /**
   * What `look` finds, or where that is nothing, what `make` makes; where `look` calls `beside`, both go on at once and
   * what comes first is given, if it is `good`. Rejects as they do.
   */
  first<Kept, Made>(race: Race<Kept, Made>): Promise<First<Kept, Made>>;
};

export function redisHedge(clock: Clock): Hedge {
  let [usual_ms, tokens] = [0, MOST];

  return {
    async heard(asked, { beside, may_hold }) {
      const begun_ms = clock();
      const allowed = () => tokens >= (may_hold ? MOST / 2 : 1);
      if (beside && allowed()) {
        const patience_ms = usual_ms > NEAR_MS ? 0 : SILENT_MS;
        // Others who waited too may have taken the last.
        if ((await inTime(asked, patience_ms)) === LATE && allowed()) beside();
      }
      const known = await asked;
      usual_ms += NEWEST * (clock() - begun_ms - usual_ms);
      return known;
    },

    first<Kept, Made>({ look, make, good, waitUntil }: Race<Kept, Made>) {
      let making: Promise<Made> | null = null;
      const made = Promise.withResolvers<First<Kept, Made>>();

      function beside() {
        tokens--;
        making = make();
        const landed = making.then(
          (one) => {
            if (!good(one)) return;
            made.resolve({ found: null, made: one });
            waitUntil(looked);
          },
          // It is told below, where Redis does not help either.
          () => {},
        );
        waitUntil(landed);
      }

      const looked = look(beside).then(async (found): Promise<First<Kept, Made>> => {
        if (found) return { found, made: null };
        tokens = Math.min(MOST, tokens + IN_VAIN + (making ? 1 : 0));
        return { found: null, made: await (making ?? make()) };
      });
      return Promise.race([looked, made.promise]);
    },
  };
}
