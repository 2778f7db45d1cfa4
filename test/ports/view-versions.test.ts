import { embeddedStores } from './stores.ts';
import { viewVersionsContract } from './view-versions.contract.ts';

viewVersionsContract({ name: 'embedded', open: async () => (await embeddedStores()).viewVersions });
