import { placementsContract } from './placements.contract.ts';
import { embeddedStores } from './stores.ts';

placementsContract({ name: 'embedded', open: async () => (await embeddedStores()).placements });
