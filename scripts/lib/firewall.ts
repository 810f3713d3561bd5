/** Reads the rules of the machine's packet filter. */
import { which } from 'zx';
import { $ } from './command.ts';
import type { FirewallFacts } from './doctor/firewall.ts';
import { engineIsHere } from './machine.ts';

export async function readFirewall(): Promise<FirewallFacts> {
  if (!engineIsHere()) return { unknown: 'the engine is on another machine' };
  if (process.getuid?.() !== 0) return { unknown: 'only root may read it' };
  if ((await which('iptables-save', { nothrow: true })) === null)
    return { unknown: 'there is no iptables-save' };
  const saved = await $({ quiet: true, nothrow: true })`iptables-save`;
  if (saved.exitCode !== 0) return { unknown: saved.stderr.trim().split('\n')[0] };
  // Tables of nft's own are named, and left out, by what can be read as iptables.
  return { rules: saved.stdout };
}
