import { AdvertisementView } from './_advertisements';
import { Report } from './_pools';
import { Resource } from './_resources';
import { isToken } from './_tokens';
import { show } from './_values';

/** Notation of a community: two 16-bit numbers, or `large` and three of 32 bits. */
export function communityProblem(text: string): string | undefined {
  const [first, ...rest] = text.split(':');
  const large = first === 'large';
  const numbers = large ? rest : [first, ...rest];
  const [count, max] = large ? [3, 4_294_967_295] : [2, 65_535];
  if (numbers.length === count && numbers.every((number) => /^\d+$/.test(number) && Number(number) <= max)) return undefined;
  return `'${text}' is not a BGP community: expected two numbers up to 65535 (64512:100), or large and three numbers up to 4294967295 (large:64512:1:100)`;
}

/** Reports communities that no router understands, in advertisements and in lists of aliases, and aliases that are defined twice. */
export function checkCommunities(resources: readonly Resource[], advertisements: readonly AdvertisementView[], report: Report): void {
  const aliases = new Map<string, Resource>();
  for (const resource of resources.filter(({ kind }) => kind === 'Community')) {
    const list = resource.spec.communities ?? [];
    if (!Array.isArray(list) && !isToken(list)) report(resource, `${resource.title}: communities ${show(list)} is not valid: expected a list`);
    for (const entry of Array.isArray(list) ? list : []) {
      if (isToken(entry)) continue;
      const { name, value } = entry ?? {};
      if (!isToken(name) && (typeof name !== 'string' || name === '')) report(resource, `${resource.title}: the name ${show(name)} of an alias is not valid: expected text`);
      const problem = isToken(value) ? undefined : typeof value === 'string' ? communityProblem(value) : `${show(value)} is not a BGP community: expected text`;
      if (problem) report(resource, `${resource.title}: the alias ${show(name)}: ${problem}`);
      if (aliases.has(name) && !isToken(name)) {
        report(resource, `${resource.title}: the alias ${show(name)} is also defined by ${aliases.get(name)!.title}: give one of them another name`);
      }
      aliases.set(name, resource);
    }
  }
  for (const { resource, spec } of advertisements) {
    const list: any[] = Array.isArray(spec.communities) ? spec.communities : [];
    // A word may be an alias that is defined elsewhere; with a colon in it, it is meant to be a community.
    for (const text of list.filter((member) => typeof member === 'string' && !isToken(member) && member.includes(':') && !aliases.has(member))) {
      const problem = communityProblem(text);
      if (problem) report(resource, `${resource.title}: communities: ${problem}`);
    }
  }
}
