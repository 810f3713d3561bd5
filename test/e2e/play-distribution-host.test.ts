import { testSituation } from '../support/situation.ts';

testSituation('distribution', 'host');
