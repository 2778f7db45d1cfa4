const packages = '(^|/)node_modules/';
const adapters = 'milvus|neo4j|postgres|kafka|s3|folder|redis|embedded|hashing|http';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'tiers-stand-alone',
      comment: 'edge, origin and ingest are deployed apart and meet only over contract and backing',
      from: { path: '^(edge|origin|ingest)/' },
      to: { path: '^(edge|origin|ingest)/', pathNot: '^$1/' },
    },
    {
      name: 'edge-knows-only-contract',
      comment: 'whatever the edge imports is bundled and started in every isolate',
      from: { path: '^edge/' },
      to: { pathNot: ['^(edge|contract)/', packages], dependencyTypesNot: ['core'], couldNotResolve: false },
    },
    {
      name: 'no-node-at-the-edge',
      comment: 'workerd runs edge and contract, without the Node built-ins',
      from: { path: '^(edge|contract)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'contract-knows-nobody',
      from: { path: '^contract/' },
      to: { pathNot: ['^contract/', packages], dependencyTypesNot: ['core'], couldNotResolve: false },
    },
    {
      name: 'backing-knows-no-tier',
      from: { path: '^backing/' },
      to: { path: '^(edge|origin|ingest|infra)/' },
    },
    {
      name: 'adapters-are-chosen-in-main',
      comment: 'all else sees the port, so that an adapter can be exchanged in one place',
      from: { pathNot: '^((origin|ingest)/main[.]ts$|infra/local/|backing/|test/)' },
      to: { path: `^backing/.+/(${adapters})[.]ts$` },
    },
    {
      name: 'nothing-imports-test',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-circle',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cloudflare:' },
    },
  ],
  options: {
    // TypeScript 7 has no parser that dependency-cruiser could call.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
