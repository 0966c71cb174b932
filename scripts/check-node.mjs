// Stops with one clear line when a script runs on a Node.js that is too old.
// This file must itself run on old versions: no recent syntax, no dependencies.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `Linnet needs Node.js 22.19 or newer, this is ${process.version}. ` +
      'Run "npm install" (it brings its own Node.js, unless optional dependencies are omitted) ' +
      'and start scripts with "npm run" or "npx".',
  );
  process.exit(1);
}
