import { keysContract } from './keys.contract.ts';
import { embeddedStores } from './stores.ts';

keysContract({ name: 'embedded', open: async () => (await embeddedStores()).apiKeys });
