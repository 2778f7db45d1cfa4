import { embeddedStores } from './stores.ts';
import { modelContent, placementContent, versionedContract } from './versioned.contract.ts';

versionedContract({
  ...{ name: 'placements, embedded', content: placementContent },
  open: async () => (await embeddedStores()).placements,
});
versionedContract({
  ...{ name: 'models, embedded', content: modelContent },
  open: async () => (await embeddedStores()).models,
});
