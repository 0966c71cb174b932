/** Other programs as servers of a test file: the tests of mint have them, too. */
export {
  Folder,
  freePorts,
  Program,
  untilListening,
  whyToSkip,
} from '../../../mint/test/support/program.ts';
export type { ProgramOptions } from '../../../mint/test/support/program.ts';
