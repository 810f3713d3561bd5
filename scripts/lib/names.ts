/** Asks name servers where a host name leads. */
import { Resolver } from 'node:dns/promises';
import type { NameFacts } from './doctor/names.ts';

export async function lookUp(name: string): Promise<NameFacts> {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  const none = (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return [];
    throw error;
  };
  try {
    const [a, aaaa] = await Promise.all([
      resolver.resolve4(name).catch(none),
      resolver.resolve6(name).catch(none),
    ]);
    return { name, addresses: [...a, ...aaaa] };
  } catch (error) {
    return { name, addresses: [], failed: (error as NodeJS.ErrnoException).code };
  }
}
