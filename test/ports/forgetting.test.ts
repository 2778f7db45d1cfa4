import { forgettingCounters, forgettingGraph, forgettingVectors } from './forgetting.contract.ts';
import { embeddedStores } from './stores.ts';

forgettingGraph({ name: 'embedded', open: async () => (await embeddedStores()).graph });
forgettingVectors({ name: 'embedded', open: async () => (await embeddedStores()).vectors });
forgettingCounters({ name: 'embedded', open: embeddedStores });
