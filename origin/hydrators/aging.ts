/** Told that an answer rests on what a dependency said so long ago. */
export type Aging = (dependency: string, age_ms: number) => void;
