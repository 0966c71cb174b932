/** The other node of the oracle. */
import { setLogger } from '@linnet/otp';
import { Workers } from '../../src/index.ts';
import { oracleModules } from './actor.ts';

setLogger({ error() {}, warn() {}, debug() {} });
await Workers.join({ modules: oracleModules });
