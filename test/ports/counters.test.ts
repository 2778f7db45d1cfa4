import { countersContract } from './counters.contract.ts';
import { embeddedStores } from './stores.ts';

countersContract({ name: 'embedded', open: embeddedStores });
