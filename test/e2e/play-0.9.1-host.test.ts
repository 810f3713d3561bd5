import { testSituation } from '../support/situation.ts';

testSituation('0.9.1', 'host');
