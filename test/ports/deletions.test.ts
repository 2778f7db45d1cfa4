import { deletionsContract } from './deletions.contract.ts';
import { embeddedStores } from './stores.ts';

deletionsContract({ name: 'embedded', open: async () => (await embeddedStores()).deletions });
