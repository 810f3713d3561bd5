/**
 * Where Pulumi enters: plain JavaScript, so that a Node which cannot run the program's TypeScript is named, not met.
 * Returns the program's outputs.
 */
export default async function start() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    throw new Error(
      `node on PATH is ${process.versions.node}; accepted: 22.18 or newer; install one, or put node_modules/.bin first on PATH after npm ci.`,
    );
  }
  return { ...(await import('./index.ts')) };
}
