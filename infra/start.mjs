/**
 * Where Pulumi enters: plain JavaScript, so that a Node which cannot run the program's TypeScript is named, not met.
 * Returns the program's outputs. What an operator can put right is told without a stack trace.
 */
import pulumi from '@pulumi/pulumi';

export default async function start() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    throw new pulumi.RunError(
      `node on PATH is ${process.versions.node}; accepted: 22.18 or newer; install one, or put node_modules/.bin first on PATH after npm ci.`,
    );
  }
  try {
    const lastGood = process.env.JANUS_DEPLOY_RESTORE;
    if (lastGood) return (await import('./restore.ts')).restore(lastGood);
    return { ...(await import('./index.ts')) };
  } catch (error) {
    if (error.name === 'ConfigError' || error.name === 'Failure') throw new pulumi.RunError(error.message);
    throw error;
  }
}
