// Runs tests with the built packages in Jest, which has a realm of its own for each test file:
// `node scripts/test-jest.mjs`, after a build. Jest is installed in .ci/jest on demand.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installTools } from './install-tools.mjs';

const folder = installTools('jest');
const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
const args = ['--experimental-vm-modules', '--no-warnings', jest, '--rootDir', folder, '--ci'];
const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: 'inherit' });
process.exitCode = status ?? 1;
