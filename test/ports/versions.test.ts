import { embeddedStores } from './stores.ts';
import { versionsContract } from './versions.contract.ts';

versionsContract({ name: 'embedded', open: async () => (await embeddedStores()).versions });
