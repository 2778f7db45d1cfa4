import type { Relearning } from '../steps.ts';

/** Beyond so many campaigns learning takes so long that it is done seldom. */
const MOST_FOR_OFTEN = 500;
/** As nearly as it costs little, what an origin does, which learns every ten minutes. */
const OFTEN: Relearning = { growth: 1.05, fewest_new: 25 };
const SELDOM: Relearning = { growth: 1.35, fewest_new: 200 };

/** How often both what an origin learns and what is simple are learnt anew where there are so many campaigns. */
export const relearningOf = (campaigns: number): Relearning => (campaigns > MOST_FOR_OFTEN ? SELDOM : OFTEN);
