// Tests run on the Node that comes as a dev dependency; `npm ci --ignore-scripts` leaves it out.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(
    `stagegraph needs Node >= 22.22 and this is ${process.versions.node}.\n` +
      'The project brings its own: run `npm ci` (without --ignore-scripts), then `npm test` again.',
  )
  process.exit(1)
}
