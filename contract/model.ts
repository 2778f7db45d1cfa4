import * as v from 'valibot';
import { Id } from './ids.ts';
import { Weights } from './placement.ts';
import { versionFields } from './versioned.ts';

const Source = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const Finite = v.pipe(v.number(), v.finite());

/** The most that a model may hold. With it goes the size of a body that the origin reads: 64 KiB. */
const MOST_TREES = 300;
const MOST_DEPTH = 5;
const SOURCES = 32;

const list = (of: v.GenericSchema<number>, most: number) => v.pipe(v.array(of), v.maxLength(most));
const Feature = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(SOURCES - 1));

/**
 * A complete binary tree, node by node from its root, those of one depth after those of the one before: at each inner node the
 * feature that is asked about, and above what it goes to the right; at every node the value, where the value of an inner one is
 * the mean of what was learnt below it, so that it can be told what each feature gave.
 */
const Tree = v.strictObject({
  features: list(Feature, 2 ** MOST_DEPTH - 1),
  above: list(Finite, 2 ** MOST_DEPTH - 1),
  values: list(Finite, 2 ** (MOST_DEPTH + 1) - 1),
});
export type Tree = v.InferOutput<typeof Tree>;

const WeightsModel = v.strictObject({ kind: v.literal('weights'), weights: Weights });

/** Boosted trees over what the sources say, upon a weighted sum: the chance of a click is logistic in the sum of all. */
const TreesModel = v.pipe(
  v.strictObject({
    kind: v.literal('trees'),
    /** The features, by their numbers. */
    sources: v.pipe(v.array(Source), v.minLength(1), v.maxLength(SOURCES)),
    base: Finite,
    /** One for each source. */
    weights: v.array(Finite),
    trees: v.pipe(v.array(Tree), v.maxLength(MOST_TREES)),
  }),
  v.check(({ sources }) => new Set(sources).size === sources.length, 'Name each source once'),
  v.check(({ sources, weights }) => weights.length === sources.length, 'Give each source a weight'),
  v.check(
    ({ sources, trees }) => trees.every((tree) => isComplete(tree, sources.length)),
    `A tree has 1 to ${2 ** MOST_DEPTH - 1} inner nodes, all of each depth, asks about sources that are named, and has a value for every node`,
  ),
);
export type TreesModel = v.InferOutput<typeof TreesModel>;

function isComplete({ features, above, values }: Tree, sources: number): boolean {
  const inner = features.length;
  const whole = inner > 0 && Number.isInteger(Math.log2(inner + 1));
  const fits = above.length === inner && values.length === 2 * inner + 1;
  return whole && fits && features.every((feature) => feature < sources);
}

/** What a model is: what ranks the candidates of the placements that name it. */
export const ModelContent = v.variant('kind', [WeightsModel, TreesModel]);
export type ModelContent = v.InferOutput<typeof ModelContent>;

const listed = { model: Id, ...versionFields };

export const ListedModels = v.strictObject({ models: v.array(v.strictObject(listed)) });
export type ListedModels = v.InferOutput<typeof ListedModels>;

export const ModelVersion = v.strictObject({ ...listed, content: ModelContent });
export type ModelVersion = v.InferOutput<typeof ModelVersion>;

/** What is kept of one model, by version. */
export const ModelVersions = v.strictObject({ models: v.array(ModelVersion) });
export type ModelVersions = v.InferOutput<typeof ModelVersions>;
