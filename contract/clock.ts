/** The wall clock, in ms since 1970. Handed in wherever time is told, so that a test can move it. */
export type Clock = () => number;
