import { graphContract } from './graph.contract.ts';
import { embeddedStores } from './stores.ts';

graphContract({ name: 'embedded', open: async () => (await embeddedStores()).graph });
