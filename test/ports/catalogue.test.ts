import { catalogueContract } from './catalogue.contract.ts';
import { embeddedStores } from './stores.ts';

catalogueContract({ name: 'embedded', open: async () => (await embeddedStores()).catalogue });
